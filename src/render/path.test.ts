import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from './json.ts';
import { merge } from './merge.ts';
import { parsePath, setPath } from './path.ts';

const rows: [string, Json, string, Json | undefined, Json][] = [
  ['sets a new key, making maps on the way', {}, 'a.b.c', 1, { a: { b: { c: 1 } } }],
  ['takes \\. as a dot inside a key', {}, 'a.b\\.c/d', 1, { a: { 'b.c/d': 1 } }],
  [
    'changes an entry found by name',
    {
      l: [
        { name: 'x', v: 1 },
        { name: 'y', v: 2 },
      ],
    },
    'l.[name:y].v',
    3,
    {
      l: [
        { name: 'x', v: 1 },
        { name: 'y', v: 3 },
      ],
    },
  ],
  ['changes a leaf found by value', { l: ['a', 'b'] }, 'l.[:b]', 'c', { l: ['a', 'c'] }],
  ['changes an entry by index, with or without a dot', { l: [1, 2] }, 'l[1]', 3, { l: [1, 3] }],
  ['appends with -1', { l: [1] }, 'l.[-1]', 2, { l: [1, 2] }],
  ['appends to a list that is not there', {}, 'l[0].name', 'x', { l: [{ name: 'x' }] }],
  ['removes a key', { a: { b: 1, c: 2 } }, 'a.b', undefined, { a: { c: 2 } }],
  [
    'removes an entry',
    { l: [{ name: 'x' }, { name: 'y' }] },
    'l.[name:x]',
    undefined,
    { l: [{ name: 'y' }] },
  ],
];

for (const [what, root, path, value, expected] of rows) {
  test(`a path ${what}`, () => {
    const before = JSON.stringify(root);
    assert.deepEqual(setPath(root, parsePath(path), value), expected);
    assert.equal(JSON.stringify(root), before, 'the argument is not changed');
  });
}

const faults: [string, Json, RegExp][] = [
  ['a.[name:z].b', { a: [{ name: 'x' }] }, /\[name:z\] is not there/],
  ['a.[5]', { a: [1] }, /\[5\] is not there/],
  ['a.b', { a: 'text' }, /"b" needs a map there/],
  ['a.[0]', { a: {} }, /\[0\] needs a list there/],
  ['a.[x]', {}, /cannot read "\[x\]"/],
  ['a.[broken', {}, /cannot read path "a\.\[broken"/],
  ['', {}, /empty path/],
  ['__proto__.x', {}, /__proto__ cannot be set/],
];

for (const [path, root, message] of faults) {
  test(`the path "${path}" is refused with ${message}`, () => {
    assert.throws(() => setPath(root, parsePath(path), 1), message);
  });
}

test('overlays merge maps, replace lists, merge gateways by name and remove with null', () => {
  const base: Json = {
    a: { b: 1, c: [1, 2] },
    ingressGateways: [{ name: 'x', enabled: true, k8s: { r: 1 } }],
    gone: 1,
  };
  const over: Json = {
    a: { c: [3] },
    ingressGateways: [{ name: 'y' }, { name: 'x', enabled: false }],
    gone: null,
  };
  assert.deepEqual(merge(base, over), {
    a: { b: 1, c: [3] },
    ingressGateways: [{ name: 'x', enabled: false, k8s: { r: 1 } }, { name: 'y' }],
  });
});
