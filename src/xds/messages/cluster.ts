import { map, message, repeated, typed } from '../message.ts';
import {
  bool,
  boolValue,
  doubleValue,
  duration,
  enumeration,
  string,
  struct,
  uint32Value,
  uint64Value,
} from '../scalar.ts';
import { type DecodeContext, type Infer, noEffect, required } from '../schema.ts';
import {
  Address,
  BindConfig,
  ConfigSource,
  extension,
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpProtocolOptions,
  Metadata,
  RoutingPriority,
  RuntimeDouble,
  TcpKeepalive,
  TransportSocket,
  UpstreamHttpProtocolOptions,
} from './core.ts';
import { ClusterLoadAssignment, HealthStatusSet } from './endpoint.ts';
import { HealthCheck, OutlierDetection } from './health-check.ts';
import { MetadataKey } from './matcher.ts';
import { Percent } from './percent.ts';

/** envoy.config.cluster.v3. */
export const SlowStartConfig = message('envoy.config.cluster.v3.Cluster.SlowStartConfig', {
  slow_start_window: duration(),
  aggression: RuntimeDouble,
  min_weight_percent: Percent,
});
export type SlowStartConfig = Infer<typeof SlowStartConfig>;

const ringSize = (absent: number) => uint64Value({ lte: 8388608, default: absent });

export const subsetFields = {
  fallback_policy: enumeration('LbSubsetFallbackPolicy', ['NO_FALLBACK', 'ANY_ENDPOINT', 'DEFAULT_SUBSET']),
  default_subset: struct(),
  subset_selectors: repeated(
    message('envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetSelector', {
      keys: repeated(string()),
      single_host_per_subset: bool(),
      fallback_policy: enumeration('LbSubsetSelectorFallbackPolicy', [
        'NOT_DEFINED',
        'NO_FALLBACK',
        'ANY_ENDPOINT',
        'DEFAULT_SUBSET',
        'KEYS_SUBSET',
      ]),
      fallback_keys_subset: repeated(string()),
    }),
  ),
  locality_weight_aware: bool(),
  scale_locality_weight: bool(),
  panic_mode_any: bool(),
  list_as_any: bool(),
  metadata_fallback_policy: enumeration('LbSubsetMetadataFallbackPolicy', [
    'METADATA_NO_FALLBACK',
    'FALLBACK_LIST',
  ]),
};

export const LbSubsetConfig = message('envoy.config.cluster.v3.Cluster.LbSubsetConfig', subsetFields, {
  check: checkSubset,
});
export type LbSubsetConfig = Infer<typeof LbSubsetConfig>;

function checkSubset(config: LbSubsetConfigShape, ctx: DecodeContext): void {
  config.subset_selectors.forEach((selector, i) => {
    if (selector.fallback_policy !== 'KEYS_SUBSET') return;
    const extra = selector.fallback_keys_subset.filter((key) => !selector.keys.includes(key));
    if (selector.fallback_keys_subset.length === 0)
      ctx.report(
        'InvalidValue',
        `subset_selectors[${i}]: fallback_keys_subset must not be empty with KEYS_SUBSET`,
      );
    if (extra.length > 0)
      ctx.report('InvalidValue', `subset_selectors[${i}]: fallback_keys_subset must be part of keys`);
    if (extra.length === 0 && selector.fallback_keys_subset.length === selector.keys.length)
      ctx.report(
        'InvalidValue',
        `subset_selectors[${i}]: fallback_keys_subset must have fewer keys than keys`,
      );
  });
}
interface LbSubsetConfigShape {
  readonly subset_selectors: readonly {
    readonly keys: readonly string[];
    readonly fallback_policy: string;
    readonly fallback_keys_subset: readonly string[];
  }[];
}

export const CommonLbConfig = message(
  'envoy.config.cluster.v3.Cluster.CommonLbConfig',
  {
    healthy_panic_threshold: Percent,
    zone_aware_lb_config: message('envoy.config.cluster.v3.Cluster.CommonLbConfig.ZoneAwareLbConfig', {
      routing_enabled: Percent,
      min_cluster_size: uint64Value({ default: 6 }),
      fail_traffic_on_panic: bool(),
    }),
    locality_weighted_lb_config: message(
      'envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig',
      {},
    ),
    update_merge_window: duration({ default: 1000 }),
    ignore_new_hosts_until_first_hc: bool(),
    close_connections_on_host_set_change: bool(),
    consistent_hashing_lb_config: message(
      'envoy.config.cluster.v3.Cluster.CommonLbConfig.ConsistentHashingLbConfig',
      {
        use_hostname_for_hashing: bool(),
        hash_balance_factor: uint32Value({ gte: 100 }),
      },
    ),
    override_host_status: HealthStatusSet,
  },
  { oneofs: [{ fields: ['zone_aware_lb_config', 'locality_weighted_lb_config'] }] },
);
export type CommonLbConfig = Infer<typeof CommonLbConfig>;

