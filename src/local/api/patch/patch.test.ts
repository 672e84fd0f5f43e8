import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fields } from '../object.ts';
import { builtinTypes } from '../resources/builtin.ts';
import { freezeJson } from '../schema/json-value.ts';
import { jsonPatch } from './json.ts';
import { mergePatch } from './merge.ts';
import { strategicMerge } from './strategic.ts';

const podSpec = builtinTypes.get('io.k8s.api.core.v1.PodSpec');
const serviceSpec = builtinTypes.get('io.k8s.api.core.v1.ServiceSpec');
const objectMeta = builtinTypes.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');

describe('strategic merge', () => {
  const containers = [
    { name: 'a', image: '1' },
    { name: 'b', image: '2' },
  ];
  const cases: [string, Parameters<typeof strategicMerge>[0], Fields, Fields, Fields][] = [
    [
      'merges list items by their key',
      podSpec,
      { containers },
      { containers: [{ name: 'b', image: '3' }] },
      {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '3' },
        ],
      },
    ],
    [
      'deletes an item',
      podSpec,
      { containers },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [{ name: 'b', image: '2' }] },
    ],
    [
      'replaces a list',
      podSpec,
      { containers },
      { containers: [{ $patch: 'replace' }, { name: 'c' }] },
      { containers: [{ name: 'c' }] },
    ],
    [
      'orders a list',
      podSpec,
      { containers },
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [] },
      {
        containers: [
          { name: 'b', image: '2' },
          { name: 'a', image: '1' },
        ],
      },
    ],
    [
      'drops what is null',
      podSpec,
      { hostname: 'x', subdomain: 'y' },
      { hostname: null },
      { subdomain: 'y' },
    ],
    [
      'keeps only the retained keys of a volume',
      podSpec,
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] },
      { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
    ],
    [
      'replaces a list without a merge key',
      podSpec,
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    [
      'adds to a set',
      objectMeta,
      { finalizers: ['a'] },
      { finalizers: ['a', 'b'] },
      { finalizers: ['a', 'b'] },
    ],
    [
      'takes members out of a set',
      objectMeta,
      { finalizers: ['a', 'b'] },
      { '$deleteFromPrimitiveList/finalizers': ['a'] },
      { finalizers: ['b'] },
    ],
    [
      'merges ports by number',
      serviceSpec,
      { ports: [{ port: 80, name: 'x' }] },
      { ports: [{ port: 80, targetPort: 8080 }, { port: 81 }] },
      { ports: [{ port: 80, name: 'x', targetPort: 8080 }, { port: 81 }] },
    ],
  ];
  for (const [name, schema, target, patch, expected] of cases) {
    test(name, () => assert.deepEqual(strategicMerge(schema, freezeJson(target), patch), expected));
  }
});

describe('JSON patch', () => {
  const target = freezeJson({ a: { 'b/c': 1 }, list: [1, 2, 3] });
  const cases: [string, unknown[], unknown][] = [
    ['adds into a list', [{ op: 'add', path: '/list/1', value: 9 }], { a: { 'b/c': 1 }, list: [1, 9, 2, 3] }],
    [
      'appends to a list',
      [{ op: 'add', path: '/list/-', value: 9 }],
      { a: { 'b/c': 1 }, list: [1, 2, 3, 9] },
    ],
    [
      'reads escaped names',
      [{ op: 'replace', path: '/a/b~1c', value: 2 }],
      { a: { 'b/c': 2 }, list: [1, 2, 3] },
    ],
    [
      'moves',
      [{ op: 'move', from: '/list/0', path: '/a/first' }],
      { a: { 'b/c': 1, first: 1 }, list: [2, 3] },
    ],
    [
      'copies',
      [{ op: 'copy', from: '/list', path: '/a/list' }],
      { a: { 'b/c': 1, list: [1, 2, 3] }, list: [1, 2, 3] },
    ],
  ];
  for (const [name, patch, expected] of cases)
    test(name, () => assert.deepEqual(jsonPatch(target, patch), expected));

  for (const [name, operation] of Object.entries({
    'a failed test': { op: 'test', path: '/list/0', value: 2 },
    'a missing path': { op: 'remove', path: '/a/none' },
    'an index beyond the end': { op: 'add', path: '/list/7', value: 1 },
  })) {
    test(`${name} is refused`, () => assert.throws(() => jsonPatch(target, [operation]), { code: 422 }));
  }
});

test('merge patch removes nulls and replaces lists', () => {
  const target = freezeJson({ a: { b: 1, c: 2 }, list: [1] });
  assert.deepEqual(mergePatch(target, { a: { b: null, d: { e: null } }, list: [2] }), {
    a: { c: 2, d: {} },
    list: [2],
  });
});
