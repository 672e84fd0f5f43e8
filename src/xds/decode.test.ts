import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, decodeResource } from './decode.ts';
import { unpack } from './message.ts';
import { Bootstrap } from './messages/bootstrap.ts';
import { Cluster } from './messages/cluster.ts';
import { HttpConnectionManager } from './messages/http-connection-manager.ts';
import { Router } from './messages/http-filters.ts';
import { RouteConfiguration } from './messages/route.ts';
import { UpstreamTlsContext } from './messages/tls.ts';

const at = (type: string) => `type.googleapis.com/${type}`;
const paths = (issues: readonly { code: string; path: string }[]) => issues.map((i) => `${i.code} ${i.path}`);

test('snake_case and camelCase name the same field', () => {
  const snake = decode(Cluster, { name: 'a', connect_timeout: '0.25s', lb_policy: 'RING_HASH' });
  const camel = decode(Cluster, { name: 'a', connectTimeout: '0.25s', lbPolicy: 2 });
  assert.deepEqual(snake.issues, []);
  assert.deepEqual(snake.value, camel.value);
  assert.equal(snake.value?.connect_timeout, 250);
});

test('a field given in both spellings is refused', () => {
  const { issues } = decode(Cluster, { name: 'a', lb_policy: 'RANDOM', lbPolicy: 'RANDOM' });
  assert.deepEqual(paths(issues), ['DuplicateField lbPolicy']);
});

test("absent fields hold Envoy's defaults", () => {
  const cluster = decode(Cluster, { name: 'a' }).value;
  assert.equal(cluster?.type, 'STATIC');
  assert.equal(cluster?.connect_timeout, 5000);
  assert.deepEqual(cluster?.health_checks, []);
  assert.equal(cluster?.outlier_detection, undefined);
  const outlier = decode(Cluster, { name: 'a', outlier_detection: {} }).value?.outlier_detection;
  assert.equal(outlier?.consecutive_5xx, 5);
  assert.equal(outlier?.base_ejection_time, 30_000);
});

test('every fault is reported with its path, none throws', () => {
  const { value, issues } = decode(
    Bootstrap,
    {
      static_resources: {
        clusters: [{ name: '', foo: 1, connectTimeout: '5', lb_policy: 'X' }],
        listeners: [
          { address: { socket_address: { address: 'h', port_value: 70000 } }, filter_chains: [{}] },
        ],
      },
      typed_per: {},
    },
    'bootstrap',
  );
  assert.equal(value, undefined);
  assert.deepEqual(paths(issues), [
    'TooShort bootstrap.static_resources.clusters[0].name',
    'UnknownField bootstrap.static_resources.clusters[0].foo',
    'InvalidType bootstrap.static_resources.clusters[0].connectTimeout',
    'UnknownEnum bootstrap.static_resources.clusters[0].lb_policy',
    'OutOfRange bootstrap.static_resources.listeners[0].address.socket_address.port_value',
    'UnknownField bootstrap.typed_per',
  ]);
});

test('a known field of Envoy that is not supported says why', () => {
  const { issues } = decode(Cluster, { name: 'a', lrs_server: { self: {} } });
  assert.equal(issues[0]?.code, 'UnsupportedField');
  assert.match(issues[0]?.message ?? '', /no load reports/);
});

test('an Any is decoded by its @type, at extension points that know it', () => {
  const socket = {
    name: 'tls',
    typed_config: { '@type': at(UpstreamTlsContext.typeName), sni: 'a.example' },
  };
  const cluster = decode(Cluster, { name: 'a', transport_socket: socket }).value;
  assert.equal(unpack(cluster?.transport_socket?.typed_config, UpstreamTlsContext)?.sni, 'a.example');
  assert.equal(unpack(cluster?.transport_socket?.typed_config, Router), undefined);
  const wrong = decode(Cluster, {
    name: 'a',
    transport_socket: { name: 'x', typed_config: { '@type': at(Router.typeName) } },
  });
  assert.deepEqual(paths(wrong.issues), ['UnsupportedType transport_socket.typed_config']);
});

