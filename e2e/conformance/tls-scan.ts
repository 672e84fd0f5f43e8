import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificates } from './certificates.ts';
import { debian, sslyze, Unavailable } from './install.ts';
import { freePort, runToEnd, start, waitForPort } from './processes.ts';
import { type Row, verdict } from './report.ts';
import { node, type Subject, type SubjectName, startSubject } from './subjects.ts';

/** What scanners find in a TLS listener. Asked: no HIGH or CRITICAL finding that is not about the test's own certificate. */
export async function tlsScanSuite(
  subjects: readonly SubjectName[],
  certificates: Certificates,
): Promise<Row[]> {
  const backendPort = await freePort();
  const backend = start(node, [join(import.meta.dirname, 'echo-backend.ts'), String(backendPort)]);
  await waitForPort(backendPort, backend);
  const rows: Row[] = [];
  for (const name of subjects) {
    const subject = await startSubject(name, { backendPort, backend: 'http1', tls: certificates.server });
    for (const scan of [testsslRow, sslyzeRow]) {
      rows.push(
        await scan(subject).catch((thrown: unknown): Row => {
          if (!(thrown instanceof Unavailable)) throw thrown;
          return {
            suite: scan.name,
            subject: name,
            result: 'skipped',
            passed: undefined,
            detail: thrown.message,
          };
        }),
      );
    }
    await subject.process.stop();
  }
  await backend.stop();
  return rows;
}

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

async function testsslRow({ name, port }: Subject): Promise<Row> {
  const tool = debian('testssl', 'testssl.sh');
  const file = join(tmpdir(), `lateen-testssl-${port}.json`);
  const flags = ['--quiet', '--color', '0', '--warnings', 'off', '--ip', 'one', '--jsonfile', file];
  const { output } = await runToEnd(tool, [...flags, `127.0.0.1:${port}`], 5 * 60_000);
  const findings = readFindings(file, output);
  rmSync(file, { force: true });
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  const bad = findings.filter(
    ({ id, severity }) => /^(HIGH|CRITICAL)$/.test(severity) && !id.startsWith('cert_'),
  );
  return {
    suite: 'testssl',
    subject: name,
    result: `${findings.length} findings, ${count('LOW')} low, ${count('MEDIUM')} medium, ${bad.length} high outside the certificate`,
    passed: verdict(name, findings.length > 50 && bad.length === 0),
    detail: bad.map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`).join('\n'),
  };
}

function readFindings(file: string, output: string): Finding[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Finding[];
  } catch (thrown) {
    throw new Unavailable(`testssl wrote no report: ${(thrown as Error).message} ${output.slice(-300)}`);
  }
}

interface SslyzeReport {
  server_scan_results: {
    scan_result: Record<string, { status: string; result: Record<string, unknown> | null }> | null;
  }[];
}

/** Commands of sslyze whose result says that something is broken, with the field and the value that is good. */
const checks: [command: string, field: string, good: unknown][] = [
  ['heartbleed', 'is_vulnerable_to_heartbleed', false],
  ['openssl_ccs_injection', 'is_vulnerable_to_ccs_injection', false],
  ['robot', 'robot_result', 'NOT_VULNERABLE_NO_ORACLE|NOT_VULNERABLE_RSA_NOT_SUPPORTED'],
  ['tls_compression', 'supports_compression', false],
  ['session_renegotiation', 'is_vulnerable_to_client_renegotiation_dos', false],
  ['tls_fallback_scsv', 'supports_fallback_scsv', true],
  ['tls_extended_master_secret', 'supports_ems_extension', true],
];
const oldProtocols = ['ssl_2_0', 'ssl_3_0', 'tls_1_0', 'tls_1_1'];

const scans =
  'sslv2 sslv3 tlsv1 tlsv1_1 tlsv1_2 tlsv1_3 compression early_data openssl_ccs fallback heartbleed robot reneg resum elliptic_curves ems';

async function sslyzeRow({ name, port }: Subject): Promise<Row> {
  const tool = sslyze();
  const file = join(tmpdir(), `lateen-sslyze-${port}.json`);
  await runToEnd(
    tool,
    [
      `127.0.0.1:${port}`,
      ...scans.split(' ').map((scan) => `--${scan}`),
      '--mozilla_config=disable',
      '--json_out',
      file,
    ],
    3 * 60_000,
  );
  const report = JSON.parse(readFileSync(file, 'utf8')) as SslyzeReport;
  rmSync(file, { force: true });
  const results = report.server_scan_results[0]?.scan_result ?? {};
  const bad: string[] = [];
  for (const [command, field, good] of checks) {
    const value = results[command]?.result?.[field];
    const fine = typeof good === 'string' ? good.split('|').includes(String(value)) : value === good;
    if (!fine) bad.push(`${command}: ${field} is ${String(value)}`);
  }
  for (const protocol of oldProtocols) {
    const accepted = results[`${protocol}_cipher_suites`]?.result?.['accepted_cipher_suites'] as
      | unknown[]
      | undefined;
    if (accepted === undefined || accepted.length > 0) bad.push(`${protocol} is accepted`);
  }
  const completed = Object.values(results).filter(({ status }) => status === 'COMPLETED').length;
  return {
    suite: 'sslyze',
    subject: name,
    result: `${completed} scans, ${bad.length} bad`,
    passed: verdict(name, completed > 10 && bad.length === 0),
    detail: bad.join('\n'),
  };
}
