import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ClusterLocks } from './cluster-lock.ts';

const fresh = () => mkdtempSync(join(tmpdir(), 'lateen-test-'));

test('an index is taken once, until it is given back', () => {
  const locks = new ClusterLocks(fresh());
  assert.equal(locks.take(0, '/tmp/a'), true);
  assert.equal(locks.take(0, '/tmp/b'), false);
  assert.equal(locks.owned(0), true);
  assert.deepEqual(locks.abandoned(), []);
  locks.release(0);
  assert.equal(locks.take(0, '/tmp/b'), true);
});

test('the record of a dead process, or of an earlier one with its pid, is abandoned', () => {
  const folder = fresh();
  const locks = new ClusterLocks(folder);
  writeFileSync(
    join(folder, 'lateen3.json'),
    JSON.stringify({ pid: 4_194_300, start: '1', folder: '/tmp/x' }),
  );
  writeFileSync(
    join(folder, 'lateen4.json'),
    JSON.stringify({ pid: process.pid, start: '1', folder: '/tmp/y' }),
  );
  assert.deepEqual(
    locks.abandoned().map(({ index, owner }) => [index, owner?.folder]),
    [
      [3, '/tmp/x'],
      [4, '/tmp/y'],
    ],
  );
});
