import { lazy, message, repeated, typed } from '../message.ts';
import { bool, boolValue, duration, enumeration, onlyTrue, string, uint32, uint32Value } from '../scalar.ts';
import { type Infer, type Message, noEffect, required } from '../schema.ts';
import { AccessLog } from './access-log.ts';
import {
  Address,
  CidrRange,
  Metadata,
  ProxyProtocolPassThroughTLVs,
  ProxyProtocolVersion,
  SocketOption,
  SocketOptionsOverride,
  TcpKeepalive,
  TrafficDirection,
  TransportSocket,
} from './core.ts';
import { matcherTree } from './matcher.ts';
import { Int32Range } from './percent.ts';

/** envoy.config.listener.v3 and the listener filters. */
export const FilterChainMatch = message(
  'envoy.config.listener.v3.FilterChainMatch',
  {
    destination_port: uint32Value({ gte: 1, lte: 65535 }),
    prefix_ranges: repeated(CidrRange),
    address_suffix: string(),
    suffix_len: uint32Value(),
    direct_source_prefix_ranges: repeated(CidrRange),
    source_type: enumeration('ConnectionSourceType', ['ANY', 'SAME_IP_OR_LOOPBACK', 'EXTERNAL']),
    source_prefix_ranges: repeated(CidrRange),
    source_ports: repeated(uint32({ gte: 1, lte: 65535 })),
    server_names: repeated(string()),
    transport_protocol: string(),
    application_protocols: repeated(string()),
  },
  {
    check: (m, ctx) => {
      if (m.address_suffix !== '' || m.suffix_len !== undefined)
        ctx.report(
          'UnsupportedField',
          'address_suffix and suffix_len are not implemented (nor are they in Envoy)',
        );
      for (const name of m.server_names)
        if (name.includes('*') && !(name.startsWith('*.') && !name.slice(1).includes('*')))
          ctx.report(
            'InvalidValue',
            `server name ${JSON.stringify(name)}: a wildcard may only stand in front, as "*.example.com"`,
          );
    },
  },
);
export type FilterChainMatch = Infer<typeof FilterChainMatch>;

const discovery = 'filters stand in the listener itself';

export const NetworkFilter = message(
  'envoy.config.listener.v3.Filter',
  { name: string({ min: 1 }), typed_config: required(typed('network_filter')) },
  { unsupported: { config_discovery: discovery } },
);
export type NetworkFilter = Infer<typeof NetworkFilter>;

export const FilterChain = message('envoy.config.listener.v3.FilterChain', {
  filter_chain_match: FilterChainMatch,
  filters: repeated(NetworkFilter),
  use_proxy_proto: boolValue(),
  metadata: Metadata,
  transport_socket: TransportSocket,
  transport_socket_connect_timeout: duration(),
  name: string(),
});
export type FilterChain = Infer<typeof FilterChain>;

export interface ListenerFilterPredicate {
  readonly or_match: { readonly rules: readonly ListenerFilterPredicate[] } | undefined;
  readonly and_match: { readonly rules: readonly ListenerFilterPredicate[] } | undefined;
  readonly not_match: ListenerFilterPredicate | undefined;
  readonly any_match: true | undefined;
  readonly destination_port_range: Int32Range | undefined;
}
const self = lazy((): Message<ListenerFilterPredicate> => ListenerFilterPredicate);
const MatchSet = message('envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet', {
  rules: repeated(self, { min: 2 }),
});
export const ListenerFilterPredicate: Message<ListenerFilterPredicate> = message(
  'envoy.config.listener.v3.ListenerFilterChainMatchPredicate',
  {
    or_match: MatchSet,
    and_match: MatchSet,
    not_match: self,
    any_match: onlyTrue(),
    destination_port_range: Int32Range,
  },
  {
    oneofs: [
      {
        fields: ['or_match', 'and_match', 'not_match', 'any_match', 'destination_port_range'],
        required: true,
      },
    ],
  },
);

export const ListenerFilter = message(
  'envoy.config.listener.v3.ListenerFilter',
  {
    name: string({ min: 1 }),
    typed_config: required(typed('listener_filter')),
    filter_disabled: ListenerFilterPredicate,
  },
  { unsupported: { config_discovery: discovery } },
);
export type ListenerFilter = Infer<typeof ListenerFilter>;

