import { join } from 'node:path';
import type { Certificates } from './certificates.ts';
import { h2spec } from './install.ts';
import { freePort, runToEnd, start, waitForPort } from './processes.ts';
import { type Row, verdict } from './report.ts';
import { node, type SubjectName, startSubject } from './subjects.ts';

/** HTTP/2 conformance (RFC 7540, 7541), strict mode, in plain text and over TLS. Asked: nothing fails, at most one case is skipped. */
export async function h2specSuite(
  subjects: readonly SubjectName[],
  certificates: Certificates,
): Promise<Row[]> {
  const tool = h2spec();
  const backendPort = await freePort();
  const backend = start(node, [join(import.meta.dirname, 'echo-backend.ts'), String(backendPort)]);
  await waitForPort(backendPort, backend);
  const rows: Row[] = [];
  for (const secure of [false, true]) {
    for (const name of subjects) {
      // A listener that also speaks HTTP/1.1 rightly answers a wrong preface with 400.
      const tls = secure ? { tls: certificates.server } : { codec: 'HTTP2' as const };
      const subject = await startSubject(name, { backendPort, backend: 'http1', ...tls });
      const flags = secure ? ['-t', '-k'] : [];
      const args = ['-S', '-h', '127.0.0.1', '-p', String(subject.port), '-o', '2', ...flags];
      const { output } = await runToEnd(tool, args, 10 * 60_000);
      await subject.process.stop();
      rows.push(row(`h2spec -S ${secure ? 'TLS' : 'h2c'}`, name, output));
    }
  }
  await backend.stop();
  return rows;
}

function row(suite: string, subject: string, output: string): Row {
  const counts = /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/.exec(output);
  if (counts === null)
    return {
      suite,
      subject,
      result: 'did not run',
      passed: verdict(subject, false),
      detail: output.slice(-500),
    };
  const [, tests, passed, skipped, failed] = counts.map(Number);
  const good = tests === 146 && failed === 0 && (skipped ?? 0) <= 1;
  const failures = output.slice(output.indexOf('Failures:')).replaceAll('\0', '');
  return {
    suite,
    subject,
    result: `${passed} passed, ${skipped} skipped, ${failed} failed`,
    passed: verdict(subject, good),
    ...(subject === 'lateen' ? { detail: failures.slice(0, 4000) } : {}),
  };
}
