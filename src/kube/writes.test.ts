import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { applyObject } from './apply-object.ts';
import { ApiError } from './client.ts';
import { setCondition } from './condition.ts';
import { recordEvent } from './event-recorder.ts';
import { resources } from './resource.ts';
import { ResourceMapper } from './resource-mapper.ts';
import { FakeKubeClient } from './testing/fake-kube-client.ts';

const configMap: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'ns', uid: 'u1' },
};

test('the same event said again counts up one event', async () => {
  const client = new FakeKubeClient();
  const clock = new FakeClock();
  const event = {
    about: configMap,
    type: 'Warning' as const,
    reason: 'Broken',
    message: 'm',
    component: 'istiod',
  };
  await recordEvent(client, event, clock);
  await clock.advance(60_000);
  await recordEvent(client, event, clock);
  await recordEvent(client, { ...event, message: 'other' }, clock);
  const [first, second] = client.all(resources.events);
  assert.equal(client.all(resources.events).length, 2);
  assert.equal(first?.['count'], 2);
  assert.notEqual(first?.['lastTimestamp'], first?.['firstTimestamp']);
  assert.equal(second?.['message'], 'other');
  assert.equal(first?.metadata.namespace, 'ns');
});

test('a condition’s transition time moves with its status only', () => {
  const base = { type: 'Ready', reason: 'A', message: '' };
  const one = setCondition([], { ...base, status: 'False' }, 1000);
  const same = setCondition(one, { ...base, status: 'False', reason: 'B' }, 5000);
  assert.equal(same[0]?.lastTransitionTime, '1970-01-01T00:00:01Z');
  assert.equal(same[0]?.reason, 'B');
  const other = setCondition(
    [...same, { ...base, type: 'Stalled', status: 'False' }],
    { ...base, status: 'True' },
    9000,
  );
  assert.deepEqual(
    other.map((condition) => `${condition.type} ${condition.status}`),
    ['Ready True', 'Stalled False'],
  );
  assert.equal(other[0]?.lastTransitionTime, '1970-01-01T00:00:09Z');
});

test('an object whose immutable field differs is made anew, when asked for, and never in a dry run', async () => {
  const client = new FakeKubeClient();
  client.seed(resources.configMaps, configMap);
  let refuse = true;
  client.beforeCall = ({ verb }) => {
    if (verb === 'delete') refuse = false;
    if (verb === 'apply' && refuse)
      throw new ApiError(422, 'Invalid', 'spec.selector: Invalid value: field is immutable');
  };
  const options = { fieldManager: 'm' };
  await assert.rejects(applyObject(client, resources.configMaps, configMap, options), /immutable/);
  await assert.rejects(
    applyObject(client, resources.configMaps, configMap, { ...options, recreate: true, dryRun: true }),
    /immutable/,
  );
  await applyObject(client, resources.configMaps, configMap, { ...options, recreate: true });
  assert.deepEqual(
    client.calls.slice(-3).map((call) => call.verb),
    ['apply', 'delete', 'apply'],
  );
});

test('kinds are found by discovery, and one whose CRD came later is found then', async () => {
  const client = new FakeKubeClient();
  const mapper = new ResourceMapper(client);
  assert.equal((await mapper.resourceOf('apps/v1', 'Deployment')).plural, 'deployments');
  await assert.rejects(
    mapper.resourceOf('x.io/v1', 'Thing'),
    (failure: ApiError) => failure.code === 404 && /is its CRD installed/.test(failure.message),
  );
  const thing = { group: 'x.io', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
  client.served.push(thing);
  assert.deepEqual(await mapper.resourceOf('x.io/v1', 'Thing'), thing);
  assert.deepEqual(await mapper.resourceNamed('x.io/v1', 'things'), thing);
});
