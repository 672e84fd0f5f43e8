import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestAuthentication } from './security/types.gen.ts';
import { decodeObject, validateObject } from './validate-object.ts';

const wasm = (pluginConfig: unknown) => ({
  apiVersion: 'extensions.istio.io/v1alpha1',
  kind: 'WasmPlugin',
  metadata: { name: 'a' },
  spec: { url: 'oci://a/b', pluginConfig },
});

test('what is no object is a fault, not a crash', () => {
  for (const input of [
    null,
    undefined,
    3,
    'x',
    [],
    {},
    { kind: 'VirtualService' },
    { apiVersion: 3, kind: 4 },
  ])
    assert.equal(validateObject(input).length, 1, JSON.stringify(input));
});

test('metadata and spec of wrong type are faults', () => {
  const object = { apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', metadata: 'x', spec: [] };
  assert.deepEqual(
    validateObject(object).map((issue) => `${issue.code} ${issue.path}`),
    ['WrongType metadata', 'WrongType spec'],
  );
});

test('objects of other kinds come back untouched', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, anything: true };
  assert.deepEqual(decodeObject(secret), { object: secret, issues: [] });
});

test('an object without spec is decoded with an empty one', () => {
  const { object, issues } = decodeObject({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'a' },
  });
  assert.deepEqual(object?.spec, {});
  assert.deepEqual(issues, []);
});

test('former names come out as today’s', () => {
  const { object } = decodeObject<RequestAuthentication>({
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'a' },
    spec: { jwtRules: [{ issuer: 'i', jwks_uri: 'https://a/b', audiences: null }] },
  });
  assert.deepEqual(object?.spec.jwtRules, [{ issuer: 'i', jwksUri: 'https://a/b' }]);
});

test('free-form configuration may be deep, but not bottomless', () => {
  const nested = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  assert.deepEqual(validateObject(wasm(nested(50))), []);
  assert.deepEqual(
    validateObject(wasm(nested(5_000))).map((issue) => `${issue.path}: ${issue.message}`),
    ['spec.pluginConfig: is nested more than 100 levels deep'],
  );
});

test('keys that would reach a prototype are refused wherever they stand', () => {
  const evil = JSON.parse('{"__proto__": {"polluted": true}}') as unknown;
  const places = [
    wasm(evil),
    wasm({ a: [evil] }),
    { ...wasm({}), spec: evil },
    { ...wasm({}), ...(JSON.parse('{"metadata": {"__proto__": {"polluted": true}}}') as object) },
  ];
  for (const object of places.slice(0, 3))
    assert.ok(
      validateObject(object).some((issue) => issue.severity === 'error'),
      JSON.stringify(object),
    );
  for (const object of places) decodeObject(object);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('numbers beyond 2^53 are refused instead of rounded', () => {
  const object = JSON.parse(
    '{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"a"},"spec":{"host":"a","trafficPolicy":{"loadBalancer":{"consistentHash":{"httpHeaderName":"x","ringHash":{"minimumRingSize":18446744073709551615}}}}}}',
  ) as unknown;
  assert.deepEqual(
    validateObject(object).map((issue) => issue.code),
    ['OutOfRange'],
  );
});

test('a fault about something missing points at its owner and names it', () => {
  const object = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'a' },
    spec: { hosts: ['a'], tcp: [{}] },
  };
  const [issue] = validateObject(object);
  assert.equal(issue?.path, 'spec.tcp[0]');
  assert.equal(issue?.message, 'route: at least one destination is required');
});

test('advice says what to write instead', () => {
  const messages = (spec: unknown) =>
    validateObject({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'a' },
      spec,
    }).map((issue) => issue.message);
  const route = [{ destination: { host: 'a' } }];
  assert.deepEqual(messages({ hosts: ['a'], http: [{ route, timeout: 10 }] }), [
    'must be a duration such as 10s, not the number 10',
  ]);
  assert.deepEqual(messages({ hosts: ['a'], http: [{ route, name: true }] }), [
    'must be text, not true; put it in quotes',
  ]);
  assert.deepEqual(messages({ hosts: ['a'], http: [{ route, retires: {} }] }), [
    'unknown field "retires"; did you mean retries?',
  ]);
  assert.deepEqual(
    messages({ hosts: ['a'], http: [{ route, corsPolicy: { unmatchedPreflights: 'FOWARD' } }] }),
    ['"FOWARD" is not one of UNSPECIFIED, FORWARD, IGNORE; did you mean FORWARD?'],
  );
});