const Thresholds = message('envoy.config.cluster.v3.CircuitBreakers.Thresholds', {
  priority: RoutingPriority,
  max_connections: uint32Value({ default: 1024 }),
  max_pending_requests: uint32Value({ default: 1024 }),
  max_requests: uint32Value({ default: 1024 }),
  max_retries: uint32Value({ default: 3 }),
  retry_budget: message('envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget', {
    budget_percent: Percent,
    min_retry_concurrency: uint32Value({ default: 3 }),
  }),
  track_remaining: bool(),
  max_connection_pools: uint32Value(),
});
export type CircuitBreakerThresholds = Infer<typeof Thresholds>;

export const CircuitBreakers = message('envoy.config.cluster.v3.CircuitBreakers', {
  thresholds: repeated(Thresholds),
  per_host_thresholds: repeated(Thresholds),
});
export type CircuitBreakers = Infer<typeof CircuitBreakers>;

export const LoadBalancingPolicy = message('envoy.config.cluster.v3.LoadBalancingPolicy', {
  policies: repeated(
    message('envoy.config.cluster.v3.LoadBalancingPolicy.Policy', {
      typed_extension_config: extension('load_balancing_policy'),
    }),
  ),
});
export type LoadBalancingPolicy = Infer<typeof LoadBalancingPolicy>;

const RefreshRate = message('envoy.config.cluster.v3.Cluster.RefreshRate', {
  base_interval: required(duration({ gt: 1 })),
  max_interval: duration({ gt: 1 }),
});

const DnsResolutionConfig = message('envoy.config.core.v3.DnsResolutionConfig', {
  resolvers: repeated(Address, { min: 1 }),
  dns_resolver_options: message('envoy.config.core.v3.DnsResolverOptions', {
    use_tcp_for_dns_lookups: bool(),
    no_default_search_domain: bool(),
  }),
});

export const TransportSocketMatch = message('envoy.config.cluster.v3.Cluster.TransportSocketMatch', {
  name: string({ min: 1 }),
  match: struct(),
  transport_socket: TransportSocket,
});

const eds = 'envoy.config.cluster.v3.Cluster.EdsClusterConfig';

export const Cluster = message(
  'envoy.config.cluster.v3.Cluster',
  {
    transport_socket_matches: repeated(TransportSocketMatch),
    name: string({ min: 1 }),
    alt_stat_name: string(),
    type: enumeration('DiscoveryType', { STATIC: 0, STRICT_DNS: 1, LOGICAL_DNS: 2, EDS: 3, ORIGINAL_DST: 4 }),
    eds_cluster_config: message(eds, { eds_config: ConfigSource, service_name: string() }),
    connect_timeout: duration({ gt: 0, default: 5000 }),
    per_connection_buffer_limit_bytes: uint32Value({ default: 1024 * 1024 }),
    lb_policy: enumeration('LbPolicy', {
      ROUND_ROBIN: 0,
      LEAST_REQUEST: 1,
      RING_HASH: 2,
      RANDOM: 3,
      MAGLEV: 5,
      CLUSTER_PROVIDED: 6,
      LOAD_BALANCING_POLICY_CONFIG: 7,
    }),
    load_assignment: ClusterLoadAssignment,
    health_checks: repeated(HealthCheck),
    max_requests_per_connection: uint32Value(),
    circuit_breakers: CircuitBreakers,
    upstream_http_protocol_options: UpstreamHttpProtocolOptions,
    common_http_protocol_options: HttpProtocolOptions,
    http_protocol_options: Http1ProtocolOptions,
    http2_protocol_options: Http2ProtocolOptions,
    typed_extension_protocol_options: map(typed('upstream_options')),
    dns_refresh_rate: duration({ gt: 1, default: 5000 }),
    dns_jitter: duration({ gte: 0 }),
    dns_failure_refresh_rate: RefreshRate,
    respect_dns_ttl: bool(),
    dns_lookup_family: enumeration('DnsLookupFamily', ['AUTO', 'V4_ONLY', 'V6_ONLY', 'V4_PREFERRED', 'ALL']),
    dns_resolvers: repeated(Address),
    use_tcp_for_dns_lookups: bool(),
    dns_resolution_config: DnsResolutionConfig,
    typed_dns_resolver_config: extension('dns_resolver'),
    wait_for_warm_on_init: boolValue(),
    outlier_detection: OutlierDetection,
    cleanup_interval: duration({ gt: 0, default: 5000 }),
    upstream_bind_config: BindConfig,
    lb_subset_config: LbSubsetConfig,
    ring_hash_lb_config: message('envoy.config.cluster.v3.Cluster.RingHashLbConfig', {
      minimum_ring_size: ringSize(1024),
      hash_function: enumeration('HashFunction', ['XX_HASH', 'MURMUR_HASH_2']),
      maximum_ring_size: ringSize(8388608),
    }),
    maglev_lb_config: message('envoy.config.cluster.v3.Cluster.MaglevLbConfig', {
      table_size: uint64Value({ lte: 5000011, default: 65537 }),
    }),
    original_dst_lb_config: message('envoy.config.cluster.v3.Cluster.OriginalDstLbConfig', {
      use_http_header: bool(),
      http_header_name: string(),
      upstream_port_override: uint32Value({ lte: 65535 }),
      metadata_key: MetadataKey,
    }),
    least_request_lb_config: message('envoy.config.cluster.v3.Cluster.LeastRequestLbConfig', {
      choice_count: uint32Value({ gte: 2, default: 2 }),
      active_request_bias: RuntimeDouble,
      slow_start_config: SlowStartConfig,
    }),
    round_robin_lb_config: message('envoy.config.cluster.v3.Cluster.RoundRobinLbConfig', {
      slow_start_config: SlowStartConfig,
    }),
    common_lb_config: CommonLbConfig,
    transport_socket: TransportSocket,
    metadata: Metadata,
    protocol_selection: enumeration('ClusterProtocolSelection', [
      'USE_CONFIGURED_PROTOCOL',
      'USE_DOWNSTREAM_PROTOCOL',
    ]),
    upstream_connection_options: message(
      'envoy.config.cluster.v3.UpstreamConnectionOptions',
      {
        tcp_keepalive: TcpKeepalive,
        set_local_interface_name_on_upstream_connections: noEffect('an attribute nothing reads'),
      },
      { unsupported: { happy_eyeballs_config: 'one address an endpoint' } },
    ),
    close_connections_on_host_health_failure: bool(),
    ignore_health_on_host_removal: bool(),
    load_balancing_policy: LoadBalancingPolicy,
    track_timeout_budgets: bool(),
    track_cluster_stats: message('envoy.config.cluster.v3.TrackClusterStats', {
      timeout_budgets: bool(),
      request_response_sizes: bool(),
      per_endpoint_stats: bool(),
    }),
    preconnect_policy: message('envoy.config.cluster.v3.Cluster.PreconnectPolicy', {
      per_upstream_preconnect_ratio: doubleValue({ gte: 1, lte: 3 }),
      predictive_preconnect_ratio: doubleValue({ gte: 1, lte: 3 }),
    }),
    connection_pool_per_downstream_connection: bool(),
  },
  {
    oneofs: [
      {
        fields: [
          'ring_hash_lb_config',
          'maglev_lb_config',
          'original_dst_lb_config',
          'least_request_lb_config',
          'round_robin_lb_config',
        ],
      },
    ],
    unsupported: {
      cluster_type: 'custom cluster types are not there',
      transport_socket_matcher: 'use transport_socket_matches',
      filters: 'no upstream network filters are there',
      lrs_server: 'no load reports are sent',
      lrs_report_endpoint_metrics: 'no load reports are sent',
      upstream_config: 'upstreams are chosen by protocol',
    },
    check: checkCluster,
  },
);
export type Cluster = Infer<typeof Cluster>;

