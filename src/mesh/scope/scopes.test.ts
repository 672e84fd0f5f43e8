import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../api/object.ts';
import { parseYamlDocuments } from '../../base/yaml.ts';
import { buildMesh } from '../build/index.ts';
import type { Mesh, MeshProxy } from '../model/mesh.ts';
import { defaultMeshConfig } from '../model/mesh-config.ts';
import { sidecarScopes, sidecarView } from './sidecar.ts';
import { destinationRuleFor } from './visibility.ts';

function meshOf(text: string): Mesh {
  const objects = parseYamlDocuments(text) as KubeObject[];
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  return buildMesh(
    {
      services: of('Service'),
      serviceEntries: of('ServiceEntry'),
      virtualServices: of('VirtualService'),
      destinationRules: of('DestinationRule'),
      gateways: of('Gateway'),
      sidecars: of('Sidecar'),
    },
    defaultMeshConfig,
  );
}

const proxy = (namespace: string, labels: Record<string, string> = {}): MeshProxy => ({
  name: `p-${namespace}`,
  namespace,
  kind: 'sidecar',
  labels,
  serviceAccount: 'default',
  workload: 'p',
  revision: 'default',
  containerPorts: {},
});

const proxies = [proxy('a'), proxy('b'), proxy('b', { app: 'web' }), proxy('c')];

/** Which proxies share a scope: `a b,c` says that b and c share one. */
function groups(text: string): string {
  const scopes = sidecarScopes(meshOf(text), proxies);
  return scopes
    .map(({ proxies: members }) =>
      members.map(({ namespace, labels }) => namespace + (labels['app'] ?? '')).join(','),
    )
    .join(' ');
}

const service = (namespace: string, more = '') =>
  `{apiVersion: v1, kind: Service, metadata: {name: svc, namespace: ${namespace}${more}}, spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}}`;
const rule = (kind: string, namespace: string, spec: string) =>
  `{apiVersion: networking.istio.io/v1, kind: ${kind}, metadata: {name: r, namespace: ${namespace}}, spec: ${spec}}`;

test('proxies of all namespaces share one scope while nothing tells them apart', () => {
  assert.equal(groups(service('a')), 'a,b,bweb,c');
  const ordinary = [
    service('a'),
    rule('DestinationRule', 'a', '{host: svc}'),
    rule('VirtualService', 'b', '{hosts: [x.example.com]}'),
  ];
  assert.equal(groups(ordinary.join('\n---\n')), 'a,b,bweb,c');
});

test('what is exported to chosen namespaces only sets those apart', () => {
  assert.equal(groups(service('a', ', annotations: {networking.istio.io/exportTo: "."}')), 'a b,bweb,c');
  assert.equal(
    groups(rule('VirtualService', 'c', '{hosts: [svc.a.svc.cluster.local], exportTo: [b]}')),
    'a,c b,bweb',
  );
});

test("a client's own DestinationRule for a service of others sets its namespace apart", () => {
  assert.equal(
    groups(`${service('a')}\n---\n${rule('DestinationRule', 'b', '{host: svc.a.svc.cluster.local}')}`),
    'a,c b,bweb',
  );
  assert.equal(
    groups(
      `${service('a')}\n---\n${rule('DestinationRule', 'istio-system', '{host: svc.a.svc.cluster.local}')}`,
    ),
    'a,b,bweb,c',
  );
});

test('source labels, source namespaces, workload selectors and Sidecars set proxies apart', () => {
  const match = (condition: string) =>
    rule(
      'VirtualService',
      'a',
      `{hosts: [svc], http: [{match: [${condition}], route: [{destination: {host: svc}}]}]}`,
    );
  assert.equal(groups(match('{sourceLabels: {app: web}}')), 'a,b,c bweb');
  assert.equal(groups(match('{sourceNamespace: c}')), 'a,b,bweb c');
  assert.equal(
    groups(rule('DestinationRule', 'b', '{host: svc, workloadSelector: {matchLabels: {app: web}}}')),
    'a,c b bweb',
  );
  assert.equal(
    groups(rule('Sidecar', 'b', '{workloadSelector: {labels: {app: web}}, egress: [{hosts: ["./*"]}]}')),
    'a,b,c bweb',
  );
  assert.equal(groups(rule('Sidecar', 'istio-system', '{egress: [{hosts: ["./*"]}]}')), 'a b,bweb c');
});

test("the client's DestinationRule comes before the service's, that before the root namespace's", () => {
  const rules = (...namespaces: string[]) =>
    [
      service('a'),
      ...namespaces.map((namespace) => rule('DestinationRule', namespace, '{host: svc.a.svc.cluster.local}')),
    ].join('\n---\n');
  const chosen = (text: string) => {
    const mesh = meshOf(text);
    const [scope] = sidecarScopes(mesh, [proxy('b')]);
    const view = sidecarView(mesh, scope as NonNullable<typeof scope>);
    return destinationRuleFor(view, view.services.get('svc.a.svc.cluster.local') as never)?.ref.namespace;
  };
  assert.equal(chosen(rules('istio-system', 'a', 'b', 'c')), 'b');
  assert.equal(chosen(rules('istio-system', 'a', 'c')), 'a');
  assert.equal(chosen(rules('istio-system', 'c')), 'istio-system');
  assert.equal(chosen(rules('c')), undefined);
});