test('a TypedStruct is decoded as the type it names', () => {
  const typed_config = {
    '@type': at('xds.type.v3.TypedStruct'),
    type_url: at(UpstreamTlsContext.typeName),
    value: { sni: 'x' },
  };
  const cluster = decode(Cluster, { name: 'a', transport_socket: { name: 'tls', typed_config } }).value;
  assert.equal(unpack(cluster?.transport_socket?.typed_config, UpstreamTlsContext)?.sni, 'x');
});

test('an unknown extension marked optional is skipped, one that is not is refused', () => {
  const unknown = { '@type': at('envoy.extensions.filters.http.wasm.v3.Wasm') };
  const router = { name: 'router', typed_config: { '@type': at(Router.typeName) } };
  const manager = (filter: object) =>
    decode(HttpConnectionManager, { stat_prefix: 's', route_config: {}, http_filters: [filter, router] });
  const skipped = manager({ name: 'wasm', typed_config: unknown, is_optional: true });
  assert.deepEqual(skipped.issues, []);
  assert.equal(skipped.value?.http_filters[0]?.typed_config, undefined);
  assert.deepEqual(paths(manager({ name: 'wasm', typed_config: unknown }).issues), [
    'UnsupportedType http_filters[0].typed_config',
  ]);
});

test('oneofs take one member, required ones exactly one', () => {
  const both = { match: { prefix: '/', path: '/a' }, route: { cluster: 'c' } };
  const none = { match: { prefix: '/' } };
  const { issues } = decode(RouteConfiguration, {
    virtual_hosts: [{ name: 'v', domains: ['*'], routes: [both, none] }],
  });
  assert.deepEqual(paths(issues), [
    'OneOf virtual_hosts[0].routes[0].match',
    'Required virtual_hosts[0].routes[1]',
  ]);
});

test('two virtual hosts may not share a domain, whatever its case', () => {
  const { issues } = decode(RouteConfiguration, {
    virtual_hosts: [
      { name: 'a', domains: ['x.example'] },
      { name: 'b', domains: ['X.example'] },
    ],
  });
  assert.deepEqual(paths(issues), ['Duplicate ']);
});

test('input nested deeper than protobuf allows is refused without exhausting the stack', () => {
  let rule: object = { any: true };
  for (let i = 0; i < 50_000; i++) rule = { not_rule: rule };
  const rbac = {
    name: 'r',
    typed_config: {
      '@type': at('envoy.extensions.filters.network.rbac.v3.RBAC'),
      stat_prefix: 'x',
      rules: { policies: { p: { permissions: [rule], principals: [{ any: true }] } } },
    },
  };
  const { issues } = decodeResource({
    '@type': at('envoy.config.listener.v3.Listener'),
    name: 'l',
    address: { pipe: { path: '/x' } },
    filter_chains: [{ filters: [rbac] }],
  });
  assert.equal(issues[0]?.code, 'TooDeep');
});

test('a resource of an unknown type is refused by name', () => {
  assert.deepEqual(paths(decodeResource({ '@type': at('envoy.config.cluster.v2.Cluster') }).issues), [
    'UnsupportedType ',
  ]);
  assert.deepEqual(paths(decodeResource([]).issues), ['Required ']);
});

test('numbers, durations and bytes are checked as protobuf JSON does', () => {
  const cases: [object, string][] = [
    [{ connect_timeout: '1h' }, 'InvalidType'],
    [{ connect_timeout: '0s' }, 'OutOfRange'],
    [{ connect_timeout: '-1s' }, 'OutOfRange'],
    [{ max_requests_per_connection: -1 }, 'OutOfRange'],
    [{ max_requests_per_connection: 1.5 }, 'InvalidType'],
    [{ max_requests_per_connection: 4294967296 }, 'OutOfRange'],
    [{ respect_dns_ttl: 'yes' }, 'InvalidType'],
    [{ health_checks: {} }, 'InvalidType'],
  ];
  for (const [fields, code] of cases)
    assert.equal(decode(Cluster, { name: 'a', ...fields }).issues[0]?.code, code, JSON.stringify(fields));
  assert.equal(
    decode(Cluster, { name: 'a', max_requests_per_connection: '7' }).value?.max_requests_per_connection,
    7,
  );
});
