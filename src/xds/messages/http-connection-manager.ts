import { message, repeated, typed } from '../message.ts';
import {
  bool,
  boolValue,
  duration,
  enumeration,
  optionalBool,
  string,
  uint32,
  uint32Value,
} from '../scalar.ts';
import { type Infer, noEffect, required } from '../schema.ts';
import { AccessLog, AccessLogFilter } from './access-log.ts';
import {
  CidrRange,
  ConfigSource,
  DataSource,
  extension,
  HeaderValueOption,
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpProtocolOptions,
  SchemeHeaderTransformation,
  SubstitutionFormatString,
} from './core.ts';
import { CustomTag, matcherTree } from './matcher.ts';
import { Percent } from './percent.ts';
import { RouteConfiguration } from './route.ts';

/** envoy.extensions.filters.network.http_connection_manager.v3. */
const ns = 'envoy.extensions.filters.network.http_connection_manager.v3';

export const HttpFilter = message(
  `${ns}.HttpFilter`,
  { name: string({ min: 1 }), typed_config: typed('http_filter'), is_optional: bool(), disabled: bool() },
  {
    optionalFlag: 'is_optional',
    unsupported: { config_discovery: 'filters stand in the connection manager itself' },
    check: (m, ctx) => {
      if (m.typed_config === undefined && !m.is_optional)
        ctx.report('Required', `filter ${m.name} needs typed_config`);
    },
  },
);
export type HttpFilter = Infer<typeof HttpFilter>;

export const Tracing = message(`${ns}.HttpConnectionManager.Tracing`, {
  client_sampling: Percent,
  random_sampling: Percent,
  overall_sampling: Percent,
  verbose: bool(),
  max_path_tag_length: uint32Value({ default: 256 }),
  custom_tags: repeated(CustomTag),
  provider: message('envoy.config.trace.v3.Tracing.Http', {
    name: string({ min: 1 }),
    typed_config: typed('tracer'),
  }),
  spawn_upstream_span: boolValue(),
  operation: string(),
  upstream_operation: string(),
});
export type Tracing = Infer<typeof Tracing>;

export const LocalReplyConfig = message(`${ns}.LocalReplyConfig`, {
  mappers: repeated(
    message(`${ns}.ResponseMapper`, {
      filter: required(AccessLogFilter),
      status_code: uint32Value({ gte: 200, lt: 600 }),
      body: DataSource,
      body_format_override: SubstitutionFormatString,
      headers_to_add: repeated(HeaderValueOption, { max: 1000 }),
    }),
  ),
  body_format: SubstitutionFormatString,
});
export type LocalReplyConfig = Infer<typeof LocalReplyConfig>;

export const Rds = message(`${ns}.Rds`, {
  config_source: required(ConfigSource),
  route_config_name: string(),
});
export type Rds = Infer<typeof Rds>;

const emptyOperation = (name: string) =>
  message(`envoy.type.http.v3.PathTransformation.Operation.${name}`, {});
const PathTransformation = message('envoy.type.http.v3.PathTransformation', {
  operations: repeated(
    message(
      'envoy.type.http.v3.PathTransformation.Operation',
      {
        normalize_path_rfc_3986: emptyOperation('NormalizePathRFC3986'),
        merge_slashes: emptyOperation('MergeSlashes'),
      },
      { oneofs: [{ fields: ['normalize_path_rfc_3986', 'merge_slashes'], required: true }] },
    ),
  ),
});

