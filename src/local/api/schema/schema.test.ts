import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileJsonPath, queryJsonPath } from '../crd/json-path.ts';
import { builtinResources, builtinTypes } from '../resources/builtin.ts';
import { durationText } from '../table/cells.ts';
import { decodeTyped } from './decode.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { canonicalQuantity } from './quantity.ts';

describe('quantities take their canonical spelling', () => {
  const cases: Record<string, string | undefined> = {
    '1000m': '1',
    '0.5': '500m',
    '1.5Gi': '1536Mi',
    '1024Mi': '1Gi',
    '100': '100',
    '1e3': '1e3',
    '2000k': '2M',
    '0': '0',
    '-1500m': '-1500m',
    '1.5.5': undefined,
    '1Zi': undefined,
  };
  for (const [text, expected] of Object.entries(cases)) {
    test(`${text} is ${expected ?? 'no quantity'}`, () => assert.equal(canonicalQuantity(text), expected));
  }
});

describe('typed decoding', () => {
  const pod = builtinTypes.get('io.k8s.api.core.v1.Pod');

  test('drops nulls, empty optional values and unknown fields, and lists the unknown ones', () => {
    const unknown: string[] = [];
    const value = {
      metadata: { name: 'a', labels: {}, creationTimestamp: null },
      spec: {
        hostNetwork: false,
        containers: [{ name: 'c', image: 'i', imag: 'x', env: [{ name: 'A', value: '' }] }],
      },
    };
    assert.deepEqual(decodeTyped(pod, value, unknown), {
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'A' }] }] },
    });
    assert.deepEqual(unknown, ['spec.containers[0].imag']);
  });

  test('keeps zeros and false behind pointers', () => {
    const value = {
      spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [] },
    };
    assert.deepEqual(decodeTyped(pod, value, []), value);
  });

  test('every built-in kind has a schema', () => {
    for (const { kind, schema } of builtinResources()) assert.ok(schema.properties?.['metadata'], kind);
  });
});

test('duplicate fields are found with their path', () => {
  const text = '{"a":1,"b":{"c":"x\\"y","c":2},"l":[{"d":1,"d":2}],"a":{"e":[]}}';
  assert.deepEqual(duplicateFields(text), ['b.c', 'l[0].d', 'a']);
});

describe('JSON paths of columns', () => {
  const object = {
    status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'Other' }] },
    metadata: { labels: { 'a.b/c': 'x' } },
  };
  const cases: Record<string, unknown[]> = {
    '.status.conditions[?(@.type=="Ready")].status': ['True'],
    '.status.conditions[*].type': ['Ready', 'Other'],
    '.status.conditions[-1].type': ['Other'],
    "metadata.labels['a.b/c']": ['x'],
    '.metadata.labels.a\\.b/c': ['x'],
    '.none.at.all': [],
  };
  for (const [path, expected] of Object.entries(cases)) {
    test(path, () => assert.deepEqual(queryJsonPath(compileJsonPath(path) ?? [], object), expected));
  }
});

test('ages are told in two units while both matter', () => {
  const minute = 60_000;
  const shown = [
    5000,
    119_000,
    5 * minute + 3000,
    100 * minute,
    5 * 60 * minute + 7 * minute,
    30 * 60 * minute,
    50 * 60 * minute,
  ].map(durationText);
  assert.deepEqual(shown, ['5s', '119s', '5m3s', '100m', '5h7m', '30h', '2d2h']);
});
