import { treeMemory } from '../../src/cmd/process-memory.ts';
import { keyOf, resources } from '../../src/kube/resource.ts';
import { measureCanary } from './canary.ts';
import { measureChurn } from './churn.ts';
import { measureOperator } from './operator.ts';
import { measurePropagation } from './propagation.ts';
import { delay, startWorld, type World } from './world.ts';

/** Prints the figures of the whole system on the local cluster. `--quick` uses a tenth of the samples. */
const quick = process.argv.includes('--quick');
const scale = quick ? 10 : 1;

interface Row {
  readonly figure: string;
  readonly goal: string;
  readonly measured: string;
}

/** What is written while nothing happens: `namespace/name` of each write. */
async function idleWrites(world: World, seconds: number): Promise<string[]> {
  const { resourceVersion } = await world.client.list(resources.configMaps);
  const stop = new AbortController();
  const writes: string[] = [];
  const watch = world.client
    .watch(resources.configMaps, { resourceVersion }, ({ object }) => writes.push(keyOf(object)), stop.signal)
    .catch(() => undefined);
  await delay(seconds * 1000);
  stop.abort();
  await watch;
  return writes;
}

async function measure(world: World): Promise<Row[]> {
  const rows: Row[] = [];
  const add = (figure: string, goal: string, measured: string) => {
    rows.push({ figure, goal, measured });
    process.stdout.write(`${figure.padEnd(62)}${goal.padEnd(24)}${measured}\n`);
  };
  add('command to the first 200 of productpage', '≤ 20 s', `${world.firstAnswerSeconds} s`);
  const memory = treeMemory(world.process.pid as number);
  const mib = (bytes: number) => Math.round(bytes / 1024 / 1024);
  add(
    'memory of the whole demo: resident / shared pages once',
    '≤ 1,500 MB',
    `${mib(memory.rss)} / ${mib(memory.pss)} MiB`,
  );
  const seconds = quick ? 10 : 60;
  const writes = await idleWrites(world, seconds);
  add(`ConfigMap writes in ${seconds} idle seconds`, '0', [writes.length, ...writes].join(' '));
  const propagation = await measurePropagation(world, 200 / scale);
  const { p50Ms, p99Ms, maxMs, sidecars } = propagation;
  add(
    `VirtualService accepted to served by ${sidecars} sidecars, p50 / p99`,
    '≤ 40 / ≤ 100 ms',
    `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms (max ${maxMs.toFixed(1)})`,
  );
  const canary = await measureCanary(world, 20_000 / scale);
  add(
    `80/20 canary over ${canary.requests} requests: share of v2`,
    '20 % ± 1',
    `${(canary.v2Share * 100).toFixed(2)} %, ${canary.failed} failed`,
  );
  const churn = await measureChurn(world, 1000 / scale);
  add(
    `${churn.changes} rule changes under ${churn.requestsPerSecond} requests/s: failed`,
    '0',
    `${churn.failed} of ${churn.requests}`,
  );
  const operator = await measureOperator(world);
  add('IstioOperator created to HEALTHY', '≤ 10 s', `${(operator.createdToHealthyMs / 1000).toFixed(1)} s`);
  add(
    'edit to RECONCILING written / to HEALTHY',
    '≤ 1 s',
    `${operator.editToReconcilingMs.toFixed(0)} ms / ${(operator.editToHealthyMs / 1000).toFixed(1)} s`,
  );
  return rows;
}

const world = await startWorld();
try {
  await measure(world);
} finally {
  await world.stop();
}
