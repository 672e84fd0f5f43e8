/**
 * The control plane on a large mesh, in one process with an API server in memory: 1,000 services, 10,000 pods, 100 namespaces, 200
 * proxies unless told otherwise. Prints what a start, a rule change and an endpoint change cost. Run: node bench/control-plane/scale.ts
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { KubeObject } from '../../src/api/object.ts';
import { silentLogger } from '../../src/base/log.ts';
import { ControlPlane, type PushReport } from '../../src/controlplane/index.ts';
import { resources } from '../../src/kube/resource.ts';
import { FakeKubeClient } from '../../src/kube/testing/fake-kube-client.ts';

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    namespaces: { type: 'string', default: '100' },
    replicas: { type: 'string', default: '10' },
    proxies: { type: 'string', default: '200' },
  },
});
const [services, namespaces, replicas, proxies] = [
  values.services,
  values.namespaces,
  values.replicas,
  values.proxies,
].map(Number) as [number, number, number, number];

const client = new FakeKubeClient();
const ip = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

function put(resource: Parameters<FakeKubeClient['seed']>[0], object: KubeObject): void {
  client.seed(resource, object);
}

function slice(service: number, addresses: readonly number[]): KubeObject {
  const namespace = `ns-${service % namespaces}`;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `svc-${service}-1`,
      namespace,
      labels: { 'kubernetes.io/service-name': `svc-${service}` },
    },
    endpoints: addresses.map((address) => ({ addresses: [ip(address)], conditions: { ready: true } })),
    ports: [{ name: 'http', port: 8080 }],
  };
}

let pod = 1;
for (let service = 0; service < services; service++) {
  const namespace = `ns-${service % namespaces}`;
  const app = `svc-${service}`;
  put(resources.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: app, namespace },
    spec: { clusterIP: ip(0x600000 + service), selector: { app }, ports: [{ name: 'http', port: 8080 }] },
  });
  const addresses: number[] = [];
  for (let replica = 0; replica < replicas; replica++, pod++) {
    addresses.push(pod);
    put(resources.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${app}-${replica}`,
        namespace,
        labels: { app, version: `v${replica % 2}` },
        ...(replica === 0 && service < proxies && { annotations: { 'lateen.dev/proxy': app } }),
      },
      spec: { containers: [{ name: 'app' }] },
      status: { podIP: ip(pod), phase: 'Running' },
    });
  }
  put(resources.endpointSlices, slice(service, addresses));
}
put(resources.configMaps, {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'istio', namespace: 'istio-system' },
  data: { mesh: '{}' },
});

const pushes: PushReport[] = [];
const plane = new ControlPlane({
  client,
  log: silentLogger,
  namespace: 'istio-system',
  revision: 'default',
  domain: 'cluster.local',
  clusterId: 'Kubernetes',
  identity: 'bench',
  onPush: (push) => pushes.push(push),
});
const stop = new AbortController();
const started = performance.now();
const running = plane.run(stop.signal);

async function measure(name: string, change: () => unknown): Promise<void> {
  const seen = pushes.length;
  const cpu = process.cpuUsage();
  const at = performance.now();
  await change();
  while (pushes.length === seen) await sleep(1);
  const took = performance.now() - at;
  await sleep(300);
  const { user, system } = process.cpuUsage(cpu);
  const written = pushes.slice(seen).reduce((sum, push) => sum + push.written, 0);
  const compute = pushes.slice(seen).reduce((sum, push) => sum + push.computeMs, 0);
  const row = [
    `${took.toFixed(0)} ms`,
    `compute ${compute.toFixed(0)} ms`,
    `CPU ${((user + system) / 1000).toFixed(0)} ms`,
    `${written} writes`,
  ];
  process.stdout.write(`${name.padEnd(34)}${row.join(', ')}\n`);
}

const virtualServices = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'virtualservices',
  kind: 'VirtualService',
  namespaced: true,
};
const rule = (seconds: number): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'svc-1', namespace: 'ns-1' },
  spec: { hosts: ['svc-1'], http: [{ timeout: `${seconds}s`, route: [{ destination: { host: 'svc-1' } }] }] },
});

process.stdout.write(
  `${services} services, ${services * replicas} pods, ${namespaces} namespaces, ${proxies} proxies\n`,
);
await measure('start to everything published', () => undefined);
process.stdout.write(
  `${''.padEnd(34)}(${(performance.now() - started).toFixed(0)} ms since the process could start)\n`,
);
await measure('a new VirtualService', () => client.seed(virtualServices, rule(1)) && undefined);
for (let i = 2; i < 5; i++)
  await measure(
    'a changed VirtualService',
    async () => void (await client.replace(virtualServices, rule(i))),
  );
for (let i = 0; i < 3; i++) {
  await measure(
    'an endpoint that went',
    async () => void (await client.replace(resources.endpointSlices, slice(1, [11 + i, 12 + i]))),
  );
}
const sizes = client
  .all(resources.configMaps)
  .filter((object) => object.metadata.labels?.['lateen.dev/scope'] === 'mesh')
  .map((object) => JSON.stringify(object).length);
process.stdout.write(
  `one scope at rest: ${sizes.length} objects, ${(sizes.reduce((a, b) => a + b, 0) / 1024).toFixed(0)} KiB, largest ${(Math.max(...sizes) / 1024).toFixed(0)} KiB\n`,
);
process.stdout.write(
  `resident memory, the API server in memory included: ${(process.memoryUsage.rss() / 1048576).toFixed(0)} MiB\n`,
);
stop.abort();
await running;
