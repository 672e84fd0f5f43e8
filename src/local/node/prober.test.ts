import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { CrashBackoff } from './crash-backoff.ts';
import type { Probe } from './pod-spec.ts';
import { type ProbeKind, Prober } from './prober.ts';

function start(kind: ProbeKind, probe: Probe, results: boolean[]) {
  const clock = new FakeClock();
  const verdicts: boolean[] = [];
  const failures: string[] = [];
  const prober = new Prober({
    kind,
    probe,
    clock,
    attempt: async () => ({ ok: results.shift() ?? true, message: 'no' }),
    onVerdict: (healthy) => verdicts.push(healthy),
    onFailure: (message) => failures.push(message),
  });
  prober.start();
  return { clock, verdicts, failures, prober };
}

test('readiness changes after as many equal results in a row as its thresholds say', async () => {
  const probe = { periodSeconds: 1, failureThreshold: 2, successThreshold: 1 };
  const { clock, verdicts, failures } = start('readiness', probe, [
    false,
    true,
    false,
    true,
    false,
    false,
    true,
  ]);
  await clock.advance(6000);
  assert.deepEqual(verdicts, [true, false, true]);
  assert.equal(failures.length, 4);
});

test('nothing is tried before the initial delay', async () => {
  const { clock, verdicts } = start('readiness', { initialDelaySeconds: 5, periodSeconds: 1 }, [true]);
  await clock.advance(4900);
  assert.deepEqual(verdicts, []);
  await clock.advance(200);
  assert.deepEqual(verdicts, [true]);
});

test('a startup probe ends with its first success', async () => {
  const { clock, verdicts } = start('startup', { periodSeconds: 1, failureThreshold: 10 }, [
    false,
    true,
    false,
  ]);
  await clock.advance(10_000);
  assert.deepEqual(verdicts, [true]);
  assert.equal(clock.pending, 0);
});

test('a liveness probe tells of a failure once', async () => {
  const { clock, verdicts } = start('liveness', { periodSeconds: 1, failureThreshold: 2 }, [
    false,
    false,
    false,
    false,
  ]);
  await clock.advance(10_000);
  assert.deepEqual(verdicts, [false]);
});

test('a stopped prober says nothing more', async () => {
  const { clock, verdicts, prober } = start('readiness', { periodSeconds: 1 }, [false, false, false]);
  prober.stop();
  await clock.advance(10_000);
  assert.deepEqual(verdicts, []);
});

test('the first restart comes at once, later ones wait 10 s doubling to 5 min', async () => {
  const clock = new FakeClock();
  const backoff = new CrashBackoff(clock);
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    backoff.ended(100);
    waits.push(backoff.remainingMs / 1000);
    await clock.advance(backoff.remainingMs);
    backoff.restarted();
  }
  assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
});

test('a container that ran for ten minutes starts over with no delay', () => {
  const backoff = new CrashBackoff(new FakeClock());
  for (let i = 0; i < 4; i++) backoff.restarted();
  backoff.ended(600_000);
  assert.equal(backoff.remainingMs, 0);
});
