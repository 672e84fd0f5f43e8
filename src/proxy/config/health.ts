import { ConfigFault, within } from '../../match/config-fault.ts';
import { compileStringMatcher } from '../../match/string-match.ts';
import type { Cluster } from '../../xds/messages/cluster.ts';
import type { HeaderValueOption } from '../../xds/messages/core.ts';
import type {
  GrpcHealthCheck,
  HealthCheck,
  HttpHealthCheck,
  OutlierDetection,
} from '../../xds/messages/health-check.ts';
import type { Infer } from '../../xds/schema.ts';
import type { HealthCheckConfig, OutlierConfig, ProbeConfig } from '../health/config.ts';
import { HealthChecker } from '../health/health-checker.ts';
import { OutlierDetector } from '../health/outlier-detector.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { HealthCheckEnvironment, OutlierMonitor } from '../upstream/load-balancer.ts';

/** Health checks and outlier detection of a cluster. Throws ConfigFault on what Envoy refuses. */
export function compileHealth(message: Cluster): {
  readonly outlier: ((env: HealthCheckEnvironment) => OutlierMonitor) | undefined;
  readonly checks: ((env: HealthCheckEnvironment) => { close(): void }) | undefined;
} {
  const outlier =
    message.outlier_detection && within('outlier_detection', () => outlierConfig(message.outlier_detection!));
  if (message.health_checks.length > 1)
    throw new ConfigFault('health_checks', 'multiple health checks not supported');
  const check = message.health_checks[0];
  const config = check && within('health_checks[0]', () => healthCheckConfig(check));
  return {
    outlier: outlier && ((env) => new OutlierDetector(outlier, env)),
    checks: config && ((env) => new HealthChecker(config, env)),
  };
}

function outlierConfig(o: OutlierDetection): OutlierConfig {
  const maxEjectionMs = o.max_ejection_time ?? Math.max(300_000, o.base_ejection_time);
  if (maxEjectionMs < o.base_ejection_time)
    throw new ConfigFault(
      'max_ejection_time',
      "outlier detector's max_ejection_time cannot be smaller than base_ejection_time",
    );
  return {
    consecutive5xx: o.consecutive_5xx,
    consecutiveGatewayFailure: o.consecutive_gateway_failure,
    consecutiveLocalOriginFailure: o.consecutive_local_origin_failure,
    intervalMs: o.interval,
    baseEjectionMs: o.base_ejection_time,
    maxEjectionMs,
    jitterMs: o.max_ejection_time_jitter,
    maxEjectionPercent: o.max_ejection_percent,
    alwaysEjectOne: o.always_eject_one_host,
    splitLocalOrigin: o.split_external_local_origin_errors,
    successRate: {
      minimumHosts: o.success_rate_minimum_hosts,
      requestVolume: o.success_rate_request_volume,
      stdevFactor: o.success_rate_stdev_factor,
    },
    failurePercentage: {
      threshold: o.failure_percentage_threshold,
      minimumHosts: o.failure_percentage_minimum_hosts,
      requestVolume: o.failure_percentage_request_volume,
    },
    enforcing: {
      consecutive_5xx: o.enforcing_consecutive_5xx,
      consecutive_gateway_failure: o.enforcing_consecutive_gateway_failure,
      consecutive_local_origin_failure: o.enforcing_consecutive_local_origin_failure,
      success_rate: o.enforcing_success_rate,
      local_origin_success_rate: o.enforcing_local_origin_success_rate,
      failure_percentage: o.enforcing_failure_percentage,
      local_origin_failure_percentage: o.enforcing_failure_percentage_local_origin,
    },
  };
}

function healthCheckConfig(check: HealthCheck): HealthCheckConfig {
  const unhealthy = check.unhealthy_interval ?? check.interval;
  return {
    timeoutMs: check.timeout,
    intervalMs: check.interval,
    initialJitterMs: check.initial_jitter ?? 0,
    jitterMs: check.interval_jitter ?? 0,
    jitterPercent: check.interval_jitter_percent,
    unhealthyThreshold: check.unhealthy_threshold,
    healthyThreshold: check.healthy_threshold,
    noTrafficMs: check.no_traffic_interval,
    noTrafficHealthyMs: check.no_traffic_healthy_interval ?? check.no_traffic_interval,
    unhealthyIntervalMs: unhealthy,
    unhealthyEdgeMs: check.unhealthy_edge_interval ?? unhealthy,
    healthyEdgeMs: check.healthy_edge_interval ?? check.interval,
    logAlways: check.always_log_health_check_failures,
    alpn: check.tls_options?.alpn_protocols,
    probe: probeConfig(check),
  };
}

function probeConfig(check: HealthCheck): ProbeConfig {
  if (check.http_health_check !== undefined) return httpProbe(check.http_health_check);
  if (check.grpc_health_check !== undefined) return grpcProbe(check.grpc_health_check);
  const tcp = check.tcp_health_check;
  return { kind: 'tcp', send: tcp?.send && payload(tcp.send), receive: (tcp?.receive ?? []).map(payload) };
}

type Ranges = HttpHealthCheck['expected_statuses'];

function inRanges(ranges: Ranges): (status: number) => boolean {
  return (status) => ranges.some(({ start, end }) => status >= start && status < end);
}

function httpProbe(http: HttpHealthCheck): ProbeConfig {
  const expected = http.expected_statuses.length === 0 ? [{ start: 200, end: 201 }] : http.expected_statuses;
  const serviceName = http.service_name_matcher;
  return {
    kind: 'http',
    method: http.method === 'METHOD_UNSPECIFIED' ? 'GET' : http.method,
    host: http.host,
    path: http.path,
    http2: http.codec_client_type === 'HTTP2',
    body: http.send && payload(http.send),
    mutate: headerChanges(http.request_headers_to_add, http.request_headers_to_remove),
    isExpected: inRanges(expected),
    isRetriable: inRanges(http.retriable_statuses),
    receive: http.receive.map(payload),
    serviceName:
      serviceName &&
      within('http_health_check.service_name_matcher', () => compileStringMatcher(serviceName)),
  };
}

function grpcProbe(grpc: Infer<typeof GrpcHealthCheck>): ProbeConfig {
  return {
    kind: 'grpc',
    service: grpc.service_name,
    authority: grpc.authority,
    mutate: headerChanges(grpc.initial_metadata, []),
  };
}

/** HTTP and TCP payload text is hexadecimal. */
function payload(message: {
  readonly text: string | undefined;
  readonly binary: Buffer | undefined;
}): Buffer {
  if (message.text === undefined) return message.binary ?? Buffer.alloc(0);
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(message.text))
    throw new ConfigFault('', `invalid hex string '${message.text}'`);
  return Buffer.from(message.text, 'hex');
}

function headerChanges(
  add: readonly HeaderValueOption[],
  remove: readonly string[],
): (headers: HeaderMap) => void {
  return (headers) => {
    for (const name of remove) headers.remove(name.toLowerCase());
    for (const { header, append, append_action } of add) {
      const name = header.key.toLowerCase();
      const overwrite = append === false || append_action.startsWith('OVERWRITE');
      if (overwrite) headers.set(name, header.value);
      else if (append_action !== 'ADD_IF_ABSENT' || !headers.has(name)) headers.add(name, header.value);
    }
  };
}
