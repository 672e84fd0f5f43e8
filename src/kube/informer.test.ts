import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { ApiError } from './client.ts';
import { Informer } from './informer.ts';
import { resources } from './resource.ts';
import { FakeKubeClient } from './testing/fake-kube-client.ts';

function configMap(name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

function start(t: { after(fn: () => void): void }) {
  const client = new FakeKubeClient();
  const clock = new FakeClock();
  const stop = new AbortController();
  t.after(() => stop.abort());
  const informer = new Informer(client, resources.configMaps, { clock, random: () => 0 });
  const seen: string[] = [];
  informer.onChange((change) => seen.push(`${change.type} ${change.key}`));
  return { client, clock, informer, seen, stop, run: () => void informer.run(stop.signal) };
}

test('delivers what is there, then every change', async (t) => {
  const { client, clock, informer, seen, run } = start(t);
  client.seed(resources.configMaps, configMap('a'));
  run();
  await informer.waitForSync();
  await clock.advance(1);
  await client.create(resources.configMaps, configMap('b'));
  await client.patch(resources.configMaps, 'a', 'merge', { data: { x: '1' } }, { namespace: 'default' });
  await client.delete(resources.configMaps, 'b', { namespace: 'default' });
  assert.deepEqual(seen, ['added default/a', 'added default/b', 'updated default/a', 'deleted default/b']);
  assert.deepEqual(
    [...informer.values()].map((o) => o['data']),
    [{ x: '1' }],
  );
});

test('a dropped watch resumes where it was, without listing again', async (t) => {
  const { client, clock, informer, seen, run } = start(t);
  run();
  await informer.waitForSync();
  await clock.advance(1);
  client.dropWatches(new ApiError(0, 'Unreachable', 'reset'));
  client.seed(resources.configMaps, configMap('while-away'));
  await clock.advance(1000);
  assert.deepEqual(seen, ['added default/while-away']);
  assert.equal(client.calls.filter((call) => call.verb === 'list').length, 1);
});

test('an expired watch lists again and delivers deletions that nobody watched', async (t) => {
  const { client, clock, informer, seen, run } = start(t);
  client.seed(resources.configMaps, configMap('gone'));
  client.seed(resources.configMaps, configMap('kept'));
  run();
  await informer.waitForSync();
  await clock.advance(1);
  client.dropWatches(new ApiError(0, 'Unreachable', 'reset'));
  await client.delete(resources.configMaps, 'gone', { namespace: 'default' });
  client.seed(resources.configMaps, configMap('new'));
  client.compact();
  await clock.advance(2000);
  assert.deepEqual(seen.slice(2), ['deleted default/gone', 'added default/new']);
});

test('an object deleted and made again in a gap is delivered as deleted and added', async (t) => {
  const { client, clock, informer, seen, run } = start(t);
  client.seed(resources.configMaps, configMap('a'));
  run();
  await informer.waitForSync();
  await clock.advance(1);
  client.dropWatches();
  await client.delete(resources.configMaps, 'a', { namespace: 'default' });
  client.seed(resources.configMaps, configMap('a', { x: '2' }));
  client.compact();
  await clock.advance(2000);
  assert.deepEqual(seen, ['added default/a', 'deleted default/a', 'added default/a']);
});

test('a server that is away is tried again with growing waits until it answers', async (t) => {
  const { client, clock, informer, run } = start(t);
  client.beforeCall = () => {
    throw new ApiError(0, 'Unreachable', 'refused');
  };
  run();
  await clock.advance(3000);
  const attempts = client.calls.length;
  assert.ok(attempts >= 4 && attempts <= 8, `${attempts} attempts in 3 s`);
  assert.equal(informer.synced, false);
  client.beforeCall = undefined;
  await clock.advance(10_000);
  assert.equal(informer.synced, true);
});

test('a collection nobody serves can count as empty', async (t) => {
  const { client, clock, stop } = start(t);
  client.beforeCall = () => {
    throw new ApiError(404, 'NotFound', 'the server could not find the requested resource');
  };
  const informer = new Informer(client, resources.configMaps, { clock, missingIsEmpty: true });
  void informer.run(stop.signal);
  await informer.waitForSync();
  client.beforeCall = undefined;
  client.seed(resources.configMaps, configMap('later'));
  await clock.advance(10_000);
  assert.equal(informer.size, 1);
});

test('a listener that throws does not stop the others', async (t) => {
  const { client, informer, seen, run } = start(t);
  informer.onChange(() => {
    throw new Error('boom');
  });
  const late: string[] = [];
  informer.onChange((change) => late.push(change.key));
  client.seed(resources.configMaps, configMap('a'));
  run();
  await informer.waitForSync();
  assert.deepEqual(seen, ['added default/a']);
  assert.deepEqual(late, ['default/a']);
});
