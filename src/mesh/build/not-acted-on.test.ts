import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unsupportedFindings } from './not-acted-on.ts';

const cases: [string, string, unknown, string[]][] = [
  [
    'a Gateway that terminates TLS',
    'Gateway',
    { servers: [{ port: { protocol: 'HTTPS' }, tls: { mode: 'SIMPLE' } }] },
    ['spec.servers[0].tls.mode'],
  ],
  [
    'AUTO_PASSTHROUGH',
    'Gateway',
    { servers: [{ port: { protocol: 'TLS' }, tls: { mode: 'AUTO_PASSTHROUGH' } }] },
    ['spec.servers[0].tls.mode'],
  ],
  [
    'PASSTHROUGH, which works',
    'Gateway',
    { servers: [{ port: { protocol: 'TLS' }, tls: { mode: 'PASSTHROUGH' } }] },
    [],
  ],
  [
    'a match on JWT claims',
    'VirtualService',
    {
      http: [
        { match: [{ headers: { '@request.auth.claims.group': { exact: 'a' }, 'x-a': { exact: 'b' } } }] },
      ],
    },
    ['spec.http[0].match[0].headers[@request.auth.claims.group]'],
  ],
  [
    'ISTIO_MUTUAL',
    'DestinationRule',
    { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } },
    ['spec.trafficPolicy.tls.mode'],
  ],
  ['DYNAMIC_DNS', 'ServiceEntry', { resolution: 'DYNAMIC_DNS' }, ['spec.resolution']],
];

for (const [what, kind, spec, paths] of cases) {
  test(`${what} is ${paths.length === 0 ? 'not ' : ''}named as not acted on`, () => {
    const object = {
      apiVersion: 'networking.istio.io/v1',
      kind,
      metadata: { name: 'x', namespace: 'default' },
      spec,
    };
    const issues = unsupportedFindings(object).map(({ issue }) => issue);
    assert.deepEqual(
      issues.map((issue) => issue.path),
      paths,
    );
    for (const issue of issues) assert.equal(issue.code, 'NotActedOn');
  });
}
