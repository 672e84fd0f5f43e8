import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { LogOptions } from '../api/node-backend.ts';
import { LogFile } from './log-file.ts';

const all: LogOptions = { follow: false, previous: false, timestamps: false };

function logWith(lines: string[]): { log: LogFile; clock: FakeClock } {
  const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  const log = new LogFile(join(mkdtempSync(join(tmpdir(), 'lateen-test-')), 'log'), clock);
  for (const line of lines) log.append('stdout', Buffer.from(line));
  return { log, clock };
}

async function read(log: LogFile, options: Partial<LogOptions> = {}): Promise<string> {
  const out = new PassThrough();
  let text = '';
  out.on('data', (chunk) => (text += chunk));
  await log.read({ ...all, ...options }, out, new AbortController().signal);
  await new Promise((resolve) => setImmediate(resolve));
  return text;
}

test('lines are put together from chunks and stamped', async () => {
  const { log } = logWith(['hel', 'lo\nwor', 'ld\n']);
  assert.equal(readFileSync(log.path, 'utf8').split('\n')[0], '2026-01-01T00:00:00.000Z stdout F hello');
  assert.equal(await read(log), 'hello\nworld\n');
});

test('tail, bytes, time and timestamps select', async () => {
  const { log, clock } = logWith(['1\n2\n3\n']);
  await clock.advance(5000);
  log.append('stderr', Buffer.from('4\n'));
  assert.equal(await read(log, { tailLines: 2 }), '3\n4\n');
  assert.equal(await read(log, { tailLines: 0 }), '');
  assert.equal(await read(log, { limitBytes: 3 }), '1\n2');
  assert.equal(await read(log, { sinceMs: clock.now() - 1000 }), '4\n');
  assert.equal(await read(log, { tailLines: 1, timestamps: true }), '2026-01-01T00:00:05.000Z 4\n');
});

test('a follower gets what comes later, and ends with the container', async () => {
  const { log } = logWith(['1\n']);
  const reading = read(log, { follow: true, tailLines: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  log.append('stdout', Buffer.from('2\nrest'));
  log.close();
  assert.equal(await reading, '1\n2\nrest\n');
});

test('a very long line is cut into parts and read back whole', async () => {
  const line = 'x'.repeat(40_000);
  const { log } = logWith([`${line}\n`]);
  assert.equal(await read(log), `${line}\n`);
});

test('a full log is turned over and both parts are read', async () => {
  const { log } = logWith([]);
  const block = `${'y'.repeat(1023)}\n`.repeat(1024);
  for (let i = 0; i < 12; i++) log.append('stdout', Buffer.from(block));
  assert.equal((await read(log)).length, 12 * 1024 * 1024);
});
