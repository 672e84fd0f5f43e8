import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotationRows } from './annotations.ts';
import { validateAnnotations } from './validate-annotations.ts';

/** Rows of istio/pkg/kube/inject/validate.go: annotation, values that are taken, values that are refused. */
const table: readonly [name: string, good: readonly string[], bad: readonly string[]][] = [
  ['sidecar.istio.io/interceptionMode', ['REDIRECT', 'TPROXY', 'NONE'], ['redirect', '', 'X']],
  ['status.sidecar.istio.io/port', ['0', '15020', ' 80'], ['65536', '-1', 'http']],
  ['readiness.status.sidecar.istio.io/initialDelaySeconds', ['0', '3'], ['-1', '1s', '4294967296']],
  ['readiness.status.sidecar.istio.io/periodSeconds', ['1'], ['', 'x']],
  ['readiness.status.sidecar.istio.io/failureThreshold', ['1'], ['1.5']],
  [
    'traffic.sidecar.istio.io/includeOutboundIPRanges',
    ['*', '10.0.0.0/8', '10.0.0.0/8,::1/128', ''],
    ['10.0.0.1', '*,10.0.0.0/8', 'a/8'],
  ],
  ['traffic.sidecar.istio.io/excludeOutboundIPRanges', ['10.0.0.0/8', ''], ['*', '10.0.0.0']],
  ['traffic.sidecar.istio.io/includeInboundPorts', ['*', '80', '80,81', ''], ['80-81', 'http']],
  ['traffic.sidecar.istio.io/excludeInboundPorts', ['80', '80, 81', ''], ['*', '70000']],
  ['traffic.sidecar.istio.io/excludeOutboundPorts', ['3306'], ['*', '3306;']],
  ['traffic.sidecar.istio.io/excludeInterfaces', ['eth0', 'eth0,net1'], ['a b', 'averyveryverylongname']],
  ['prometheus.istio.io/merge-metrics', ['true', '0', 'F'], ['yes', '']],
  ['sidecar.istio.io/proxyCPU', ['100m', '1', '0.5'], ['100x', '1 ', 'a\n']],
  ['sidecar.istio.io/proxyMemory', ['128Mi', '1G', '1e3'], ['128MiB', '']],
  [
    'proxy.istio.io/config',
    ['concurrency: 2', 'drainDuration: 5s\nproxyMetadata: {A: b}', '', 'discovery_address: a:1'],
    ['concurrency: [', 'concurency: 2', 'drainDuration: 1500ms', 'statusPort: 0'],
  ],
];

test('values of annotations are read as injection reads them', () => {
  const wrong: string[] = [];
  for (const [name, good, bad] of table) {
    const errors = (value: string) =>
      validateAnnotations({ [name]: value }).filter((issue) => issue.severity === 'error');
    for (const value of good)
      if (errors(value).length > 0) wrong.push(`${name}=${value}: ${errors(value)[0]?.message}`);
    for (const value of bad) if (errors(value).length === 0) wrong.push(`${name}=${value} should be refused`);
  }
  assert.deepEqual(wrong, []);
});

test('a slip in the name of an annotation is pointed out', () => {
  const [issue] = validateAnnotations({ 'traffic.sidecar.istio.io/includeInboundPort': '80' });
  assert.equal(issue?.severity, 'warning');
  assert.match(issue?.message ?? '', /did you mean traffic\.sidecar\.istio\.io\/includeInboundPorts/);
  assert.deepEqual(validateAnnotations({ 'example.com/x': 'y' }), []);
});

test('no annotation is listed twice', () => {
  const names = annotationRows.map((row) => `${row.type} ${row.name}`);
  assert.equal(new Set(names).size, names.length);
});
