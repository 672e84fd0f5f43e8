import { parseDuration, protoDuration } from '../../base/duration.ts';
import type {
  ConnectionPool,
  LoadBalancer,
  MeshConfig,
  OutlierDetection,
  PolicyLevel,
  TrafficPolicy,
} from '../../mesh/index.ts';
import type { Json } from '../typed.ts';
import { compact, typed } from '../typed.ts';

/**
 * What holds for one port of one subset: a port's own setting replaces the level above field by field, a subset's replaces the
 * rule's (Istio: selectTrafficPolicyComponents and MergeTrafficPolicy).
 */
export function effectivePolicy(
  rule: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  port: number,
): PolicyLevel {
  return { ...atPort(rule, port), ...atPort(subset, port) };
}

function atPort(policy: TrafficPolicy | undefined, port: number): PolicyLevel {
  if (policy === undefined) return {};
  const { loadBalancer, connectionPool, outlierDetection, tls } = policy;
  const level = policy.portLevelSettings?.find((setting) => setting.port?.number === port);
  // A port's own settings do not inherit from the policy around them.
  const chosen: PolicyLevel =
    level === undefined
      ? compact({ loadBalancer, connectionPool, outlierDetection, tls })
      : compact({
          loadBalancer: level.loadBalancer,
          connectionPool: level.connectionPool,
          outlierDetection: level.outlierDetection,
          tls: level.tls,
        });
  return chosen;
}

const unlimited = 4_294_967_295;

/** Envoy's own limits of 1024 would be a surprise: without a policy nothing is limited. */
function thresholds(pool: ConnectionPool | undefined): Json {
  return {
    max_connections: pool?.tcp?.maxConnections ?? unlimited,
    max_pending_requests: pool?.http?.http1MaxPendingRequests || unlimited,
    max_requests: pool?.http?.http2MaxRequests || unlimited,
    max_retries: pool?.http?.maxRetries || unlimited,
    track_remaining: true,
  };
}

/** Cluster fields of connectionPool: limits, connect timeout, keepalive. */
export function poolFields(config: MeshConfig, pool: ConnectionPool | undefined): Record<string, unknown> {
  const keepalive = pool?.tcp?.tcpKeepalive;
  return {
    connect_timeout: duration(pool?.tcp?.connectTimeout) ?? protoDuration(config.connectTimeoutMs),
    circuit_breakers: { thresholds: [thresholds(pool)] },
    upstream_connection_options:
      keepalive === undefined
        ? undefined
        : {
            tcp_keepalive: compact({
              keepalive_probes: keepalive.probes,
              keepalive_time: seconds(keepalive.time),
              keepalive_interval: seconds(keepalive.interval),
            }),
          },
  };
}

export interface UpstreamHttp {
  readonly pool: ConnectionPool | undefined;
  /** The port is declared to speak HTTP/2. */
  readonly http2: boolean;
  /** The port's protocol is detected, so the client's is used. */
  readonly detected: boolean;
}

/** `typed_extension_protocol_options` of a cluster; undefined when Envoy's defaults (HTTP/1.1, no limits) are meant. */
export function httpProtocolOptions({ pool, http2, detected }: UpstreamHttp): Json | undefined {
  const http = pool?.http;
  const common = compact({
    idle_timeout: duration(http?.idleTimeout),
    max_requests_per_connection: http?.maxRequestsPerConnection || undefined,
    max_connection_duration: duration(pool?.tcp?.maxConnectionDuration),
  });
  const h2 = compact({ max_concurrent_streams: http?.maxConcurrentStreams || undefined });
  const upgrade =
    http?.h2UpgradePolicy === 'UPGRADE' || (http2 && http?.h2UpgradePolicy !== 'DO_NOT_UPGRADE');
  const client = http?.useClientProtocol || (detected && !upgrade);
  if (!client && !upgrade && Object.keys(common).length === 0) return undefined;
  const version = client
    ? { use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: h2 } }
    : { explicit_http_config: upgrade ? { http2_protocol_options: h2 } : { http_protocol_options: {} } };
  return {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
      'httpProtocolOptions',
      compact({
        common_http_protocol_options: Object.keys(common).length === 0 ? undefined : common,
        ...version,
      }),
    ),
  };
}

/** Load balancing of a cluster whose endpoints the control plane or DNS finds. */
export function balancingFields(balancer: LoadBalancer | undefined): Record<string, unknown> {
  const hash = balancer?.consistentHash;
  if (hash?.maglev !== undefined) {
    const table = hash.maglev.tableSize;
    return { lb_policy: 'MAGLEV', maglev_lb_config: table ? { table_size: String(table) } : undefined };
  }
  if (hash !== undefined) {
    const size = hash.ringHash?.minimumRingSize || hash.minimumRingSize || 1024;
    return { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: String(size) } };
  }
  switch (balancer?.simple) {
    case 'RANDOM':
      return { lb_policy: 'RANDOM' };
    case 'ROUND_ROBIN':
      return { lb_policy: 'ROUND_ROBIN', round_robin_lb_config: slowStart(balancer) };
    case 'PASSTHROUGH':
      return { lb_policy: 'CLUSTER_PROVIDED' };
    default:
      return { lb_policy: 'LEAST_REQUEST', least_request_lb_config: slowStart(balancer) };
  }
}

function slowStart(balancer: LoadBalancer | undefined): Json | undefined {
  const window = duration(balancer?.warmup?.duration ?? balancer?.warmupDurationSecs);
  if (window === undefined) return undefined;
  const aggression = balancer?.warmup?.aggression;
  return {
    slow_start_config: compact({
      slow_start_window: window,
      aggression: aggression === undefined ? undefined : { default_value: aggression, runtime_key: '' },
      min_weight_percent: { value: balancer?.warmup?.minimumPercent ?? 10 },
    }),
  };
}

/** Istio switches every kind of ejection off that the user did not ask for. */
export function outlierFields(detection: OutlierDetection | undefined): Record<string, unknown> {
  if (detection === undefined) return {};
  const gateway = detection.consecutiveGatewayErrors;
  const server = detection.consecutive5xxErrors ?? detection.consecutiveErrors;
  return {
    outlier_detection: compact({
      enforcing_success_rate: 0,
      consecutive_5xx: server === undefined || server === 0 ? undefined : server,
      enforcing_consecutive_5xx: server === 0 ? 0 : server === undefined ? undefined : 100,
      consecutive_gateway_failure: gateway || undefined,
      enforcing_consecutive_gateway_failure: gateway === undefined ? undefined : gateway > 0 ? 100 : 0,
      consecutive_local_origin_failure: detection.consecutiveLocalOriginFailures || undefined,
      enforcing_consecutive_local_origin_failure:
        detection.consecutiveLocalOriginFailures === undefined ? undefined : 100,
      enforcing_local_origin_success_rate: detection.splitExternalLocalOriginErrors ? 0 : undefined,
      split_external_local_origin_errors: detection.splitExternalLocalOriginErrors,
      interval: duration(detection.interval),
      base_ejection_time: duration(detection.baseEjectionTime),
      max_ejection_percent: detection.maxEjectionPercent || undefined,
    }),
    // Without it Envoy balances over ejected hosts once half of them are ejected; Kubernetes already removes what is not ready.
    common_lb_config: { healthy_panic_threshold: { value: detection.minHealthPercent ?? 0 } },
  };
}

export function duration(text: string | undefined): string | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  return ms === undefined ? undefined : protoDuration(ms);
}

function seconds(text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  return ms === undefined ? undefined : Math.trunc(ms / 1000);
}
