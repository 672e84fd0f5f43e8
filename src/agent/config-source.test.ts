import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLogger } from '../base/log.ts';
import { payloadHash } from '../xds/snapshot/encode.ts';
import { labels } from '../xds/snapshot/index.ts';
import { Assembler, type CompleteConfig, type StoredObject } from './config-source.ts';
import { DirectorySource } from './directory-source.ts';

const folders: string[] = [];
after(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

function temporary(prefix: string): string {
  const made = mkdtempSync(prefix);
  folders.push(made);
  return made;
}

const payload = (listener: string) =>
  JSON.stringify({ listeners: [{ name: listener }], routes: [], clusters: [], endpoints: [] });

function own(scope: string, generation = 1): StoredObject {
  const head = { generation, scope, hash: 'h', node: { cluster: 'reviews.default', metadata: {} } };
  return {
    metadata: { name: 'istio-proxy-x' },
    data: { 'proxy.json': JSON.stringify(head), 'resources.json': payload('virtualInbound') },
  };
}

function part(name: string, listener: string): StoredObject {
  return {
    metadata: { name, labels: { [labels.part]: 'config' } },
    data: { 'resources.json': payload(listener) },
  };
}

function index(parts: [string, string][], endpoints: string[] = []): StoredObject {
  const body = {
    generation: 1,
    parts: parts.map(([name, listener]) => ({ name, hash: payloadHash(payload(listener)) })),
    endpoints,
  };
  return {
    metadata: { name: 's', labels: { [labels.part]: 'index' } },
    data: { 'index.json': JSON.stringify(body) },
  };
}

function assembler() {
  const complete: CompleteConfig[] = [];
  const scopes: string[] = [];
  const subject = new Assembler({
    onComplete: (config) => complete.push(config),
    onScope: (scope) => scopes.push(scope),
    log: silentLogger,
  });
  const listeners = () => complete.at(-1)?.resources.listeners.map((listener) => listener['name']);
  return { subject, complete, scopes, listeners };
}

test('nothing is handed on before own, index and every named part are there', async () => {
  const { subject, complete, scopes, listeners } = assembler();
  subject.setOwn(own('s'));
  subject.setPart(
    index([
      ['s.a', 'A'],
      ['s.b', 'B'],
    ]),
  );
  subject.setPart(part('s.a', 'A'));
  await nextTurn();
  assert.deepEqual([complete.length, scopes, subject.missing], [0, ['s'], ['s.b']]);
  subject.setPart(part('s.b', 'B'));
  await nextTurn();
  assert.deepEqual(listeners(), ['A', 'B', 'virtualInbound']);
});

test('a part that runs ahead of its index waits for it', async () => {
  const { subject, complete, listeners } = assembler();
  subject.setOwn(own('s'));
  subject.setPart(part('s.a', 'A'));
  subject.setPart(index([['s.a', 'A']]));
  await nextTurn();
  subject.setPart(part('s.a', 'A2'));
  await nextTurn();
  assert.equal(complete.length, 1);
  subject.setPart(index([['s.a', 'A2']]));
  await nextTurn();
  assert.deepEqual(listeners(), ['A2', 'virtualInbound']);
});

test('a part deleted by hand does not empty the proxy', async () => {
  const { subject, complete } = assembler();
  subject.setOwn(own('s'));
  subject.setPart(part('s.a', 'A'));
  subject.setPart(index([['s.a', 'A']]));
  await nextTurn();
  subject.removePart('s.a');
  subject.setOwn(own('s', 2));
  await nextTurn();
  assert.equal(complete.length, 2);
  assert.equal(complete.at(-1)?.resources.listeners.length, 2);
});

test('corrupted objects are refused and the last good state stays', async () => {
  const { subject, complete } = assembler();
  subject.setOwn(own(''));
  await nextTurn();
  subject.setOwn({ metadata: { name: 'istio-proxy-x' }, data: { 'proxy.json': '{broken' } });
  await nextTurn();
  assert.equal(complete.length, 1);
});

test('a folder with the same content gives the same configuration and follows changes', async () => {
  const base = temporary(join(tmpdir(), 'lateen-source-'));
  const write = (object: StoredObject, folder: string) => {
    mkdirSync(folder, { recursive: true });
    for (const [key, text] of Object.entries(object.data ?? {})) writeFileSync(join(folder, key), text);
  };
  write(own('s'), join(base, 'own'));
  write(part('s.a', 'A'), join(base, 'scope/s.a'));
  write(index([['s.a', 'A']]), join(base, 'scope/s'));
  const { subject, complete, listeners } = assembler();
  const source = new DirectorySource(base, subject, silentLogger);
  source.start();
  await nextTurn();
  assert.deepEqual(listeners(), ['A', 'virtualInbound']);
  const staged = temporary(join(tmpdir(), 'lateen-staged-'));
  write(part('s.a', 'B'), join(staged, 'scope/s.a'));
  write(index([['s.a', 'B']]), join(staged, 'scope/s'));
  cpSync(staged, base, { recursive: true });
  const deadline = Date.now() + 5000;
  while (complete.at(-1)?.resources.listeners[0]?.['name'] !== 'B' && Date.now() < deadline)
    await new Promise((r) => setTimeout(r, 5));
  source.stop();
  assert.deepEqual(listeners(), ['B', 'virtualInbound']);
});
