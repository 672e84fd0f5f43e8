import { message, repeated } from '../message.ts';
import { bool, duration, enumeration, optionalString, string, uint32, uint32Value } from '../scalar.ts';
import { type Infer, required } from '../schema.ts';
import { AccessLog } from './access-log.ts';
import { ApiVersion, BackoffStrategy, GrpcService, Metadata, RuntimeFeatureFlag } from './core.ts';
import { MetadataMatcher, matcherTree } from './matcher.ts';
import { Percent } from './percent.ts';
import { Rbac } from './rbac.ts';

/** envoy.extensions.filters.network: every network filter but the HTTP connection manager. */
const ns = 'envoy.extensions.filters.network';

const HashPolicyL4 = message(
  'envoy.type.v3.HashPolicy',
  {
    source_ip: message('envoy.type.v3.HashPolicy.SourceIp', {}),
    filter_state: message('envoy.type.v3.HashPolicy.FilterState', { key: string({ min: 1 }) }),
  },
  { oneofs: [{ fields: ['source_ip', 'filter_state'], required: true }] },
);

export const TcpProxy = message(
  `${ns}.tcp_proxy.v3.TcpProxy`,
  {
    stat_prefix: string({ min: 1 }),
    cluster: optionalString(),
    weighted_clusters: message(`${ns}.tcp_proxy.v3.TcpProxy.WeightedCluster`, {
      clusters: repeated(
        message(`${ns}.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight`, {
          name: string({ min: 1 }),
          weight: required(uint32({ gte: 1 })),
          metadata_match: Metadata,
        }),
        { min: 1 },
      ),
    }),
    metadata_match: Metadata,
    idle_timeout: duration({ default: 3_600_000 }),
    downstream_idle_timeout: duration(),
    upstream_idle_timeout: duration(),
    access_log: repeated(AccessLog),
    max_connect_attempts: uint32Value({ gte: 1, default: 1 }),
    backoff_options: BackoffStrategy,
    hash_policy: repeated(HashPolicyL4, { max: 1 }),
    max_downstream_connection_duration: duration({ gte: 1 }),
    max_downstream_connection_duration_jitter_percentage: Percent,
    access_log_flush_interval: duration({ gte: 1 }),
    flush_access_log_on_connected: bool(),
    access_log_options: message(`${ns}.tcp_proxy.v3.TcpProxy.TcpAccessLogOptions`, {
      access_log_flush_interval: duration({ gte: 1 }),
      flush_access_log_on_connected: bool(),
      flush_access_log_on_start: bool(),
    }),
  },
  {
    oneofs: [{ fields: ['cluster', 'weighted_clusters'], required: true }],
    unsupported: {
      on_demand: 'clusters are known beforehand',
      tunneling_config: 'TCP is not tunnelled over HTTP',
      proxy_protocol_tlvs: 'set added_tlvs on the transport socket',
      upstream_connect_mode: 'the upstream connection is opened at once',
      max_early_data_bytes: 'the upstream connection is opened at once',
    },
  },
);
export type TcpProxy = Infer<typeof TcpProxy>;

export const NetworkRbac = message(
  `${ns}.rbac.v3.RBAC`,
  {
    rules: Rbac,
    shadow_rules: Rbac,
    shadow_rules_stat_prefix: string(),
    stat_prefix: string({ min: 1 }),
    enforcement_type: enumeration('EnforcementType', ['ONE_TIME_ON_FIRST_BYTE', 'CONTINUOUS']),
    delay_deny: duration(),
  },
  { unsupported: { matcher: matcherTree, shadow_matcher: matcherTree } },
);
export type NetworkRbac = Infer<typeof NetworkRbac>;

export const TokenBucket = message('envoy.type.v3.TokenBucket', {
  max_tokens: required(uint32({ gt: 0 })),
  tokens_per_fill: uint32Value({ gt: 0, default: 1 }),
  fill_interval: required(duration({ gt: 0 })),
});
export type TokenBucket = Infer<typeof TokenBucket>;

export const NetworkLocalRateLimit = message(
  `${ns}.local_ratelimit.v3.LocalRateLimit`,
  {
    stat_prefix: string({ min: 1 }),
    token_bucket: required(TokenBucket),
    runtime_enabled: RuntimeFeatureFlag,
    share_key: string(),
  },
  {
    check: (m, ctx) => {
      if (m.token_bucket.fill_interval < 50) ctx.report('OutOfRange', 'fill_interval must be at least 50 ms');
    },
  },
);
export type NetworkLocalRateLimit = Infer<typeof NetworkLocalRateLimit>;

export const SniCluster = message(`${ns}.sni_cluster.v3.SniCluster`, {});

export const NetworkExtAuthz = message(
  `${ns}.ext_authz.v3.ExtAuthz`,
  {
    stat_prefix: string({ min: 1 }),
    grpc_service: GrpcService,
    failure_mode_allow: bool(),
    include_peer_certificate: bool(),
    transport_api_version: ApiVersion,
    filter_enabled_metadata: MetadataMatcher,
    bootstrap_metadata_labels_key: string(),
    include_tls_session: bool(),
  },
  {
    unsupported: {
      send_tls_alert_on_denial: 'a denied connection is closed',
      metadata_context_namespaces: 'no metadata is sent',
      typed_metadata_context_namespaces: 'no metadata is sent',
    },
  },
);
export type NetworkExtAuthz = Infer<typeof NetworkExtAuthz>;
