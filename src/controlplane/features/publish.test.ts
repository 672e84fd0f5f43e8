import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../kube/resource.ts';
import { resourceName, sharedNamespace } from '../../xds/snapshot/index.ts';
import { Harness, objects } from '../testing/harness.ts';

const names = (list: readonly Readonly<Record<string, unknown>>[]) => list.map(resourceName).sort();

const [pod] = objects(`
apiVersion: v1
kind: Pod
metadata: {name: reviews-v3, namespace: default, labels: {app: reviews, version: v3}, annotations: {lateen.dev/proxy: reviews-v3}}
spec: {containers: [{name: reviews}]}
status: {podIP: 10.244.0.7}
`);

const [slice] = objects(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: reviews-1, namespace: default, labels: {kubernetes.io/service-name: reviews}}
endpoints: [{addresses: [10.244.0.1], conditions: {ready: true}}, {addresses: [10.244.0.7], conditions: {ready: true}}]
ports: [{name: http, port: 9080}]
`);

test('every proxy finds a complete configuration: its own inbound side and the outbound world of its scope', async () => {
  const harness = await Harness.start();
  const found = harness.resourcesOf('productpage-v1', 'default');
  assert.ok(found);
  assert.deepEqual(names(found.listeners), [
    '0.0.0.0_80',
    '0.0.0.0_9080',
    '10.96.0.13_31400',
    'virtualInbound',
    'virtualOutbound',
  ]);
  assert.deepEqual(names(found.routes), ['80', '9080']);
  assert.ok(names(found.clusters).includes('outbound|9080||reviews.default.svc.cluster.local'));
  assert.ok(names(found.endpoints).includes('outbound|9080||reviews.default.svc.cluster.local'));
  assert.ok(harness.resourcesOf('istio-ingressgateway', 'istio-system'));
  await harness.stop();
});

test('proxies of one namespace share their outbound world', async () => {
  const harness = await Harness.start();
  const scopes = harness.client
    .all(resources.configMaps)
    .filter(
      (object) =>
        object.metadata.namespace === sharedNamespace &&
        object.metadata.labels?.['lateen.dev/part'] === 'index',
    );
  assert.deepEqual(scopes.map((object) => object.metadata.name).sort(), [
    'gateway-istio-system-istio-ingressgateway',
    'mesh',
  ]);
  await harness.stop();
});

test('an unchanged world writes nothing, not even after a restart', async () => {
  const harness = await Harness.start();
  const before = harness.writes().length;
  await harness.restart();
  assert.deepEqual(harness.writes().slice(before), []);
  await harness.stop();
});

test('an endpoint change rewrites one small object a scope and nothing else', async () => {
  const harness = await Harness.start();
  const before = harness.writes().length;
  harness.put(slice as never);
  await harness.settled();
  const writes = harness.writes().slice(before);
  assert.deepEqual(writes, [`replace ${sharedNamespace}/mesh.endpoints-reviews.default.svc.cluster.local`]);
  const text = JSON.stringify(harness.resourcesOf('productpage-v1', 'default')?.endpoints);
  assert.ok(text.includes('10.244.0.7') && !text.includes('10.244.0.2"'));
  await harness.stop();
});

test('a rule change rewrites the route table it concerns and the index', async () => {
  const harness = await Harness.start();
  const before = harness.writes().length;
  harness.put(
    ...objects(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}], timeout: 3s}]}
`),
  );
  await harness.settled();
  const writes = harness.writes().slice(before);
  assert.deepEqual(writes, [
    `replace ${sharedNamespace}/mesh.routes-9080`,
    `replace ${sharedNamespace}/mesh`,
  ]);
  await harness.stop();
});

test('a new proxy gets its object and the right to read it by name', async () => {
  const harness = await Harness.start();
  harness.put(pod as never);
  await harness.until(
    () => harness.resourcesOf('reviews-v3', 'default') !== undefined,
    'the configuration of reviews-v3',
  );
  await harness.settled();
  const role = harness.get('Role', 'istio-proxy-config', 'default') as unknown as {
    rules: { resourceNames: string[]; verbs: string[] }[];
  };
  assert.ok(role.rules[0]?.resourceNames.includes('istio-proxy-reviews-v3'));
  assert.deepEqual(role.rules[0]?.verbs, ['get', 'list', 'watch']);
  await harness.stop();
});

test('configuration deleted or edited by hand is put back', async () => {
  const harness = await Harness.start();
  const wanted = harness.resourcesOf('productpage-v1', 'default');
  const [own, part] = ['istio-proxy-productpage-v1', 'mesh.routes-9080'];
  await harness.client.delete(resources.configMaps, own, { namespace: 'default' });
  await harness.client.patch(
    resources.configMaps,
    part,
    'merge',
    { data: { 'resources.json': '{"oops":' } },
    { namespace: sharedNamespace },
  );
  await harness.client.delete(resources.configMaps, 'mesh', { namespace: sharedNamespace });
  await harness.settled();
  assert.deepEqual(harness.resourcesOf('productpage-v1', 'default'), wanted);
  await harness.stop();
});

test('the configuration of a workload that has gone stays for a while, then goes', async () => {
  const harness = await Harness.start([], { graceMs: 200 });
  const [gone] = objects('{apiVersion: v1, kind: Pod, metadata: {name: reviews-v2, namespace: default}}');
  await harness.remove(gone as never);
  await harness.settled();
  assert.ok(harness.get('ConfigMap', 'istio-proxy-reviews-v2', 'default'));
  await harness.until(
    () => harness.get('ConfigMap', 'istio-proxy-reviews-v2', 'default') === undefined,
    'the removal',
  );
  assert.ok(harness.get('ConfigMap', 'istio-proxy-reviews-v1', 'default'));
  await harness.stop();
});

test('while a part cannot be written, proxies keep what they have; it is tried again', async () => {
  const harness = await Harness.start();
  const part = `${sharedNamespace}/mesh.routes-9080`;
  let failing = true;
  harness.client.beforeCall = (call) => {
    if (failing && call.verb === 'replace' && call.key === part) throw new Error('disk full');
  };
  harness.put(
    ...objects(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}], timeout: 3s}]}
`),
  );
  await harness.settled();
  assert.equal(harness.resourcesOf('productpage-v1', 'default'), undefined, 'nothing new is complete');
  assert.deepEqual(harness.pushes.find(({ failed }) => failed.length > 0)?.failed, [part]);
  failing = false;
  const served = () => JSON.stringify(harness.resourcesOf('productpage-v1', 'default')?.routes ?? '');
  await harness.until(() => served().includes('"timeout":"3s"'), 'the change');
  await harness.stop();
});
