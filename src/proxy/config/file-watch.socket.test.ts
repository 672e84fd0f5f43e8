import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FileWatch } from './file-watch.ts';

const folders: string[] = [];
after(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

/** A watched folder, and how often the watch has called so far once a rename of `mark` (a plain watched file) has arrived. */
function watched(path: (folder: string) => string) {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-watch-'));
  const marks = mkdtempSync(join(tmpdir(), 'lateen-marks-'));
  folders.push(folder, marks);
  let calls = 0;
  let marked = () => {};
  const watch = new FileWatch(() => (calls += 1));
  const marker = new FileWatch(() => marked());
  const set = () => {
    watch.set(new Map([[folder, [path(folder)]]]), []);
    marker.set(new Map(), [join(folder, 'mark')]);
  };
  const settled = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    marked = resolve;
    writeFileSync(join(marks, 'mark'), '');
    renameSync(join(marks, 'mark'), join(folder, 'mark'));
    await promise;
    return calls;
  };
  const close = () => {
    watch.close();
    marker.close();
  };
  return { folder, set, settled, close };
}

function point(folder: string, name: string, target: string): void {
  symlinkSync(target, join(folder, '.next'));
  renameSync(join(folder, '.next'), join(folder, name));
}

test('a new generation beside the current one wakes nobody, the swap does', async () => {
  const { folder, set, settled, close } = watched((base) => join(base, 'current/rds/9080.json'));
  mkdirSync(join(folder, 'g1'));
  point(folder, 'current', 'g1');
  set();
  mkdirSync(join(folder, 'g2'));
  assert.equal(await settled(), 0);
  point(folder, 'current', 'g2');
  assert.ok((await settled()) > 0);
  close();
});

test('a file that is a link through another name follows that name, as mounted ConfigMaps need it', async () => {
  const { folder, set, settled, close } = watched((base) => join(base, 'lds.json'));
  mkdirSync(join(folder, '..v1'));
  point(folder, '..data', '..v1');
  symlinkSync('..data/lds.json', join(folder, 'lds.json'));
  set();
  mkdirSync(join(folder, '..v2'));
  point(folder, '..data', '..v2');
  assert.ok((await settled()) > 0);
  close();
});
