import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields, Logger } from '../base/log.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { ApiError } from './client.ts';
import { TerminalError } from './reconcile-error.ts';
import { runReconciler } from './reconciler.ts';
import { WorkQueue } from './work-queue.ts';

const never = new AbortController().signal;

test('a key that waits is handed out once however often it was added', async () => {
  const queue = new WorkQueue();
  for (const key of ['a', 'a', 'b', 'a']) queue.add(key);
  assert.equal(await queue.take(never), 'a');
  assert.equal(await queue.take(never), 'b');
  assert.equal(queue.length, 0);
});

test('a key added while it is worked on comes back after done, never before', async () => {
  const queue = new WorkQueue();
  queue.add('a');
  await queue.take(never);
  queue.add('a');
  assert.equal(queue.length, 0);
  queue.done('a');
  assert.equal(await queue.take(never), 'a');
});

test('a waiting taker gets the key at once and an aborted one none', async () => {
  const queue = new WorkQueue();
  const stop = new AbortController();
  const aborted = queue.take(stop.signal);
  stop.abort();
  assert.equal(await aborted, undefined);
  const taken = queue.take(never);
  queue.add('a');
  assert.equal(await taken, 'a');
});

test('retries wait longer each time up to the ceiling, and forget starts over', () => {
  const queue = new WorkQueue({ clock: new FakeClock(), baseMs: 100, maxMs: 1000, random: () => 1 });
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map(() => queue.retry('a')),
    [100, 200, 400, 800, 1000, 1000],
  );
  queue.forget('a');
  assert.equal(queue.retry('a'), 100);
});

test('of two pending times the earlier one wins', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  queue.addAfter('a', 1000);
  queue.addAfter('a', 100);
  queue.addAfter('a', 500);
  await clock.advance(100);
  assert.equal(queue.length, 1);
  assert.equal(clock.pending, 0);
});

function recordingLogger(lines: string[]): Logger {
  const at = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push(`${level} ${message} ${fields?.['error'] ?? ''}`);
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    scope: () => logger,
  };
  return logger;
}

test('transient failures are retried, terminal ones wait, bugs are logged as errors and retried', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, baseMs: 100, random: () => 1 });
  const stop = new AbortController();
  const lines: string[] = [];
  const calls: Record<string, number> = {};
  const failures: Record<string, Error> = {
    flaky: new ApiError(503, 'ServiceUnavailable', 'busy'),
    wrong: new TerminalError('InvalidSpec', 'no such profile'),
    broken: new TypeError('undefined is not a function'),
  };
  const running = runReconciler(
    {
      queue,
      logger: recordingLogger(lines),
      reconcile: async (key) => {
        calls[key] = (calls[key] ?? 0) + 1;
        if (calls[key] < 3 && failures[key]) throw failures[key];
        return undefined;
      },
    },
    stop.signal,
  );
  for (const key of ['flaky', 'wrong', 'broken', 'fine']) queue.add(key);
  await clock.advance(5000);
  assert.deepEqual(calls, { flaky: 3, wrong: 1, broken: 3, fine: 1 });
  assert.equal(
    lines.filter((line) => line.startsWith('warn waiting for a change no such profile')).length,
    1,
  );
  assert.equal(lines.filter((line) => line.startsWith('error unexpected failure')).length, 2);
  stop.abort();
  await running;
});

test('a reconcile that asks for it is called again later', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  const stop = new AbortController();
  let calls = 0;
  void runReconciler(
    {
      queue,
      logger: recordingLogger([]),
      reconcile: async () => (++calls < 3 ? { requeueAfterMs: 1000 } : undefined),
    },
    stop.signal,
  );
  queue.add('a');
  await clock.advance(1500);
  assert.equal(calls, 2);
  await clock.advance(5000);
  assert.equal(calls, 3);
  stop.abort();
});
