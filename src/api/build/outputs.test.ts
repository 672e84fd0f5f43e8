import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../base/package-root.ts';
import { parseYaml } from '../../base/yaml.ts';
import { kinds } from '../kinds.ts';
import { validateObject } from '../validate-object.ts';
import { maxCrdBytes } from './crd.ts';
import { examples } from './examples.ts';
import { generatedFiles } from './outputs.ts';

const root = packageRoot();
const files = await generatedFiles();

test('generated files are up to date; npm run generate writes them', () => {
  const stale = [...files]
    .filter(([path, text]) => readText(join(root, path)) !== text)
    .map(([path]) => path);
  assert.deepEqual(stale, []);
});

test('no generated file is left over', () => {
  const known = new Set([...files.keys()].map((path) => path.split('/').at(-1)));
  const found = ['crds', 'docs/reference'].flatMap((folder) => readdirSync(join(root, folder)));
  assert.deepEqual(
    found.filter((name) => !known.has(name)),
    [],
  );
});

test('CRDs fit into the annotation of client-side apply', () => {
  for (const [path, text] of files) {
    if (path.startsWith('crds/')) assert.ok(JSON.stringify(parseYaml(text)).length < maxCrdBytes, path);
  }
});

test('the example of each reference page is valid', () => {
  for (const kind of kinds) {
    const errors = validateObject(parseYaml(examples[kind.kind] ?? '')).filter(
      (issue) => issue.severity === 'error',
    );
    assert.deepEqual(errors, [], kind.kind);
  }
});

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
