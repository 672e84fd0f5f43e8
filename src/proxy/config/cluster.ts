import { ConfigFault, within } from '../../match/config-fault.ts';
import { unpack } from '../../xds/message.ts';
import type { CircuitBreakers, CircuitBreakerThresholds, Cluster } from '../../xds/messages/cluster.ts';
import type { Http1ProtocolOptions } from '../../xds/messages/core.ts';
import { HttpProtocolOptions } from '../../xds/messages/http-extensions.ts';
import { createBalancer } from '../balancer/index.ts';
import { defaultHttp1Options, type Http1Options } from '../http1/options.ts';
import { Http2ClientCodec } from '../http2/client-codec.ts';
import type {
  BreakerConfig,
  ClusterConfig,
  DiscoveryConfig,
  KeepaliveConfig,
} from '../upstream/cluster-config.ts';
import { balancerConfig } from './balancer.ts';
import type { CompileContext } from './compile-context.ts';
import { compileAssignment } from './endpoints.ts';
import { compileHealth } from './health.ts';
import { http2Options } from './http2.ts';
import { compileClientTransport } from './transport-socket.ts';

type Upstream = HttpProtocolOptions;

/** Compiles a Cluster; throws ConfigFault with a user's message. */
export function compileCluster(message: Cluster, ctx: CompileContext, addedViaApi: boolean): ClusterConfig {
  const upstream = unpack(
    message.typed_extension_protocol_options['envoy.extensions.upstreams.http.v3.HttpProtocolOptions'],
    HttpProtocolOptions,
  );
  const common = upstream?.common_http_protocol_options ?? message.common_http_protocol_options;
  const sni = upstream?.upstream_http_protocol_options ?? message.upstream_http_protocol_options;
  const balancer = balancerConfig(message);
  const health = compileHealth(message);
  const bind = message.upstream_bind_config?.source_address;
  const scope = ctx.stats.scope('cluster', message.alt_stat_name || message.name);
  return {
    name: message.name,
    statName: message.alt_stat_name || message.name,
    discovery: compileDiscovery(message),
    connectTimeoutMs: message.connect_timeout,
    bufferLimitBytes: message.per_connection_buffer_limit_bytes,
    ...compileProtocol(message, upstream),
    idleTimeoutMs: common?.idle_timeout ?? 3_600_000,
    maxConnectionDurationMs: common?.max_connection_duration ?? 0,
    maxStreamDurationMs: common?.max_stream_duration ?? 0,
    maxRequestsPerConnection: common?.max_requests_per_connection ?? message.max_requests_per_connection ?? 0,
    autoSni: sni?.auto_sni ?? false,
    autoSanValidation: sni?.auto_san_validation ?? false,
    overrideSniHeader: (sni?.override_auto_sni_header ?? '').toLowerCase(),
    breakers: [breaker(message.circuit_breakers, 'DEFAULT'), breaker(message.circuit_breakers, 'HIGH')],
    bindAddress: bind === undefined ? undefined : { ip: bind.address, port: bind.port_value ?? 0 },
    keepalive: keepalive(message),
    transport: within('transport_socket', () => compileClientTransport(message.transport_socket, ctx, scope)),
    transportMatches: message.transport_socket_matches.map((match, i) => ({
      name: match.name,
      match: match.match ?? {},
      transport: within(`transport_socket_matches[${i}].transport_socket`, () =>
        compileClientTransport(match.transport_socket, ctx, scope),
      ),
    })),
    proxyProtocol: undefined,
    createBalancer: (env) => createBalancer(balancer, env),
    createOutlierMonitor: health.outlier,
    startHealthChecks: health.checks,
    ignoreHealthOnRemoval: message.ignore_health_on_host_removal,
    metadata: message.metadata?.filter_metadata ?? {},
    addedViaApi,
  };
}

