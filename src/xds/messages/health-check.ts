import { message, repeated } from '../message.ts';
import {
  bool,
  boolValue,
  bytes,
  duration,
  enumeration,
  optionalString,
  string,
  uint32,
  uint32Value,
  uint64Value,
} from '../scalar.ts';
import { type Infer, required } from '../schema.ts';
import { HeaderValueOption, RequestMethod } from './core.ts';
import { StringMatcher } from './matcher.ts';
import { Int64Range } from './percent.ts';

/** envoy.config.core.v3.HealthCheck and envoy.config.cluster.v3.OutlierDetection. */
const Payload = message(
  'envoy.config.core.v3.HealthCheck.Payload',
  { text: optionalString({ min: 1 }), binary: bytes() },
  { oneofs: [{ fields: ['text', 'binary'], required: true }] },
);

export const HttpHealthCheck = message(
  'envoy.config.core.v3.HealthCheck.HttpHealthCheck',
  {
    host: string({ header: 'strict-value' }),
    path: string({ min: 1, header: 'strict-value' }),
    send: Payload,
    receive: repeated(Payload),
    response_buffer_size: uint64Value({ default: 1024 }),
    request_headers_to_add: repeated(HeaderValueOption, { max: 1000 }),
    request_headers_to_remove: repeated(string({ header: 'name' })),
    expected_statuses: repeated(Int64Range),
    retriable_statuses: repeated(Int64Range),
    codec_client_type: enumeration('CodecClientType', ['HTTP1', 'HTTP2']),
    service_name_matcher: StringMatcher,
    method: RequestMethod,
  },
  {
    check: (m, ctx) => {
      if (m.method === 'CONNECT') ctx.report('InvalidValue', 'method must not be CONNECT');
      for (const list of [m.expected_statuses, m.retriable_statuses])
        for (const r of list)
          if (r.start < 100 || r.end > 600 || r.start >= r.end)
            ctx.report(
              'InvalidValue',
              `status range [${r.start}, ${r.end}) must lie within [100, 600) and not be empty`,
            );
    },
  },
);
export type HttpHealthCheck = Infer<typeof HttpHealthCheck>;

export const TcpHealthCheck = message(
  'envoy.config.core.v3.HealthCheck.TcpHealthCheck',
  { send: Payload, receive: repeated(Payload) },
  { unsupported: { proxy_protocol_config: 'checks send no PROXY header of their own' } },
);

export const GrpcHealthCheck = message('envoy.config.core.v3.HealthCheck.GrpcHealthCheck', {
  service_name: string(),
  authority: string({ header: 'value' }),
  initial_metadata: repeated(HeaderValueOption, { max: 1000 }),
});

export const HealthCheck = message(
  'envoy.config.core.v3.HealthCheck',
  {
    timeout: required(duration({ gt: 0 })),
    interval: required(duration({ gt: 0 })),
    initial_jitter: duration(),
    interval_jitter: duration(),
    interval_jitter_percent: uint32(),
    unhealthy_threshold: required(uint32Value()),
    healthy_threshold: required(uint32Value()),
    alt_port: uint32Value({ lte: 65535 }),
    reuse_connection: boolValue(true),
    http_health_check: HttpHealthCheck,
    tcp_health_check: TcpHealthCheck,
    grpc_health_check: GrpcHealthCheck,
    no_traffic_interval: duration({ gt: 0, default: 60_000 }),
    no_traffic_healthy_interval: duration({ gt: 0 }),
    unhealthy_interval: duration({ gt: 0 }),
    unhealthy_edge_interval: duration({ gt: 0 }),
    healthy_edge_interval: duration({ gt: 0 }),
    event_log_path: string(),
    always_log_health_check_failures: bool(),
    always_log_health_check_success: bool(),
    tls_options: message('envoy.config.core.v3.HealthCheck.TlsOptions', {
      alpn_protocols: repeated(string()),
    }),
  },
  {
    oneofs: [{ fields: ['http_health_check', 'tcp_health_check', 'grpc_health_check'], required: true }],
    unsupported: {
      custom_health_check: 'HTTP, TCP and gRPC checks are there',
      event_logger: 'events go to the log',
      event_service: 'events go to the log',
      transport_socket_match_criteria: "checks use the cluster's transport socket",
    },
  },
);
export type HealthCheck = Infer<typeof HealthCheck>;

const percent = (value: number) => uint32Value({ lte: 100, default: value });

export const OutlierDetection = message(
  'envoy.config.cluster.v3.OutlierDetection',
  {
    consecutive_5xx: uint32Value({ default: 5 }),
    interval: duration({ gt: 0, default: 10_000 }),
    base_ejection_time: duration({ gt: 0, default: 30_000 }),
    max_ejection_percent: percent(10),
    enforcing_consecutive_5xx: percent(100),
    enforcing_success_rate: percent(100),
    success_rate_minimum_hosts: uint32Value({ default: 5 }),
    success_rate_request_volume: uint32Value({ default: 100 }),
    success_rate_stdev_factor: uint32Value({ default: 1900 }),
    consecutive_gateway_failure: uint32Value({ default: 5 }),
    enforcing_consecutive_gateway_failure: percent(0),
    split_external_local_origin_errors: bool(),
    consecutive_local_origin_failure: uint32Value({ default: 5 }),
    enforcing_consecutive_local_origin_failure: percent(100),
    enforcing_local_origin_success_rate: percent(100),
    failure_percentage_threshold: percent(85),
    enforcing_failure_percentage: percent(0),
    enforcing_failure_percentage_local_origin: percent(0),
    failure_percentage_minimum_hosts: uint32Value({ default: 5 }),
    failure_percentage_request_volume: uint32Value({ default: 50 }),
    max_ejection_time: duration({ gt: 0 }),
    max_ejection_time_jitter: duration({ default: 0 }),
    successful_active_health_check_uneject_host: boolValue(true),
    always_eject_one_host: boolValue(false),
  },
  { unsupported: { monitors: 'extension monitors are not there' } },
);
export type OutlierDetection = Infer<typeof OutlierDetection>;
