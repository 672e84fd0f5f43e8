import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../xds/decode.ts';
import { FilterChain } from '../xds/messages/listener.ts';
import { type ConnectionFacts, compileFilterChains } from './filter-chain.ts';

function table(matches: Record<string, object>, fallback = true) {
  const names = Object.keys(matches);
  const chains = names.map((name) => decode(FilterChain, { name, filter_chain_match: matches[name] }).value!);
  return compileFilterChains(chains, names, fallback ? 'default' : undefined);
}
function facts(given: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return {
    remote: { ip: '10.9.9.9', port: 555 },
    directRemote: { ip: '10.9.9.9', port: 555 },
    local: { ip: '10.0.0.1', port: 80 },
    requestedServerName: '',
    transportProtocol: 'raw_buffer',
    applicationProtocols: [],
    ...given,
  };
}
const find = (matches: Record<string, object>, given: Partial<ConnectionFacts> = {}) =>
  table(matches).table?.find(facts(given));
const range = (address_prefix: string, prefix_len: number) => [{ address_prefix, prefix_len }];

test('the destination port decides first and is never given back', () => {
  const chains = { port: { destination_port: 80, server_names: ['a'] }, name: { server_names: ['b'] } };
  assert.equal(find(chains, { requestedServerName: 'a' }), 'port');
  assert.equal(find(chains, { requestedServerName: 'b' }), 'default');
  assert.equal(find(chains, { requestedServerName: 'b', local: { ip: '1.1.1.1', port: 81 } }), 'name');
});

test('the longest destination range wins', () => {
  const chains = {
    wide: { prefix_ranges: range('10.0.0.0', 8) },
    narrow: { prefix_ranges: range('10.0.0.0', 24) },
    any: {},
  };
  assert.equal(find(chains), 'narrow');
  assert.equal(find(chains, { local: { ip: '10.1.0.1', port: 80 } }), 'wide');
  assert.equal(find(chains, { local: { ip: '11.1.0.1', port: 80 } }), 'any');
  assert.equal(find(chains, { local: { ip: '', port: 0 } }), 'any');
});

test('server names: exact, then the longest wildcard, then none; without case', () => {
  const chains = {
    exact: { server_names: ['a.b.com'] },
    deep: { server_names: ['*.b.com'] },
    wide: { server_names: ['*.com'] },
    none: {},
  };
  assert.equal(find(chains, { requestedServerName: 'A.b.com' }), 'exact');
  assert.equal(find(chains, { requestedServerName: 'x.b.com' }), 'deep');
  assert.equal(find(chains, { requestedServerName: 'x.y.b.com' }), 'deep');
  assert.equal(find(chains, { requestedServerName: 'b.com' }), 'wide');
  assert.equal(find(chains, { requestedServerName: 'com' }), 'none');
  assert.equal(find(chains), 'none');
});

test('transport and application protocols; the first offered that is known counts', () => {
  const chains = {
    istio: { transport_protocol: 'tls', application_protocols: ['istio', 'istio-http/1.1'] },
    tls: { transport_protocol: 'tls' },
    h2: { transport_protocol: 'raw_buffer', application_protocols: ['h2c'] },
    plain: { transport_protocol: 'raw_buffer' },
  };
  assert.equal(find(chains, { transportProtocol: 'tls', applicationProtocols: ['x', 'istio'] }), 'istio');
  assert.equal(find(chains, { transportProtocol: 'tls', applicationProtocols: ['h2'] }), 'tls');
  assert.equal(find(chains, { applicationProtocols: ['h2c'] }), 'h2');
  assert.equal(find(chains), 'plain');
});

test('source: direct address, type, address and port', () => {
  const chains = {
    direct: { direct_source_prefix_ranges: range('192.168.0.0', 16) },
    local: { source_type: 'SAME_IP_OR_LOOPBACK' },
    external: { source_type: 'EXTERNAL', source_prefix_ranges: range('10.9.0.0', 16) },
    port: { source_type: 'EXTERNAL', source_prefix_ranges: range('10.9.0.0', 16), source_ports: [777] },
  };
  assert.equal(find(chains, { directRemote: { ip: '192.168.1.1', port: 1 } }), 'direct');
  assert.equal(find(chains, { remote: { ip: '10.0.0.1', port: 1 } }), 'local');
  assert.equal(find(chains, { remote: { ip: '127.0.0.6', port: 1 } }), 'local');
  assert.equal(find(chains), 'external');
  assert.equal(find(chains, { remote: { ip: '10.9.1.1', port: 777 } }), 'port');
  assert.equal(find(chains, { remote: { ip: '11.0.0.1', port: 1 } }), 'default');
});

test('two chains with a rule in common are refused', () => {
  const { issues } = table({ a: { server_names: ['x', 'y'] }, b: { server_names: ['y'] } });
  assert.deepEqual(
    issues.map((i) => i.path),
    ['filter_chains[1].filter_chain_match'],
  );
});

test('without a match and without a default chain there is none', () => {
  assert.equal(table({ a: { destination_port: 1 } }, false).table?.find(facts()), undefined);
});
