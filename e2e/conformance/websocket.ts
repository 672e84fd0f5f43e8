import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { autobahn } from './install.ts';
import { freePort, runToEnd, start, waitForPort } from './processes.ts';
import { type Row, verdict } from './report.ts';
import { node, type SubjectName, startSubject } from './subjects.ts';

interface Verdict {
  readonly behavior: string;
  readonly behaviorClose: string;
  readonly result: string;
}

/** Autobahn's 517 WebSocket cases. Asked: no verdict, that on closing included, differs from the direct connection's. */
export async function websocketSuite(subjects: readonly SubjectName[]): Promise<Row[]> {
  const tools = autobahn();
  const backendPort = await freePort();
  const backend = start(node, [join(import.meta.dirname, 'websocket-backend.ts'), String(backendPort)]);
  await waitForPort(backendPort, backend);
  const direct = await runCases(tools, backendPort);
  const rows: Row[] = [
    { suite: 'Autobahn', subject: 'direct', result: summary(direct, direct), passed: undefined },
  ];
  for (const name of subjects.filter((subject) => subject === 'lateen' || subject === 'envoy')) {
    const subject = await startSubject(name, { backendPort, backend: 'http1', websocket: true });
    const verdicts = await runCases(tools, subject.port);
    // Some cases depend on time: what differs gets a second chance, on both ways.
    const again = differences(verdicts, direct).map((difference) => difference.id);
    if (again.length > 0) {
      Object.assign(verdicts, await runCases(tools, subject.port, again));
      Object.assign(direct, await runCases(tools, backendPort, again));
    }
    await subject.process.stop();
    const different = differences(verdicts, direct).map(({ text }) => text);
    rows.push({
      suite: 'Autobahn',
      subject: name,
      result: summary(verdicts, direct),
      passed: verdict(name, Object.keys(direct).length > 500 && different.length === 0),
      detail: name === 'lateen' ? different.slice(0, 20).join('\n') : '',
    });
  }
  await backend.stop();
  return rows;
}

async function runCases(
  tools: { python: string; ported: string },
  port: number,
  cases: readonly string[] = [],
): Promise<Record<string, Verdict>> {
  const file = join(tmpdir(), `lateen-autobahn-${port}.json`);
  const runner = join(import.meta.dirname, 'autobahn-runner.py');
  const { output } = await runToEnd(
    tools.python,
    [runner, tools.ported, `ws://127.0.0.1:${port}`, file, ...(cases.length > 0 ? [cases.join(',')] : [])],
    15 * 60_000,
  );
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Verdict>;
  } catch {
    throw new Error(`the Autobahn runner wrote no verdicts: ${output.slice(-1500)}`);
  } finally {
    rmSync(file, { force: true });
  }
}

function differences(
  verdicts: Record<string, Verdict>,
  direct: Record<string, Verdict>,
): { id: string; text: string }[] {
  return Object.entries(direct).flatMap(([id, wanted]) => {
    const got = verdicts[id];
    if (got?.behavior === wanted.behavior && got.behaviorClose === wanted.behaviorClose) return [];
    const was = `${wanted.behavior}/${wanted.behaviorClose}`;
    return [
      { id, text: `${id}: ${got?.behavior}/${got?.behaviorClose}, direct ${was}: ${got?.result ?? ''}` },
    ];
  });
}

function summary(verdicts: Record<string, Verdict>, direct: Record<string, Verdict>): string {
  const all = Object.values(verdicts);
  const ok = all.filter(({ behavior }) => behavior === 'OK').length;
  const clean = all.filter(({ behaviorClose }) => behaviorClose === 'OK').length;
  return `${all.length} cases, ${ok} OK, ${clean} closes OK, ${differences(verdicts, direct).length} differ from direct`;
}
