import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { test } from 'node:test';

/**
 * The import rule of the house (docs/decisions/0001): imports go to a strictly lower rank or stay in their folder; the few extra edges
 * and bans are written here with their reason.
 */
const rank: Record<string, number> = {
  base: 0,
  api: 1,
  xds: 1,
  pki: 1,
  mesh: 2,
  match: 2,
  kube: 2,
  translate: 3,
  render: 3,
  inject: 3,
  analyze: 3,
  operator: 4,
  controlplane: 4,
  webhook: 4,
  ca: 4,
  agent: 4,
  proxy: 4,
  local: 4,
  cli: 5,
  cmd: 5,
};

/** Same-rank imports that are allowed. */
const allowed: Record<string, string[]> = { analyze: ['translate'], cmd: ['cli'] };

/** Lower-rank imports that are still wrong. */
const banned: Record<string, string[]> = {
  api: ['xds', 'kube'],
  xds: ['api'],
  pki: ['api', 'kube'],
  mesh: ['xds', 'kube'],
  match: ['kube', 'mesh'],
  kube: ['mesh', 'match'],
  translate: ['kube'],
  render: ['kube', 'mesh'],
  inject: ['kube'],
  local: ['api', 'mesh', 'translate', 'render', 'inject', 'xds'],
  proxy: ['api', 'mesh', 'translate', 'render', 'inject', 'kube'],
};

/** The one folder that may import a library. */
const owners: Record<string, string[]> = {
  winston: ['base'],
  'prom-client': ['base'],
  'js-yaml': ['base'],
  yaml: ['base'],
  handlebars: ['base'],
  re2js: ['base'],
  'ipaddr.js': ['base'],
  '@kubernetes/client-node': ['kube'],
  '@dot-i/k8s-operator': ['kube'],
  koffi: ['proxy'],
  'xxhash-wasm': ['match'],
  commander: ['cli'],
  picocolors: ['base'],
  '@peculiar/x509': ['pki'],
  '@bufbuild/cel': ['local'],
  ajv: ['local'],
};

const root = import.meta.dirname;
const files = globSync('**/*.ts', { cwd: root }).sort();
const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import '([^']+)'/g;

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(importPattern)].map((m) => (m[1] ?? m[2] ?? m[3]) as string);
}

function isTest(file: string): boolean {
  return /\.test\.ts$|\.contract\.ts$|(^|\/)testing\//.test(file);
}

test('imports go to a lower rank or stay in their folder', () => {
  const faults: string[] = [];
  for (const file of files) {
    const from = file.split('/')[0] as string;
    if (rank[from] === undefined || isTest(file)) continue;
    for (const spec of importsOf(file).filter((s) => s.startsWith('.'))) {
      const to = normalize(join(file, '..', spec)).split('/')[0] as string;
      if (to === from || allowed[from]?.includes(to)) continue;
      const ok =
        rank[to] !== undefined &&
        (rank[to] as number) < (rank[from] as number) &&
        !banned[from]?.includes(to);
      if (!ok)
        faults.push(
          `${file}: imports ${spec}: ${from} (rank ${rank[from]}) may not import ${to} (rank ${rank[to]})`,
        );
    }
  }
  assert.deepEqual(faults, []);
});

test('test support is imported by tests only', () => {
  const faults = files
    .filter((file) => !isTest(file))
    .flatMap((file) =>
      importsOf(file)
        .filter((s) => s.includes('/testing/'))
        .map((s) => `${file}: ${s}`),
    );
  assert.deepEqual(faults, []);
});

test('each library has one folder that imports it', () => {
  const faults: string[] = [];
  for (const file of files.filter((f) => !isTest(f))) {
    const from = file.split('/')[0] as string;
    for (const spec of importsOf(file)) {
      const name = spec.startsWith('@')
        ? spec.split('/').slice(0, 2).join('/')
        : (spec.split('/')[0] as string);
      if (owners[name] && !owners[name].includes(from))
        faults.push(`${file}: ${name} belongs to ${owners[name].join(', ')}`);
    }
  }
  assert.deepEqual(faults, []);
});

test('the data plane reads Envoy resources only in proxy/config', () => {
  const faults = files
    .filter((file) => file.startsWith('proxy/') && !file.startsWith('proxy/config/') && !isTest(file))
    .flatMap((file) =>
      importsOf(file)
        .filter((s) => /\/xds\//.test(s))
        .map((s) => `${file}: ${s}`),
    );
  assert.deepEqual(faults, []);
});

test('source files stay under 600 lines', () => {
  const exempt = /\.gen\.ts$|\.test\.ts$|\/testing\/|tables?\.ts$/;
  const faults = files
    .filter((file) => !exempt.test(file))
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 600)
    .map(({ file, lines }) => `${file}: ${lines} lines`);
  assert.deepEqual(faults, []);
});

test('no drawer files', () => {
  const drawers = files.filter((file) =>
    /(^|\/)(utils?|helpers?|common|misc|manager|impl)(\.ts|\/)/.test(file),
  );
  assert.deepEqual(drawers, []);
});
