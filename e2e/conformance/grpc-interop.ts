import type { Certificates } from './certificates.ts';
import { grpcInterop } from './install.ts';
import { freePort, runToEnd, start, waitForPort } from './processes.ts';
import { type Row, verdict } from './report.ts';
import { type Subject, type SubjectName, startSubject } from './subjects.ts';

/** The cases that pass when client and server talk directly. */
const cases = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
];

type Mode = 'h2c' | 'TLS' | 'mTLS';

/**
 * gRPC's own client and server with the proxy between them. Asked: 14 of 14 in plain text, over TLS, and through two proxies that speak
 * mutual TLS with each other, as sidecars do.
 */
export async function grpcInteropSuite(
  subjects: readonly SubjectName[],
  certificates: Certificates,
): Promise<Row[]> {
  const tools = grpcInterop();
  const backendPort = await freePort();
  const backend = start(tools.server, ['-port', String(backendPort)]);
  await waitForPort(backendPort, backend);
  const rows: Row[] = [];
  for (const mode of ['h2c', 'TLS', 'mTLS'] as const) {
    for (const name of subjects) {
      if (mode === 'mTLS' && (name === 'nginx' || name === 'haproxy')) continue;
      rows.push(await runCases(name, mode, tools.client, backendPort, certificates));
    }
  }
  await backend.stop();
  return rows;
}

async function runCases(
  name: SubjectName,
  mode: Mode,
  client: string,
  backendPort: number,
  certificates: Certificates,
): Promise<Row> {
  const subjects = await startChain(name, mode, backendPort, certificates);
  const port = subjects[0]?.port ?? 0;
  const failures: string[] = [];
  for (const testCase of cases) {
    const args = ['-test_case', testCase, '-server_host', '127.0.0.1', '-server_port', String(port)];
    if (mode === 'TLS') {
      args.push(
        '-use_tls',
        '-use_test_ca',
        '-ca_file',
        certificates.ca,
        '-server_host_override',
        'foo.test.google.fr',
      );
    }
    const { code, output } = await runToEnd(client, args, 30_000);
    if (code !== 0) failures.push(`${testCase}: ${output.trim().split('\n').at(-1) ?? ''}`);
  }
  for (const subject of subjects) await subject.process.stop();
  return {
    suite: `gRPC interop ${mode}`,
    subject: name,
    result: `${cases.length - failures.length} of ${cases.length}`,
    passed: verdict(name, failures.length === 0),
    detail: failures.join('\n'),
  };
}

/** The proxies on the way, the client's first. */
async function startChain(
  name: SubjectName,
  mode: Mode,
  backendPort: number,
  { server, client, ca }: Certificates,
): Promise<Subject[]> {
  const backend = 'http2';
  if (mode === 'h2c') return [await startSubject(name, { backendPort, backend })];
  if (mode === 'TLS') return [await startSubject(name, { backendPort, backend, tls: server })];
  const far = await startSubject(name, { backendPort, backend, tls: { ...server, clientCa: ca } });
  const upstreamTls = { client, ca, name: 'localhost' };
  return [await startSubject(name, { backendPort: far.port, backend, upstreamTls }), far];
}
