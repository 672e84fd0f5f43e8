import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiObject, Fields } from '../object.ts';
import { builtinTypes } from '../resources/builtin.ts';
import { freezeJson } from '../schema/json-value.ts';
import { difference, intersection, listPaths, union } from './field-set.ts';
import { applyConfiguration, recordUpdate, type Writer } from './managed-fields.ts';

const deployment = builtinTypes.get('io.k8s.api.apps.v1.Deployment');

function writer(manager: string): Writer {
  return { manager, apiVersion: 'apps/v1', subresource: '', time: '2026-01-01T00:00:00Z' };
}

function withContainers(containers: Fields[], more: Fields = {}): ApiObject {
  return freezeJson({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { ...more, template: { spec: { containers } } },
  }) as ApiObject;
}

function apply(live: ApiObject, manager: string, config: ApiObject, force = false): ApiObject {
  const options = { force, ignored: <T>(set: T) => set };
  const { object, managedFields } = applyConfiguration(deployment, live, config, writer(manager), options);
  return freezeJson({ ...object, metadata: { ...object.metadata, managedFields } });
}

const nothing = freezeJson({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a' },
}) as ApiObject;

describe('field sets', () => {
  const a = { 'f:spec': { 'f:x': {}, 'k:{"name":"n"}': { '.': {}, 'f:v': {} } } };
  const b = { 'f:spec': { 'f:x': {}, 'f:y': {} } };

  test('unite, intersect and subtract by path', () => {
    assert.deepEqual(listPaths(union(a, b)), ['.spec.x', '.spec.y', '.spec[name="n"]', '.spec[name="n"].v']);
    assert.deepEqual(intersection(a, b), { 'f:spec': { 'f:x': {} } });
    assert.deepEqual(difference(a, b), { 'f:spec': { 'k:{"name":"n"}': { '.': {}, 'f:v': {} } } });
  });
});

describe('apply', () => {
  test('two managers share a list by its keys, and each removes only its own item', () => {
    const first = apply(nothing, 'one', withContainers([{ name: 'x', image: '1' }]));
    const both = apply(first, 'two', withContainers([{ name: 'y', image: '2' }]));
    const names = (object: ApiObject) =>
      (object.spec as { template: { spec: { containers: Fields[] } } }).template.spec.containers.map(
        (one) => one['name'],
      );
    assert.deepEqual(names(both), ['x', 'y']);
    assert.deepEqual(names(apply(both, 'one', withContainers([]))), ['y']);
  });

  test('a value both managers want is owned by both', () => {
    const first = apply(nothing, 'one', withContainers([], { replicas: 2 }));
    const second = apply(first, 'two', withContainers([], { replicas: 2 }));
    const left = apply(second, 'one', withContainers([]));
    assert.equal((left.spec as Fields)['replicas'], 2);
    assert.equal((apply(left, 'two', withContainers([])).spec as Fields)['replicas'], undefined);
  });

  test('force takes a field over', () => {
    const first = apply(nothing, 'one', withContainers([], { replicas: 2 }));
    assert.throws(() => apply(first, 'two', withContainers([], { replicas: 3 })), { code: 409 });
    const forced = apply(first, 'two', withContainers([], { replicas: 3 }), true);
    assert.deepEqual(forced.metadata.managedFields?.map(({ manager }) => manager).sort(), ['one', 'two']);
    assert.equal((apply(forced, 'one', withContainers([])).spec as Fields)['replicas'], 3);
  });

  test('applying the same again changes nothing, not even the time', () => {
    const config = withContainers([{ name: 'x', image: '1' }], { replicas: 1 });
    const first = apply(nothing, 'one', config);
    assert.deepEqual(apply(first, 'one', config), first);
  });
});

describe('ordinary updates', () => {
  test('the writer owns what it changed, and the one before loses it', () => {
    const made = withContainers([], { replicas: 1, paused: true });
    const entries = recordUpdate(deployment, undefined, made, writer('maker')) ?? [];
    const before = freezeJson({ ...made, metadata: { ...made.metadata, managedFields: entries } });
    const after = freezeJson({ ...before, spec: { ...(before.spec as Fields), replicas: 2 } });
    const owners = Object.fromEntries(
      (recordUpdate(deployment, before, after, writer('editor')) ?? []).map((entry) => [
        entry.manager,
        entry.fieldsV1,
      ]),
    );
    assert.deepEqual(owners['editor'], { 'f:spec': { 'f:replicas': {} } });
    assert.equal('f:replicas' in ((owners['maker'] as Record<string, Fields>)['f:spec'] as Fields), false);
    assert.equal('f:paused' in ((owners['maker'] as Record<string, Fields>)['f:spec'] as Fields), true);
  });
});
