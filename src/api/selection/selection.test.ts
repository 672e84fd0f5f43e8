import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindNamed } from '../kinds.ts';
import { defaultMeshConfig } from '../mesh/defaults.ts';
import { servicePortProtocol } from '../rules/protocol.ts';
import { compareAge, destinationRuleNamespaces, levelOf, precedence } from './precedence.ts';
import { resolveHost, splitNamespacedHost } from './short-name.ts';
import { effectiveExportTo, isVisible } from './visibility.ts';

test('short names belong to the namespace of the rule', () => {
  const rows = [
    ['reviews', 'bookinfo', 'reviews.bookinfo.svc.cluster.local'],
    ['reviews.other', 'bookinfo', 'reviews.other'],
    ['*', 'bookinfo', '*'],
    ['*.com', 'bookinfo', '*.com'],
    ['reviews', '', 'reviews.svc.cluster.local'],
  ] as const;
  for (const [host, namespace, full] of rows) assert.equal(resolveHost(host, namespace), full);
  assert.deepEqual(splitNamespacedHost('./a.b', 'ns'), { namespace: 'ns', host: 'a.b' });
  assert.deepEqual(splitNamespacedHost('a.b', 'ns'), { namespace: '*', host: 'a.b' });
});

test('exportTo falls back to the mesh and then to everyone', () => {
  const mesh = { ...defaultMeshConfig(), defaultServiceExportTo: ['.'] };
  assert.deepEqual(effectiveExportTo('Service', undefined, mesh), ['.']);
  assert.deepEqual(effectiveExportTo('VirtualService', [], mesh), ['*']);
  assert.deepEqual(effectiveExportTo('DestinationRule', ['a'], mesh), ['a']);
  assert.ok(
    isVisible(['.'], 'a', 'a') &&
      !isVisible(['.'], 'a', 'b') &&
      isVisible(['b'], 'a', 'b') &&
      !isVisible(['~'], 'a', 'a'),
  );
});

test('protocols come from appProtocol, then the name, then ports whose server speaks first', () => {
  const rows = [
    [{ port: 80, name: 'http' }, 'HTTP'],
    [{ port: 80, name: 'http-web' }, 'HTTP'],
    [{ port: 80, name: 'web' }, undefined],
    [{ port: 80, name: 'grpc-web' }, 'GRPC-Web'],
    [{ port: 80, name: 'grpc-web-x' }, 'GRPC-Web'],
    [{ port: 80, name: 'grpc-x' }, 'GRPC'],
    [{ port: 80, name: 'tcp', appProtocol: 'http' }, 'HTTP'],
    [{ port: 80, name: 'http', appProtocol: 'unknown' }, undefined],
    [{ port: 80, appProtocol: 'kubernetes.io/h2c' }, 'HTTP2'],
    [{ port: 80, appProtocol: 'kubernetes.io/wss' }, 'HTTPS'],
    [{ port: 80, appProtocol: 'kubernetes.io/ws' }, 'HTTP'],
    [{ port: 3306, name: 'db' }, 'TCP'],
    [{ port: 3306, name: 'mysql' }, 'MySQL'],
    [{ port: 27017 }, 'TCP'],
    [{ port: 25 }, 'TCP'],
    [{ port: 53, protocol: 'UDP' }, 'UDP'],
    [{ port: 80 }, undefined],
    [{ port: 443, name: 'HTTPS' }, 'HTTPS'],
  ] as const;
  for (const [port, protocol] of rows)
    assert.equal(servicePortProtocol(port), protocol, JSON.stringify(port));
});

test('the nearest object is found by selector, namespace and root namespace', () => {
  const workload = { namespace: 'a', labels: { app: 'x', version: 'v1' } };
  assert.equal(levelOf({ namespace: 'a', selector: { app: 'x' } }, workload, 'root'), 0);
  assert.equal(levelOf({ namespace: 'a', selector: { app: 'y' } }, workload, 'root'), undefined);
  assert.equal(levelOf({ namespace: 'a' }, workload, 'root'), 1);
  assert.equal(levelOf({ namespace: 'a', selector: {} }, workload, 'root'), 1);
  assert.equal(levelOf({ namespace: 'root' }, workload, 'root'), 2);
  assert.equal(levelOf({ namespace: 'root', selector: { app: 'x' } }, workload, 'root'), 0);
  assert.equal(levelOf({ namespace: 'b' }, workload, 'root'), undefined);
  assert.deepEqual(destinationRuleNamespaces('a', 'b', 'b'), ['a', 'b']);
});

test('older objects come first, then the alphabet decides', () => {
  const at = (name: string, creationTimestamp: string) => ({ name, namespace: 'n', creationTimestamp });
  const sorted = [
    at('b', '2026-01-02T00:00:00Z'),
    at('c', '2026-01-01T00:00:00Z'),
    at('a', '2026-01-02T00:00:00Z'),
  ].sort(compareAge);
  assert.deepEqual(
    sorted.map(({ name }) => name),
    ['c', 'a', 'b'],
  );
});

test('every kind with precedence is a kind', () => {
  for (const kind of Object.keys(precedence)) assert.ok(kindNamed(kind) !== undefined, kind);
});
