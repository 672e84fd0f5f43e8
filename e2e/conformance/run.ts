import { parseArgs } from 'node:util';
import { type Certificates, makeCertificates } from './certificates.ts';
import { floodSuite } from './floods.ts';
import { grpcInteropSuite } from './grpc-interop.ts';
import { h2specSuite } from './h2spec.ts';
import { Unavailable } from './install.ts';
import { printRows, type Row } from './report.ts';
import type { SubjectName } from './subjects.ts';
import { tlsScanSuite } from './tls-scan.ts';
import { websocketSuite } from './websocket.ts';

/**
 * The conformance suites of others, our proxy beside those it is compared with, on the same machine in the same run.
 * `npm run test:conformance -- [--only lateen,envoy] [suite…]`
 */
type Suite = (subjects: readonly SubjectName[], certificates: Certificates) => Promise<Row[]>;

const suites: Record<string, Suite> = {
  h2spec: h2specSuite,
  'grpc-interop': grpcInteropSuite,
  floods: floodSuite,
  websocket: websocketSuite,
  'tls-scan': tlsScanSuite,
};

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const subjects = (values.only ?? 'lateen,envoy,nginx,haproxy').split(',') as SubjectName[];
const chosen = positionals.length > 0 ? positionals : Object.keys(suites);
const certificates = makeCertificates();
const rows: Row[] = [];
for (const name of chosen) {
  const suite = suites[name];
  if (suite === undefined) throw new Error(`no suite "${name}": there are ${Object.keys(suites).join(', ')}`);
  const found = await suite(subjects, certificates).catch((thrown: unknown): Row[] => {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return [{ suite: name, subject: '-', result: 'skipped', passed: undefined, detail: thrown.message }];
  });
  printRows(found);
  rows.push(...found);
}
const failed = rows.filter(({ passed }) => passed === false).length;
const passed = rows.filter((row) => row.passed === true).length;
console.log(`${failed === 0 ? 'PASS' : 'FAIL'}: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
