import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assemble,
  decodeIndex,
  decodeOwn,
  decodePart,
  type EncodedConfigMap,
  emptyResources,
  encodeIndex,
  encodeOwn,
  encodePart,
  partName,
  pointAtFiles,
  type ResourceSet,
} from './index.ts';

const node = {
  cluster: 'reviews.default',
  metadata: { 'lateen.telemetry': { labels: { source_workload: 'reviews-v1' } } },
};
const ads = { ads: {}, resource_api_version: 'V3' };

function stored(encoded: EncodedConfigMap) {
  return { metadata: { name: encoded.name }, data: encoded.data, binaryData: encoded.binaryData };
}

function payload(set: Partial<ResourceSet>): string {
  return JSON.stringify({ ...emptyResources, ...set });
}

test('a proxy object survives encode and decode, and its hash does not depend on the generation', () => {
  const own = {
    proxy: 'reviews-v1-0a1b2c3d',
    revision: 'default',
    scope: 'sidecar-default',
    node,
    resources: emptyResources,
  };
  const first = encodeOwn(own, 1);
  const second = encodeOwn(own, 2);
  assert.equal(first.hash, second.hash);
  assert.equal(first.name, 'istio-proxy-reviews-v1-0a1b2c3d');
  const decoded = decodeOwn(stored(second)).value;
  assert.equal(decoded?.generation, 2);
  assert.deepEqual(decoded?.node, node);
});

test('a payload over 32 KiB is stored compressed and decodes to the same hash', () => {
  const text = payload({
    clusters: Array.from({ length: 2000 }, (_, i) => ({ name: `outbound|80||host-${i}` })),
  });
  const encoded = encodePart('sidecar-default', 'sidecar-default.clusters', 'config', text);
  assert.equal(encoded.data['resources.json'], undefined);
  assert.ok((encoded.binaryData['resources.json.gz'] as string).length < text.length / 4);
  assert.equal(decodePart(stored(encoded)).value?.hash, encoded.hash);
});

test('a proxy is complete only when each part is there at the hash the index names', () => {
  const clusters = encodePart('s', 's.clusters', 'config', payload({ clusters: [{ name: 'c' }] }));
  const endpoints = encodePart('s', 's.ep-c', 'endpoints', payload({ endpoints: [{ cluster_name: 'c' }] }));
  const index = decodeIndex(
    stored(
      encodeIndex('s', {
        generation: 1,
        parts: [{ name: clusters.name, hash: clusters.hash }],
        endpoints: [endpoints.name],
      }),
    ),
  ).value;
  const own = { generation: 1, scope: 's', hash: '', node, resources: emptyResources };
  const part = (encoded: EncodedConfigMap) =>
    [
      encoded.name,
      decodePart(stored(encoded)).value as NonNullable<ReturnType<typeof decodePart>['value']>,
    ] as const;

  assert.deepEqual(assemble(own, undefined, new Map()), { complete: false, missing: ['s'] });
  assert.deepEqual(assemble(own, index, new Map([part(clusters)])), { complete: false, missing: ['s.ep-c'] });
  const stale = encodePart('s', 's.clusters', 'config', payload({ clusters: [{ name: 'old' }] }));
  assert.deepEqual(assemble(own, index, new Map([part(stale), part(endpoints)])), {
    complete: false,
    missing: ['s.clusters'],
  });
  const whole = assemble(own, index, new Map([part(clusters), part(endpoints)]));
  assert.equal(whole.complete && whole.resources.clusters[0]?.['name'], 'c');
});

test('listeners of a scope get the telemetry labels of the proxy that runs them', () => {
  const listener = {
    name: '0.0.0.0_9080',
    metadata: { filter_metadata: { 'lateen.telemetry': { reporter: 'source' } } },
  };
  const own = {
    generation: 1,
    scope: '',
    hash: '',
    node,
    resources: { ...emptyResources, listeners: [listener] },
  };
  const whole = assemble(own, undefined, new Map());
  assert.deepEqual(whole.complete && whole.resources.listeners[0]?.['metadata'], {
    filter_metadata: {
      'lateen.telemetry': { reporter: 'source', labels: { source_workload: 'reviews-v1' } },
    },
  });
});

test('services of the own namespace answer to their short names, unless another host has the name', () => {
  const hosts = [
    { name: 'a', domains: ['reviews.default.svc.cluster.local', 'reviews.default', '10.0.0.1'] },
    { name: 'b', domains: ['db.other.svc.cluster.local', '*.db.other.svc.cluster.local'] },
    { name: 'c', domains: ['web.default.svc.cluster.local', '*.web.default.svc.cluster.local'] },
    { name: 'd', domains: ['web'] },
    { name: 'e', domains: ['*'] },
  ];
  const own = {
    generation: 1,
    scope: '',
    hash: '',
    node: { cluster: 'x', metadata: { NAMESPACE: 'default' } },
    resources: { ...emptyResources, routes: [{ name: '80', virtual_hosts: hosts }] },
  };
  const whole = assemble(own, undefined, new Map());
  const localized = (whole.complete && whole.resources.routes[0]?.['virtual_hosts']) as typeof hosts;
  const domains = localized.map((host) => host.domains.at(-1));
  assert.deepEqual(domains, ['reviews', '*.db.other.svc.cluster.local', '*.web', 'web', '*']);
});

test('config sources at rest become files on disk, one for each route table and endpoint set', () => {
  const cluster = {
    name: 'outbound|80||a',
    type: 'EDS',
    eds_cluster_config: { eds_config: ads, service_name: 'outbound|80||a' },
  };
  const listener = {
    name: '0.0.0.0_80',
    filter_chains: [
      {
        filters: [{ typed_config: { '@type': 't', rds: { config_source: ads, route_config_name: 'a:80' } } }],
      },
    ],
  };
  const watched_directory = { path: '/x' };
  assert.deepEqual(pointAtFiles(cluster, { folder: '/x' })['eds_cluster_config'], {
    eds_config: {
      path_config_source: { path: '/x/current/eds/outbound%7C80%7C%7Ca.json', watched_directory },
      resource_api_version: 'V3',
    },
    service_name: 'outbound|80||a',
  });
  const text = JSON.stringify(pointAtFiles(listener, { folder: '/x' }));
  assert.ok(text.includes('"path":"/x/current/rds/a%3A80.json"'), text);
});

test('undecodable content is an issue that names the object, never a throw', () => {
  for (const data of [
    {},
    { 'resources.json': '{' },
    { 'resources.json': '[]' },
    { 'resources.json': '{"listeners":{}}' },
  ]) {
    const { issue } = decodePart({ metadata: { name: 's.clusters' }, data });
    assert.match(issue?.message ?? '', /^ConfigMap s\.clusters: /);
  }
  const bad = decodePart({ metadata: { name: 's.clusters' }, binaryData: { 'resources.json.gz': 'AAAA' } });
  assert.equal(bad.issue?.code, 'UndecodableConfig');
});

test('a part name carries its slug when it can, else a readable form and a hash', () => {
  assert.equal(partName('sidecar-default', 'clusters-default'), 'sidecar-default.clusters-default');
  assert.match(
    partName('sidecar-default', '*.Example.com:80'),
    /^sidecar-default\.example-com-80-[0-9a-f]{8}$/,
  );
  assert.ok(partName('sidecar-default', 'a'.repeat(300)).length <= 253);
});
