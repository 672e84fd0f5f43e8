import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { emptyResources, type ResourceSet } from '../xds/snapshot/index.ts';
import { GenerationStore } from './generation-store.ts';

const folders: string[] = [];
after(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

function temporary(prefix: string): string {
  const made = mkdtempSync(prefix);
  folders.push(made);
  return made;
}

const world = (route: string): ResourceSet => ({
  ...emptyResources,
  listeners: [{ name: '0.0.0.0_9080' }],
  clusters: [{ name: 'outbound|9080||reviews', eds_cluster_config: { eds_config: { ads: {} } } }],
  routes: [{ name: '9080', marker: route }],
  endpoints: [{ cluster_name: 'outbound|9080||reviews' }],
});

const folder = () => join(temporary(join(tmpdir(), 'lateen-xds-')), 'xds');
const read = (base: string, file: string) => JSON.parse(readFileSync(join(base, 'current', file), 'utf8'));

test('a snapshot lies there as Envoy file xDS with one file a route table', () => {
  const base = folder();
  assert.equal(new GenerationStore(base).write(world('a')), true);
  assert.deepEqual(read(base, 'rds/9080.json'), { resources: [{ name: '9080', marker: 'a' }] });
  const source = read(base, 'cds.json').resources[0].eds_cluster_config.eds_config.path_config_source;
  assert.deepEqual(source, {
    path: `${base}/current/eds/outbound%7C9080%7C%7Creviews.json`,
    watched_directory: { path: base },
  });
});

test('an equal snapshot writes nothing, also after a restart', () => {
  const base = folder();
  new GenerationStore(base).write(world('a'));
  const before = realpathSync(join(base, 'current'));
  const restarted = new GenerationStore(base);
  assert.equal(restarted.hasConfiguration, true);
  assert.equal(restarted.write(world('a')), false);
  assert.equal(realpathSync(join(base, 'current')), before);
});

test('unchanged files are the same inode in the next generation, changed ones are not', () => {
  const base = folder();
  const store = new GenerationStore(base);
  store.write(world('a'));
  const inode = (file: string) => statSync(join(base, 'current', file)).ino;
  const before = { cds: inode('cds.json'), rds: inode('rds/9080.json') };
  store.write(world('b'));
  assert.equal(inode('cds.json'), before.cds);
  assert.notEqual(inode('rds/9080.json'), before.rds);
});

test('old generations are removed, and a restart goes on counting', () => {
  const base = folder();
  for (const name of ['a', 'b', 'c', 'd']) new GenerationStore(base).write(world(name));
  new GenerationStore(base).removeOld();
  assert.deepEqual(
    readdirSync(base)
      .filter((name) => name.startsWith('g'))
      .sort(),
    ['g3', 'g4'],
  );
});

test('a generation made of a superseded folder holds exactly its own files, and the others keep theirs', () => {
  const base = folder();
  const store = new GenerationStore(base);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const before = name === 'a' ? undefined : realpathSync(join(base, 'current'));
    const kept = before === undefined ? '' : readFileSync(join(before, 'cds.json'), 'utf8');
    const own = { name: `only-${name}`, marker: name };
    store.write({ ...world(name), routes: [{ name: '9080', marker: name }, own] });
    assert.deepEqual(readdirSync(join(base, 'current/rds')).sort(), ['9080.json', `only-${name}.json`]);
    assert.equal(read(base, 'rds/9080.json').resources[0].marker, name);
    assert.equal(read(base, 'eds/outbound%7C9080%7C%7Creviews.json').resources.length, 1);
    if (before === undefined) continue;
    assert.equal(readFileSync(join(before, 'cds.json'), 'utf8'), kept);
    assert.equal(readdirSync(join(before, 'rds')).length, 2);
  }
  store.removeOld();
  assert.equal(readdirSync(base).filter((name) => name.startsWith('g')).length, 3);
});

test('a write that fails leaves the present generation current', () => {
  const base = folder();
  const store = new GenerationStore(base);
  store.write(world('a'));
  const circular: Record<string, unknown> = { name: 'bad' };
  circular['self'] = circular;
  assert.throws(() => store.write({ ...world('b'), listeners: [circular] }));
  assert.deepEqual(read(base, 'rds/9080.json').resources[0].marker, 'a');
  assert.equal(store.write(world('c')), true);
});
