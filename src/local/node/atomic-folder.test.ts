import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AtomicFolder } from './atomic-folder.ts';
import type { VolumeFiles } from './volume-content.ts';

const files = (entries: Record<string, string>, mode = 0o644): VolumeFiles =>
  new Map(Object.entries(entries).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));
const fresh = () => join(mkdtempSync(join(tmpdir(), 'lateen-test-')), 'volume');

test('files are reached through one link that is swapped', () => {
  const folder = new AtomicFolder(fresh());
  folder.write(files({ 'a.txt': 'one', 'sub/b.txt': 'two' }));
  const before = readlinkSync(join(folder.path, '..data'));
  assert.equal(readFileSync(join(folder.path, 'sub/b.txt'), 'utf8'), 'two');
  folder.write(files({ 'a.txt': 'changed' }));
  assert.notEqual(readlinkSync(join(folder.path, '..data')), before);
  assert.equal(readFileSync(join(folder.path, 'a.txt'), 'utf8'), 'changed');
});

test('names that are gone vanish, and so does the old generation', () => {
  const folder = new AtomicFolder(fresh());
  folder.write(files({ a: '1', b: '2' }));
  folder.write(files({ b: '2' }));
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => !name.startsWith('..')),
    ['b'],
  );
  assert.equal(readdirSync(folder.path).filter((name) => name.startsWith('..2')).length, 1);
});

test('equal content is not written again', () => {
  const folder = new AtomicFolder(fresh());
  assert.equal(folder.write(files({ a: '1' })), true);
  assert.equal(folder.write(files({ a: '1' })), false);
  assert.equal(folder.write(files({ a: '1' }, 0o600)), true);
  assert.equal(statSync(join(folder.path, 'a')).mode & 0o777, 0o600);
});
