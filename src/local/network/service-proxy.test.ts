import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../base/log.ts';
import type { Fields } from '../api/object.ts';
import { coreResources } from '../resources.ts';
import { MemoryApi } from '../testing/memory-api.ts';
import { addressPlan } from './address-plan.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import { ServiceProxy } from './service-proxy.ts';

async function proxied(accept: (rules: string) => boolean) {
  const memory = new MemoryApi();
  const applied: string[] = [];
  const network = {
    plan: addressPlan(0),
    async restoreIptables(rules: string) {
      if (!accept(rules)) throw new Error('refused');
      applied.push(rules);
    },
  } as unknown as ClusterNetwork;
  const proxy = new ServiceProxy(memory.api, network, silentLogger);
  await proxy.start();
  const service = (name: string, spec: object = {}) => {
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    const metadata = { name, namespace: 'd' };
    const all = { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], ports, ...spec };
    memory.create(coreResources.services, { apiVersion: 'v1', kind: 'Service', metadata, spec: all });
    memory.create(coreResources.endpointSlices, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace: 'd', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [{ addresses: ['10.244.1.1'] }],
    } as Fields as never);
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { memory, applied, proxy, service, settle };
}

test('a service and its endpoints become one restore', async () => {
  const { applied, proxy, service, settle } = await proxied(() => true);
  const before = applied.length;
  service('web');
  await settle();
  assert.equal(applied.length, before + 1);
  assert.match(applied.at(-1) ?? '', /--to-destination 10\.244\.1\.1:8080/);
  assert.deepEqual(proxy.endpoints('d', 'web', 80), ['10.244.1.1:8080']);
});

test('a kernel without xt_recent loses affinity, not the services', async () => {
  const { applied, service, settle } = await proxied((rules) => !rules.includes('recent'));
  service('sticky', { sessionAffinity: 'ClientIP' });
  await settle();
  assert.match(applied.at(-1) ?? '', /--to-destination 10\.244\.1\.1:8080/);
});

test('a service that goes takes its chains along', async () => {
  const { applied, memory, service, settle } = await proxied(() => true);
  service('web');
  await settle();
  memory.remove(coreResources.services, 'web', 'd');
  await settle();
  assert.equal(applied.at(-1)?.match(/^-X KUBE-/gm)?.length, 2);
});