export const HttpConnectionManager = message(
  `${ns}.HttpConnectionManager`,
  {
    codec_type: enumeration('CodecType', ['AUTO', 'HTTP1', 'HTTP2']),
    stat_prefix: string({ min: 1 }),
    rds: Rds,
    route_config: RouteConfiguration,
    http_filters: repeated(HttpFilter),
    add_user_agent: boolValue(false),
    tracing: Tracing,
    common_http_protocol_options: HttpProtocolOptions,
    http1_safe_max_connection_duration: bool(),
    http_protocol_options: Http1ProtocolOptions,
    http2_protocol_options: Http2ProtocolOptions,
    server_name: string({ header: 'value' }),
    server_header_transformation: enumeration('ServerHeaderTransformation', [
      'OVERWRITE',
      'APPEND_IF_ABSENT',
      'PASS_THROUGH',
    ]),
    scheme_header_transformation: SchemeHeaderTransformation,
    max_request_headers_kb: uint32Value({ gt: 0, lte: 8192, default: 60 }),
    stream_idle_timeout: duration({ default: 300_000 }),
    stream_flush_timeout: duration(),
    request_timeout: duration({ default: 0 }),
    request_headers_timeout: duration({ gte: 0, default: 0 }),
    drain_timeout: duration({ default: 5_000 }),
    delayed_close_timeout: duration({ default: 1_000 }),
    access_log: repeated(AccessLog),
    access_log_flush_interval: duration({ gte: 1 }),
    flush_access_log_on_new_request: bool(),
    access_log_options: message(`${ns}.HttpConnectionManager.HcmAccessLogOptions`, {
      access_log_flush_interval: duration({ gte: 1 }),
      flush_access_log_on_new_request: bool(),
      flush_log_on_tunnel_successfully_established: bool(),
    }),
    use_remote_address: boolValue(false),
    xff_num_trusted_hops: uint32(),
    original_ip_detection_extensions: repeated(extension('original_ip_detection')),
    early_header_mutation_extensions: repeated(extension('early_header_mutation')),
    internal_address_config: message(`${ns}.HttpConnectionManager.InternalAddressConfig`, {
      unix_sockets: bool(),
      cidr_ranges: repeated(CidrRange),
    }),
    skip_xff_append: bool(),
    via: string({ header: 'value' }),
    generate_request_id: boolValue(true),
    preserve_external_request_id: bool(),
    always_set_request_id_in_response: bool(),
    forward_client_cert_details: enumeration('ForwardClientCertDetails', [
      'SANITIZE',
      'FORWARD_ONLY',
      'APPEND_FORWARD',
      'SANITIZE_SET',
      'ALWAYS_FORWARD_ONLY',
    ]),
    set_current_client_cert_details: message(`${ns}.HttpConnectionManager.SetCurrentClientCertDetails`, {
      subject: boolValue(false),
      cert: bool(),
      chain: bool(),
      dns: bool(),
      uri: bool(),
    }),
    proxy_100_continue: bool(),
    represent_ipv4_remote_address_as_ipv4_mapped_ipv6: bool(),
    upgrade_configs: repeated(
      message(`${ns}.HttpConnectionManager.UpgradeConfig`, {
        upgrade_type: string(),
        filters: repeated(HttpFilter),
        enabled: boolValue(true),
      }),
    ),
    normalize_path: boolValue(),
    merge_slashes: bool(),
    path_with_escaped_slashes_action: enumeration('PathWithEscapedSlashesAction', [
      'IMPLEMENTATION_SPECIFIC_DEFAULT',
      'KEEP_UNCHANGED',
      'REJECT_REQUEST',
      'UNESCAPE_AND_REDIRECT',
      'UNESCAPE_AND_FORWARD',
    ]),
    request_id_extension: message(`${ns}.RequestIDExtension`, { typed_config: typed('request_id') }),
    local_reply_config: LocalReplyConfig,
    strip_matching_host_port: bool(),
    strip_any_host_port: optionalBool(),
    stream_error_on_invalid_http_message: boolValue(false),
    path_normalization_options: message(`${ns}.HttpConnectionManager.PathNormalizationOptions`, {
      forwarding_transformation: PathTransformation,
      http_filter_transformation: PathTransformation,
    }),
    strip_trailing_host_dot: bool(),
    typed_header_validation_config: noEffect('headers are always validated'),
    append_x_forwarded_port: bool(),
    append_local_overload: bool(),
    add_proxy_protocol_connection_state: boolValue(true),
  },
  {
    oneofs: [{ fields: ['rds', 'route_config'], required: true }],
    unsupported: {
      scoped_routes: 'use rds or route_config',
      http3_protocol_options: 'HTTP/3 is not there',
      forward_client_cert_matcher: matcherTree,
      proxy_status_config: 'no Proxy-Status header is written',
      forward_proto_config: 'x-forwarded-proto follows the transport',
    },
    check: (m, ctx) => {
      if (m.strip_any_host_port && m.strip_matching_host_port)
        ctx.report('OneOf', 'only one of strip_matching_host_port and strip_any_host_port may be set');
      if (m.path_normalization_options !== undefined)
        ctx.report(
          'UnsupportedField',
          'path_normalization_options is not implemented (nor is it in Envoy): use normalize_path and merge_slashes',
        );
      const last = m.http_filters.findLast((filter) => filter.typed_config !== undefined);
      const router = 'envoy.extensions.filters.http.router.v3.Router';
      if (last?.typed_config?.type !== router)
        ctx.report('InvalidValue', 'the last HTTP filter must be the router (envoy.filters.http.router)');
      for (const filter of m.http_filters) {
        if (filter.typed_config?.type === router && filter !== last)
          ctx.report('InvalidValue', 'the router must be the last HTTP filter');
        if (filter === last && filter.disabled)
          ctx.report('InvalidValue', 'the last filter cannot be disabled');
      }
    },
  },
);
export type HttpConnectionManager = Infer<typeof HttpConnectionManager>;
