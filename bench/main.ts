import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { envoyBinary } from '../e2e/envoy/envoy-binary.ts';

/**
 * `make bench`: every table, one after the other, so that none disturbs another. Names on the command line choose: `node bench/main.ts http1 mesh`.
 * Ratios are against Envoy, nginx and HAProxy in the same run; what is not installed is left out by name.
 */
const tables: readonly { name: string; about: string; script: string; args?: string[] }[] = [
  { name: 'http1', about: 'CPU a request, HTTP/1.1, on one pinned core', script: 'http1.ts' },
  { name: 'http2', about: 'CPU a request, HTTP/2, gRPC and TLS', script: 'http2.ts' },
  { name: 'hpack', about: 'HPACK primitives', script: 'hpack.ts' },
  { name: 'validate', about: 'validation of 10,000 VirtualServices', script: 'validate.ts' },
  { name: 'mesh', about: 'the whole system on the local cluster', script: 'mesh/main.ts' },
];

const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const envoy = envoyBinary(true) ?? globSync(join(homedir(), '.cache/lateen/**/_bin/envoy'))[0];
const env = {
  ...process.env,
  BENCH_DIST: '1',
  ...(envoy === undefined ? {} : { ENVOY: envoy, ENVOY_BIN: envoy }),
};
let failed = 0;
for (const table of tables.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const script = join(import.meta.dirname, table.script);
  if (!existsSync(script)) continue;
  process.stdout.write(`\n## ${table.name}: ${table.about}\n`);
  const code = await new Promise<number>((resolve) => {
    const child = spawn(process.execPath, [script, ...(table.args ?? [])], { stdio: 'inherit', env });
    child.on('exit', (status) => resolve(status ?? 1));
  });
  if (code !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