function checkCluster(cluster: ClusterShape, ctx: DecodeContext): void {
  const hosts = cluster.load_assignment?.endpoints ?? [];
  if (cluster.type === 'EDS') {
    if (cluster.eds_cluster_config === undefined)
      ctx.report('InvalidValue', 'an EDS cluster needs eds_cluster_config');
    if (cluster.load_assignment !== undefined)
      ctx.report('InvalidValue', 'an EDS cluster takes no load_assignment');
  } else if (cluster.eds_cluster_config !== undefined) {
    ctx.report('InvalidValue', 'eds_cluster_config belongs to clusters of type EDS');
  }
  if (cluster.type === 'ORIGINAL_DST') {
    if (cluster.lb_policy !== 'CLUSTER_PROVIDED')
      ctx.report('InvalidValue', 'an ORIGINAL_DST cluster needs lb_policy CLUSTER_PROVIDED');
    if (cluster.load_assignment !== undefined)
      ctx.report('InvalidValue', 'an ORIGINAL_DST cluster takes no load_assignment');
  } else if (cluster.lb_policy === 'CLUSTER_PROVIDED') {
    ctx.report('InvalidValue', 'lb_policy CLUSTER_PROVIDED belongs to clusters of type ORIGINAL_DST');
  }
  if (cluster.type === 'LOGICAL_DNS' && (hosts.length !== 1 || hosts[0]?.lb_endpoints.length !== 1))
    ctx.report('InvalidValue', 'a LOGICAL_DNS cluster needs exactly one locality with one endpoint');
  if (cluster.lb_policy === 'LOAD_BALANCING_POLICY_CONFIG' && cluster.load_balancing_policy === undefined)
    ctx.report('Required', 'lb_policy LOAD_BALANCING_POLICY_CONFIG needs load_balancing_policy');
}
interface ClusterShape {
  readonly type: string;
  readonly lb_policy: string;
  readonly eds_cluster_config: unknown;
  readonly load_balancing_policy: unknown;
  readonly load_assignment:
    | { readonly endpoints: readonly { readonly lb_endpoints: readonly unknown[] }[] }
    | undefined;
}
