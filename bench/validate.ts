/**
 * What validation costs: CPU time for 10,000 VirtualServices in one process (goal: 1 s), and the whole `istioctl validate` process on one file
 * (goal: 150 ms).
 *
 *   node bench/validate.ts [--count N]
 *
 * The process part needs `npm run build`; it is left out without dist/.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeObject } from '../src/api/validate-object.ts';
import { toYaml } from '../src/base/yaml.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '10000' } } });
const count = Number(values.count);

function virtualService(index: number): object {
  const host = `service-${index}.namespace-${index % 100}.svc.cluster.local`;
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: `service-${index}`, namespace: `namespace-${index % 100}` },
    spec: {
      hosts: [host],
      gateways: ['mesh', 'istio-system/public'],
      http: [
        {
          match: [
            {
              uri: { prefix: `/api/v${index % 7}/` },
              headers: { 'x-user': { regex: `user-${index % 50}.*` } },
            },
          ],
          timeout: '3s',
          retries: { attempts: 2, perTryTimeout: '1s', retryOn: 'connect-failure,refused-stream' },
          route: [{ destination: { host, subset: 'v2', port: { number: 80 } } }],
        },
        {
          headers: { request: { set: { 'x-from': '%DOWNSTREAM_REMOTE_ADDRESS%' } } },
          route: [
            { destination: { host, subset: 'v1' }, weight: 80 },
            { destination: { host, subset: 'v2' }, weight: 20 },
          ],
        },
      ],
    },
  };
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
}

const objects = Array.from({ length: count }, (_, index) => virtualService(index));
let errors = 0;
const spent = cpuMs(() => {
  for (const object of objects) errors += decodeObject(object).issues.length;
});
console.log(
  `${count} VirtualServices: ${spent.toFixed(0)} ms CPU, ${((spent / count) * 1000).toFixed(1)} µs each, ${errors} issues`,
);

const program = join(import.meta.dirname, '../dist/istioctl.mjs');
if (existsSync(program)) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-validate-'));
  const file = join(folder, 'one.yaml');
  writeFileSync(file, toYaml(virtualService(1)));
  const times: number[] = [];
  for (let run = 0; run < 15; run++) {
    const started = performance.now();
    execFileSync(process.execPath, [program, 'validate', '-f', file], { stdio: 'ignore' });
    times.push(performance.now() - started);
  }
  rmSync(folder, { recursive: true });
  times.sort((a, b) => a - b);
  console.log(
    `istioctl validate of one file: ${times[7]?.toFixed(0)} ms median, ${times[0]?.toFixed(0)} ms best of ${times.length}`,
  );
} else console.log('istioctl validate: left out, dist/ is missing');