export const Listener = message(
  'envoy.config.listener.v3.Listener',
  {
    name: string(),
    address: Address,
    additional_addresses: repeated(
      message('envoy.config.listener.v3.AdditionalAddress', {
        address: Address,
        socket_options: SocketOptionsOverride,
        tcp_keepalive: TcpKeepalive,
      }),
    ),
    stat_prefix: string(),
    filter_chains: repeated(FilterChain),
    use_original_dst: boolValue(false),
    default_filter_chain: FilterChain,
    per_connection_buffer_limit_bytes: uint32Value({ default: 1024 * 1024 }),
    metadata: Metadata,
    deprecated_v1: message('envoy.config.listener.v3.Listener.DeprecatedV1', { bind_to_port: boolValue() }),
    drain_type: enumeration('DrainType', ['DEFAULT', 'MODIFY_ONLY']),
    listener_filters: repeated(ListenerFilter),
    listener_filters_timeout: duration({ default: 15_000 }),
    continue_on_listener_filters_timeout: bool(),
    transparent: boolValue(),
    freebind: boolValue(),
    socket_options: repeated(SocketOption),
    tcp_fast_open_queue_length: uint32Value(),
    traffic_direction: TrafficDirection,
    connection_balance_config: noEffect('connections are spread by SO_REUSEPORT'),
    reuse_port: bool(),
    enable_reuse_port: boolValue(true),
    access_log: repeated(AccessLog),
    tcp_backlog_size: uint32Value(),
    max_connections_to_accept_per_socket_event: uint32Value({ gt: 0 }),
    bind_to_port: boolValue(true),
    ignore_global_conn_limit: bool(),
    bypass_overload_manager: bool(),
    tcp_keepalive: TcpKeepalive,
  },
  {
    unsupported: {
      fcds_config: 'filter chains stand in the listener itself',
      filter_chain_matcher: matcherTree,
      udp_listener_config: 'UDP listeners are not there',
      api_listener: 'API listeners are not there',
      internal_listener: 'internal listeners are not there',
      enable_mptcp: 'multipath TCP is not there',
    },
    check: (m, ctx) => {
      if (m.address === undefined)
        ctx.report('Required', 'address is required in envoy.config.listener.v3.Listener');
      if (m.filter_chains.length === 0 && m.default_filter_chain === undefined)
        ctx.report('Required', 'a listener needs a filter chain: filter_chains or default_filter_chain');
      const names = m.filter_chains.map((chain) => chain.name).filter((name) => name !== '');
      if (new Set(names).size < names.length) ctx.report('Duplicate', 'two filter chains have the same name');
    },
  },
);
export type Listener = Infer<typeof Listener>;

const lf = 'envoy.extensions.filters.listener';
export const OriginalDst = message(`${lf}.original_dst.v3.OriginalDst`, {});
export const HttpInspector = message(`${lf}.http_inspector.v3.HttpInspector`, {});
export const TlsInspector = message(
  `${lf}.tls_inspector.v3.TlsInspector`,
  {
    initial_read_buffer_size: uint32Value({ gt: 255, lt: 65537 }),
    close_connection_on_client_hello_parsing_errors: bool(),
    max_client_hello_size: uint32Value({ gt: 255, lte: 16384, default: 16384 }),
  },
  {
    unsupported: {
      enable_ja3_fingerprinting: 'fingerprints are not computed',
      enable_ja4_fingerprinting: 'fingerprints are not computed',
    },
  },
);
export type TlsInspector = Infer<typeof TlsInspector>;

export const ProxyProtocolListener = message(`${lf}.proxy_protocol.v3.ProxyProtocol`, {
  rules: repeated(
    message(`${lf}.proxy_protocol.v3.ProxyProtocol.Rule`, {
      tlv_type: uint32({ lt: 256 }),
      on_tlv_present: message(`${lf}.proxy_protocol.v3.ProxyProtocol.KeyValuePair`, {
        metadata_namespace: string(),
        key: string({ min: 1 }),
      }),
    }),
  ),
  allow_requests_without_proxy_protocol: bool(),
  pass_through_tlvs: ProxyProtocolPassThroughTLVs,
  disallowed_versions: repeated(ProxyProtocolVersion),
  stat_prefix: string(),
  tlv_location: enumeration('TlvLocation', ['DYNAMIC_METADATA', 'FILTER_STATE']),
});
export type ProxyProtocolListener = Infer<typeof ProxyProtocolListener>;
