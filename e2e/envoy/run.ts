import { globSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packageRoot } from '../../src/base/package-root.ts';
import { type CaseFile, type Conversation, readCaseFile } from './case-file.ts';
import { converse } from './client.ts';
import { describe, difference } from './compare.ts';
import { envoyBinary } from './envoy-binary.ts';
import { Side } from './side.ts';

/**
 * Runs every case file on `lateen proxy` and on a real Envoy at the same time, with the same configuration, and compares what clients and upstreams see, the
 * access log and statistics. `node e2e/envoy/run.ts [--install] [case-file-name…]`; ends with 1 when something differs.
 */
interface Tally {
  equal: number;
  known: number;
  failed: string[];
}

const baseStats = [
  'http\\.ingress\\.downstream_rq_(total|[1-5]xx|too_large|timeout|rx_reset|tx_reset|non_relative_path|ws_on_non_ws_route)$',
  'http\\.ingress\\.(no_route|no_cluster|rq_direct_response|rq_redirect|rq_total)$',
  'cluster\\.[abc]\\.upstream_rq_(total|[2-5]xx|retry|retry_success|retry_limit_exceeded|timeout|per_try_timeout|pending_overflow|completed)$',
];

async function main(): Promise<number> {
  const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
  const envoy = envoyBinary(process.argv.includes('--install'));
  if (envoy === undefined) return 0;
  const files = globSync(join(import.meta.dirname, 'cases/*.yaml'))
    .sort()
    .filter((path) => wanted.length === 0 || wanted.some((name) => basename(path).startsWith(name)));
  const tally: Tally = { equal: 0, known: 0, failed: [] };
  for (const path of files) await runFile(readCaseFile(path), envoy, tally);
  console.log(`${tally.equal} equal, ${tally.known} known differences, ${tally.failed.length} different`);
  for (const name of tally.failed) console.log(`  different: ${name}`);
  return tally.failed.length === 0 ? 0 : 1;
}

async function runFile(file: CaseFile, envoy: string, tally: Tally): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'lateen-envoy-'));
  const ours = new Side('ours', dir);
  const theirs = new Side('envoy', dir);
  const lateen = join(packageRoot(), 'src/cmd/lateen.ts');
  try {
    await Promise.all([
      ours.start(file, (bootstrap) => [
        process.execPath,
        [lateen, 'proxy', '-c', bootstrap, '--concurrency', '1'],
      ]),
      theirs.start(file, (bootstrap) => [
        envoy,
        [
          '-c',
          bootstrap,
          '--concurrency',
          '1',
          '--use-dynamic-base-id',
          '-l',
          'warning',
          '--file-flush-interval-msec',
          '50',
        ],
      ]),
    ]);
    for (const conversation of file.conversations) {
      for (let i = 0; i < (conversation.repeat ?? 1); i++)
        await runConversation(file, conversation, ours, theirs, tally);
    }
    await compareRecords(file, ours, theirs, tally);
    if (!ours.alive) report(tally, `${file.name}: lateen died`, ours.output.split('\n').slice(-20));
  } catch (thrown) {
    report(tally, `${file.name}: cannot run`, [String(thrown)]);
  } finally {
    await Promise.all([ours.stop(), theirs.stop()]);
  }
}

async function runConversation(
  file: CaseFile,
  conversation: Conversation,
  ours: Side,
  theirs: Side,
  tally: Tally,
): Promise<void> {
  const [left, right] = await Promise.all(
    [theirs, ours].map(async (side) => {
      side.upstreams.script(conversation.upstream ?? []);
      const outcome = await converse(side.ports.listener, conversation);
      if (conversation.pause_ms !== undefined) await pause(conversation.pause_ms);
      return describe({ outcome, seen: side.upstreams.seen }, conversation);
    }),
  );
  const differences = difference(left as string[], right as string[]);
  if (differences.length === 0) tally.equal++;
  else if (conversation.known_difference !== undefined) tally.known++;
  else report(tally, `${file.name}: ${conversation.name}`, differences);
}

/** Access-log lines and counters of the whole file. */
async function compareRecords(file: CaseFile, ours: Side, theirs: Side, tally: Tally): Promise<void> {
  await pause(400);
  const knownLog = file.known_access_log ?? [];
  const log = difference(
    without(
      theirs.accessLog(),
      knownLog.flatMap((known) => known.envoy ?? []),
    ),
    without(
      ours.accessLog(),
      knownLog.flatMap((known) => known.ours ?? []),
    ),
  );
  // Taking known lines away may take an equal line from another place, so only the order can be left.
  const sameLines = log.length === 0 || (knownLog.length > 0 && log[0] === 'the same lines in another order');
  if (sameLines && knownLog.length > 0) tally.known++;
  else if (sameLines) tally.equal++;
  else report(tally, `${file.name}: access log`, log);
  const filter = `^(${[...baseStats, ...(file.stats ?? [])].join('|')})`;
  const [left, right] = await Promise.all([theirs.stats(filter), ours.stats(filter)]);
  const names = new Set([...left.keys(), ...right.keys()]);
  const knownStats = new Map((file.known_statistics ?? []).map(({ name, by }) => [name, by]));
  const lines = (from: Map<string, number>, offsets: Map<string, number>) =>
    [...names].sort().map((name) => `${name}: ${(from.get(name) ?? 0) + (offsets.get(name) ?? 0)}`);
  const stats = difference(lines(left, knownStats), lines(right, new Map()));
  if (stats.length === 0 && knownStats.size > 0) tally.known++;
  else if (stats.length === 0) tally.equal++;
  else report(tally, `${file.name}: statistics`, stats);
}

/** The lines that are not listed, each listing taking away one. */
function without(lines: readonly string[], listed: readonly string[]): string[] {
  const rest = [...listed];
  return lines.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

function report(tally: Tally, name: string, lines: readonly string[]): void {
  tally.failed.push(name);
  console.log(`DIFFERENT ${name}`);
  for (const line of lines.slice(0, 200)) console.log(`    ${line}`);
}

process.exitCode = await main();
