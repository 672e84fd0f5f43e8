import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../kube/condition.ts';
import { resources } from '../../kube/resource.ts';
import { Harness, objects } from '../testing/harness.ts';

const rule = (spec: string, name = 'reviews') =>
  objects(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: default}
spec: ${spec}
`)[0] as never;

const subsets = objects(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: default}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
`)[0] as never;

function conditionOf(harness: Harness, kind: string, name: string): Condition | undefined {
  const status = harness.get(kind, name, 'default')?.status as { conditions?: Condition[] } | undefined;
  return status?.conditions?.find(({ type }) => type === 'Reconciled');
}

function reviewsRoute(harness: Harness): string {
  const table = harness
    .resourcesOf('productpage-v1', 'default')
    ?.routes.find((route) => route['name'] === '9080');
  const hosts = (table?.['virtual_hosts'] ?? []) as { name: string; routes: unknown }[];
  return JSON.stringify(hosts.find(({ name }) => name.startsWith('reviews'))?.routes);
}

test('an object that is understood says so, once', async () => {
  const harness = await Harness.start([
    subsets,
    rule('{hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v1}}]}]}'),
  ]);
  const condition = conditionOf(harness, 'VirtualService', 'reviews');
  assert.deepEqual(
    [condition?.status, condition?.reason, condition?.observedGeneration],
    ['True', 'Reconciled', 1],
  );
  const calls = harness.client.calls.length;
  await harness.restart();
  const again = harness.client.calls.slice(calls).filter(({ verb }) => verb === 'patch-status');
  assert.deepEqual(again, []);
  await harness.stop();
});

test('a rule that names an unknown host is named on its status and in an event; its other routes work', async () => {
  const harness = await Harness.start([
    rule(
      '{hosts: [reviews], http: [{match: [{uri: {prefix: /x}}], route: [{destination: {host: nobody}}]}, {route: [{destination: {host: reviews}}], timeout: 7s}]}',
    ),
  ]);
  const condition = conditionOf(harness, 'VirtualService', 'reviews');
  assert.deepEqual([condition?.status, condition?.reason], ['False', 'UnknownHost']);
  assert.match(
    condition?.message ?? '',
    /^spec\.http\[0\]\.route\[0\]\.destination\.host: .*nobody\.default\.svc\.cluster\.local/,
  );
  assert.ok(reviewsRoute(harness).includes('"timeout":"7s"'));
  const events = harness.client.all(resources.events).filter((event) => event['reason'] === 'UnknownHost');
  assert.equal(events.length, 1);
  await harness.stop();
});

test('a changed rule that names an unknown subset leaves its last good form in force until the subset is known', async () => {
  const harness = await Harness.start([
    rule('{hosts: [reviews], http: [{route: [{destination: {host: reviews}}], timeout: 1s}]}'),
  ]);
  harness.put(
    rule('{hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v2}}], timeout: 2s}]}'),
  );
  await harness.settled();
  assert.ok(reviewsRoute(harness).includes('"timeout":"1s"'), reviewsRoute(harness));
  const condition = conditionOf(harness, 'VirtualService', 'reviews');
  assert.deepEqual([condition?.reason, condition?.observedGeneration], ['UnknownSubset', 2]);
  harness.put(subsets);
  await harness.settled();
  assert.ok(reviewsRoute(harness).includes('"timeout":"2s"'), reviewsRoute(harness));
  assert.equal(conditionOf(harness, 'VirtualService', 'reviews')?.reason, 'Reconciled');
  await harness.stop();
});

test('one broken rule does not hold up another', async () => {
  const harness = await Harness.start([
    rule('{hosts: [reviews], http: [{route: [{destination: {host: reviews}}], timeout: 9s}]}'),
    rule('{hosts: [productpage], http: 17}', 'broken'),
  ]);
  assert.ok(reviewsRoute(harness).includes('"timeout":"9s"'));
  assert.equal(conditionOf(harness, 'VirtualService', 'broken')?.status, 'False');
  await harness.stop();
});

test('a kind or field that nothing acts on yet is named', async () => {
  const harness = await Harness.start(
    objects(`
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: default}
spec: {mtls: {mode: STRICT}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: default}
spec: {host: reviews, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
`),
  );
  for (const [kind, name] of [
    ['PeerAuthentication', 'strict'],
    ['DestinationRule', 'reviews'],
  ] as const) {
    const condition = conditionOf(harness, kind, name);
    assert.equal(condition?.reason, 'NotActedOn');
    assert.match(condition?.message ?? '', /not acted on yet/);
  }
  await harness.stop();
});

test('mesh settings that cannot be read leave the last good ones in force', async () => {
  const harness = await Harness.start(
    objects(
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}}',
    ),
  );
  const isBlocking = () =>
    JSON.stringify(harness.resourcesOf('productpage-v1', 'default')?.routes).includes('block_all');
  assert.ok(isBlocking());
  harness.put(
    ...objects(
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: "a: b: c: ["}}',
    ),
  );
  await harness.settled();
  assert.ok(isBlocking());
  await harness.stop();
});

test('a rule that validation refuses is left out, or keeps its last good form, and is named', async () => {
  const harness = await Harness.start([
    rule('{hosts: [reviews], http: [{route: [{destination: {host: reviews}}], timeout: 1s}]}'),
  ]);
  harness.put(
    rule(
      '{hosts: [reviews], http: [{match: [{uri: {regex: "(["}}], route: [{destination: {host: reviews}}], timeout: 2s}]}',
    ),
    rule(
      '{hosts: [productpage], http: [{match: [{uri: {regex: "(["}}], route: [{destination: {host: productpage}}]}]}',
      'never-good',
    ),
  );
  await harness.settled();
  const routes = JSON.stringify(harness.resourcesOf('productpage-v1', 'default')?.routes);
  assert.ok(routes.includes('"timeout":"1s"') && !routes.includes('(['), routes);
  assert.equal(conditionOf(harness, 'VirtualService', 'reviews')?.status, 'False');
  assert.match(conditionOf(harness, 'VirtualService', 'reviews')?.message ?? '', /last good form/);
  assert.equal(conditionOf(harness, 'VirtualService', 'never-good')?.status, 'False');
  await harness.stop();
});
