import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../base/package-root.ts';
import { collect, coverageMarkdown } from './coverage.ts';

test('docs/envoy-coverage.md says what the descriptors say', () => {
  const path = join(packageRoot(), 'docs/envoy-coverage.md');
  if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(path, coverageMarkdown());
  assert.equal(
    readFileSync(path, 'utf8'),
    coverageMarkdown(),
    'run UPDATE_GOLDENS=1 node --test src/xds/coverage.test.ts',
  );
});

test('a field is either known or refused, never both', () => {
  const faults = collect().flatMap((m) =>
    Object.keys(m.rules.unsupported ?? {})
      .filter((name) => name in m.fields)
      .map((name) => `${m.typeName}.${name}`),
  );
  assert.deepEqual(faults, []);
});

test('every member of a oneof is a field', () => {
  const faults = collect().flatMap((m) =>
    (m.rules.oneofs ?? []).flatMap((o) =>
      o.fields.filter((name) => !(name in m.fields)).map((name) => `${m.typeName}.${name}`),
    ),
  );
  assert.deepEqual(faults, []);
});