function compileDiscovery(message: Cluster): DiscoveryConfig {
  switch (message.type) {
    case 'STATIC':
      return { kind: 'static', assignment: compileAssignment(message.load_assignment, false) };
    case 'EDS':
      return { kind: 'eds', serviceName: message.eds_cluster_config?.service_name ?? '' };
    case 'STRICT_DNS':
    case 'LOGICAL_DNS':
      return {
        kind: message.type === 'STRICT_DNS' ? 'strict-dns' : 'logical-dns',
        assignment: compileAssignment(message.load_assignment, true),
        refreshMs: message.dns_refresh_rate,
        failureRefreshMs: message.dns_failure_refresh_rate?.base_interval ?? message.dns_refresh_rate,
        lookup: lookups[message.dns_lookup_family],
        respectTtl: message.respect_dns_ttl,
      };
    case 'ORIGINAL_DST': {
      const config = message.original_dst_lb_config;
      return {
        kind: 'original-dst',
        cleanupMs: message.cleanup_interval,
        header: config?.use_http_header
          ? (config.http_header_name || 'x-envoy-original-dst-host').toLowerCase()
          : '',
        portOverride: config?.upstream_port_override ?? 0,
        metadataKey: undefined,
      };
    }
    default:
      throw new ConfigFault('type', `cluster type ${String(message.type)} is not supported`);
  }
}

const lookups = {
  AUTO: 'auto',
  V4_ONLY: 'v4-only',
  V6_ONLY: 'v6-only',
  V4_PREFERRED: 'v4-preferred',
  ALL: 'all',
} as const;

function compileProtocol(
  message: Cluster,
  upstream: Upstream | undefined,
): Pick<ClusterConfig, 'protocol' | 'http1' | 'createHttp2'> {
  const explicit = upstream?.explicit_http_config;
  const downstream = upstream?.use_downstream_protocol_config;
  const auto = upstream?.auto_config;
  const old2 = message.http2_protocol_options;
  const protocol =
    explicit?.http2_protocol_options !== undefined
      ? 'http2'
      : downstream !== undefined || message.protocol_selection === 'USE_DOWNSTREAM_PROTOCOL'
        ? 'downstream'
        : auto !== undefined
          ? 'alpn'
          : upstream === undefined && old2 !== undefined
            ? 'http2'
            : 'http1';
  const options1 =
    explicit?.http_protocol_options ??
    downstream?.http_protocol_options ??
    auto?.http_protocol_options ??
    message.http_protocol_options;
  const options2 =
    explicit?.http2_protocol_options ??
    downstream?.http2_protocol_options ??
    auto?.http2_protocol_options ??
    old2;
  const common = upstream?.common_http_protocol_options ?? message.common_http_protocol_options;
  const headKb = common?.max_response_headers_kb ?? 60;
  const fields = common?.max_headers_count ?? 100;
  const http2 = http2Options(options2, {
    maxHeadBytes: headKb * 1024,
    maxFields: fields,
    bufferBytes: message.per_connection_buffer_limit_bytes,
  });
  return {
    protocol,
    http1: clientOptions(options1, headKb * 1024, fields),
    createHttp2: (io, events) => new Http2ClientCodec(io, events, http2),
  };
}

function clientOptions(
  message: Http1ProtocolOptions | undefined,
  maxHeadBytes: number,
  maxFields: number,
): Http1Options {
  return {
    ...defaultHttp1Options,
    enableTrailers: message?.enable_trailers ?? false,
    maxHeadBytes,
    maxFields,
  };
}

function breaker(message: CircuitBreakers | undefined, priority: string): BreakerConfig {
  const found = message?.thresholds.find((t: CircuitBreakerThresholds) => t.priority === priority);
  const budget = found?.retry_budget;
  return {
    maxConnections: found?.max_connections ?? 1024,
    maxPendingRequests: found?.max_pending_requests ?? 1024,
    maxRequests: found?.max_requests ?? 1024,
    maxRetries: found?.max_retries ?? 3,
    trackRemaining: found?.track_remaining ?? false,
    retryBudget:
      budget === undefined
        ? undefined
        : { percent: budget.budget_percent?.value ?? 20, minConcurrency: budget.min_retry_concurrency },
  };
}

function keepalive(message: Cluster): KeepaliveConfig | undefined {
  const config = message.upstream_connection_options?.tcp_keepalive;
  if (config === undefined) return undefined;
  return {
    probes: config.keepalive_probes,
    time: config.keepalive_time,
    interval: config.keepalive_interval,
  };
}
