import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../kube/client.ts';
import { resources } from '../../kube/resource.ts';
import { FakeKubeClient } from '../../kube/testing/fake-kube-client.ts';
import { sharedNamespace } from '../../xds/snapshot/index.ts';
import { Harness, objects, yaml } from '../testing/harness.ts';

const rule = (seconds: number) =>
  objects(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}], timeout: ${seconds}s}]}
`)[0] as never;

const hasTimeout = (harness: Harness, seconds: number) =>
  JSON.stringify(harness.resourcesOf('productpage-v1', 'default')?.routes ?? '').includes(
    `"timeout":"${seconds}s"`,
  );

test('nothing is written before everything has been listed', async () => {
  const client = new FakeKubeClient();
  const harness = new Harness(client);
  harness.put(...yaml('base.yaml'));
  let listed = false;
  client.beforeCall = (call) => {
    if (call.verb === 'list' && call.collection.endsWith('/pods') && !listed) throw new Error('not yet');
    if (call.collection === 'v1/configmaps' && call.verb === 'create')
      assert.ok(listed, 'a write before the pods were listed');
  };
  const starting = harness.start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  listed = true;
  await starting;
  assert.ok(harness.resourcesOf('productpage-v1', 'default'));
  await harness.stop();
});

test('killed between a part and its index, the next start completes the change', async () => {
  const harness = await Harness.start();
  harness.client.beforeCall = (call) => {
    if (call.verb === 'replace' && call.key === `${sharedNamespace}/mesh`) throw new Error('killed here');
  };
  harness.put(rule(3));
  await harness.settled();
  assert.ok(!hasTimeout(harness, 3));
  harness.client.beforeCall = undefined;
  await harness.restart();
  assert.ok(hasTimeout(harness, 3));
  await harness.stop();
});

test('a restart of the API server loses nothing', async () => {
  const harness = await Harness.start();
  harness.client.dropWatches(new ApiError(0, 'Unreachable', 'connection refused'));
  harness.put(rule(4));
  harness.client.compact();
  await harness.until(() => hasTimeout(harness, 4), 'the change made while no watch was open');
  await harness.stop();
});

test('a namespace that is deleted under its proxies holds nothing up', async () => {
  const harness = await Harness.start();
  harness.client.beforeCall = (call) => {
    if (call.key.startsWith('default/') && ['create', 'replace', 'apply'].includes(call.verb)) {
      throw new ApiError(
        403,
        'Forbidden',
        'unable to create new content in namespace default because it is being terminated',
      );
    }
  };
  await harness.client.delete(resources.configMaps, 'istio-proxy-reviews-v1', { namespace: 'default' });
  harness.put(rule(5));
  await harness.settled();
  assert.ok(hasTimeout(harness, 5));
  assert.deepEqual(harness.pushes.at(-1)?.failed, []);
  await harness.stop();
});

test('a namespace made anew with the same workloads gets its configuration and its rights again', async () => {
  const harness = await Harness.start();
  const own = () => harness.client.get(resources.configMaps, 'istio-proxy-reviews-v1', 'default');
  const role = () => harness.client.get(resources.roles, 'istio-proxy-config', 'default');
  const pods = (await harness.client.list(resources.pods, { namespace: 'default' })).items;
  await Promise.all([own(), role()]);
  harness.client.beforeCall = (call) => {
    if (['create', 'replace', 'apply', 'patch'].includes(call.verb) && call.key.startsWith('default/'))
      throw new ApiError(404, 'NotFound', 'namespaces "default" not found');
  };
  for (const { metadata } of pods)
    await harness.client.delete(resources.pods, metadata.name, { namespace: 'default' });
  await harness.client.delete(resources.configMaps, 'istio-proxy-reviews-v1', { namespace: 'default' });
  await harness.client.delete(resources.roles, 'istio-proxy-config', { namespace: 'default' });
  await harness.settled();
  harness.client.beforeCall = () => undefined;
  harness.put(...pods);
  await harness.settled();
  await Promise.all([own(), role()]);
  await harness.stop();
});

test('of two replicas one writes; when it stops, the other goes on', async () => {
  const first = await Harness.start([], { identity: 'first' });
  const second = new Harness(first.client, { identity: 'second' });
  const stop = new AbortController();
  const running = second.plane.run(stop.signal);
  await first.until(() => second.plane.ready, 'the second replica');
  assert.deepEqual([first.plane.leading, second.plane.leading], [true, false]);
  first.put(rule(6));
  await first.until(() => hasTimeout(first, 6), 'the change of the first leader');
  assert.equal(second.pushes.length, 0);
  await first.stop();
  await second.until(() => second.plane.leading, 'the second replica to lead');
  second.put(rule(7));
  await second.until(() => hasTimeout(second, 7), 'the change of the second leader');
  stop.abort();
  await running;
});

test('control planes of two revisions serve their own proxies and leave the other alone', async () => {
  const [canaryPod] = objects(`
apiVersion: v1
kind: Pod
metadata:
  name: canary
  namespace: default
  labels: {app: canary, istio.io/rev: next}
  annotations: {lateen.dev/proxy: canary}
spec: {containers: [{name: canary}]}
status: {podIP: 10.244.0.30}
`);
  const first = await Harness.start([canaryPod as never], { graceMs: 50 });
  assert.equal(first.resourcesOf('canary', 'default'), undefined);
  const second = new Harness(first.client, { revision: 'next', graceMs: 50 });
  await second.start();
  await new Promise((resolve) => setTimeout(resolve, 200));
  await second.settled();
  assert.ok(second.resourcesOf('canary', 'default'));
  assert.ok(first.resourcesOf('reviews-v1', 'default'));
  await second.stop();
  await first.stop();
});
