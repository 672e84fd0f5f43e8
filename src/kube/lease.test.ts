import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { ApiError } from './client.ts';
import { Lease } from './lease.ts';
import { resources } from './resource.ts';
import { FakeKubeClient } from './testing/fake-kube-client.ts';

interface Spec {
  holderIdentity: string;
  leaseTransitions: number;
}

function setUp(t: TestContext) {
  const client = new FakeKubeClient();
  const clock = new FakeClock();
  const log: string[] = [];
  const start = (identity: string) => {
    const stop = new AbortController();
    t.after(() => stop.abort());
    const lease = new Lease({ client, clock, namespace: 'ns', name: 'lock', identity });
    const ended = lease.run(stop.signal, async (leading) => {
      log.push(`${identity} leads`);
      await new Promise<void>((resolve) =>
        leading.addEventListener('abort', () => resolve(), { once: true }),
      );
      log.push(`${identity} stops`);
    });
    return { lease, stop, ended };
  };
  const spec = () => (client.peek(resources.leases, 'lock', 'ns') as KubeObject).spec as Spec;
  return { client, clock, log, start, spec };
}

test('one of two leads; the other takes over at once when it stops cleanly', async (t) => {
  const { clock, log, start, spec } = setUp(t);
  const first = start('a');
  const second = start('b');
  await clock.advance(30_000);
  assert.deepEqual(log, ['a leads']);
  assert.deepEqual([first.lease.held, second.lease.held], [true, false]);
  first.stop.abort();
  await clock.advance(2000);
  assert.deepEqual(log, ['a leads', 'a stops', 'b leads']);
  assert.equal(spec().holderIdentity, 'b');
  assert.equal(spec().leaseTransitions, 1);
});

test('a leader that dies is replaced when its lease has not moved for its duration, whatever its clock says', async (t) => {
  const { client, clock, log, start } = setUp(t);
  client.seed(resources.leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'lock', namespace: 'ns' },
    spec: {
      holderIdentity: 'dead',
      leaseDurationSeconds: 15,
      renewTime: '2999-01-01T00:00:00.000000Z',
      leaseTransitions: 4,
    },
  });
  start('a');
  await clock.advance(14_000);
  assert.deepEqual(log, []);
  await clock.advance(4000);
  assert.deepEqual(log, ['a leads']);
});

test('a leader that cannot reach the API steps down before others may take over, and leads again later', async (t) => {
  const { client, clock, log, start } = setUp(t);
  const { lease } = start('a');
  await clock.advance(1000);
  client.beforeCall = () => {
    throw new ApiError(0, 'Unreachable', 'refused');
  };
  await clock.advance(13_000);
  assert.deepEqual(log, ['a leads', 'a stops']);
  assert.equal(lease.held, false);
  client.beforeCall = undefined;
  await clock.advance(20_000);
  assert.deepEqual(log, ['a leads', 'a stops', 'a leads']);
});

test('of two that take an expired lease at the same moment one wins', async (t) => {
  const { clock, log, start } = setUp(t);
  start('a');
  start('b');
  start('c');
  await clock.advance(60_000);
  assert.equal(log.length, 1);
});
