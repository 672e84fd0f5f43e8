import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../base/yaml.ts';
import { catalogue } from './catalogue.ts';
import { kinds } from './kinds.ts';
import { schemaExamples } from './testing/schema-examples.ts';
import { isValid } from './validate-object.ts';

test('every kind has a schema and examples', () => {
  assert.deepEqual(kinds.map((kind) => kind.kind).sort(), Object.keys(catalogue).sort());
  assert.deepEqual(kinds.map((kind) => kind.kind).sort(), Object.keys(schemaExamples).sort());
});

test('what an API server refuses, validation without a server refuses too', () => {
  const wrong: string[] = [];
  for (const kind of kinds) {
    for (const spec of schemaExamples[kind.kind]?.refused ?? []) {
      const object = {
        apiVersion: `${kind.group}/${kind.stored}`,
        kind: kind.kind,
        metadata: { name: 'a' },
        spec: parseYaml(spec),
      };
      if (isValid(object)) wrong.push(`${kind.kind} ${spec}`);
    }
  }
  assert.deepEqual(wrong, []);
});
