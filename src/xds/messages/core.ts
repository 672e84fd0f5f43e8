import { lazy, map, message, repeated, typed } from '../message.ts';
import {
  bool,
  boolValue,
  bytes,
  double,
  duration,
  enumeration,
  int64,
  optionalInt64,
  optionalString,
  optionalUint32,
  string,
  struct,
  uint32,
  uint32Value,
  uint64Value,
} from '../scalar.ts';
import { type Infer, noEffect, required } from '../schema.ts';
import { FractionalPercent, Percent } from './percent.ts';

/** envoy.config.core.v3: what many messages share. */
export const SocketAddress = message(
  'envoy.config.core.v3.SocketAddress',
  {
    protocol: enumeration('Protocol', ['TCP', 'UDP']),
    address: string({ min: 1 }),
    port_value: optionalUint32({ lte: 65535 }),
    named_port: optionalString(),
    resolver_name: string(),
    ipv4_compat: bool(),
  },
  {
    oneofs: [{ fields: ['port_value', 'named_port'], required: true }],
    unsupported: { network_namespace_filepath: 'listeners stay in the process network namespace' },
  },
);
export type SocketAddress = Infer<typeof SocketAddress>;

export const Pipe = message('envoy.config.core.v3.Pipe', {
  path: string({ min: 1 }),
  mode: uint32({ lte: 511 }),
});

export const Address = message(
  'envoy.config.core.v3.Address',
  { socket_address: SocketAddress, pipe: Pipe },
  {
    oneofs: [{ fields: ['socket_address', 'pipe'], required: true }],
    unsupported: { envoy_internal_address: 'internal listeners are not there' },
  },
);
export type Address = Infer<typeof Address>;

export const CidrRange = message('envoy.config.core.v3.CidrRange', {
  address_prefix: string({ min: 1 }),
  prefix_len: uint32Value({ lte: 128, default: 0 }),
});
export type CidrRange = Infer<typeof CidrRange>;

export const TcpKeepalive = message('envoy.config.core.v3.TcpKeepalive', {
  keepalive_probes: uint32Value(),
  keepalive_time: uint32Value(),
  keepalive_interval: uint32Value(),
});
export type TcpKeepalive = Infer<typeof TcpKeepalive>;

export const SocketOption = message(
  'envoy.config.core.v3.SocketOption',
  {
    description: string(),
    level: int64(),
    name: int64(),
    int_value: optionalInt64(),
    buf_value: bytes(),
    state: enumeration('SocketState', ['STATE_PREBIND', 'STATE_BOUND', 'STATE_LISTENING']),
  },
  {
    oneofs: [{ fields: ['int_value', 'buf_value'], required: true }],
    unsupported: { type: 'applies to every socket', ip_version: 'applies to every socket' },
  },
);
export type SocketOption = Infer<typeof SocketOption>;

export const SocketOptionsOverride = message('envoy.config.core.v3.SocketOptionsOverride', {
  socket_options: repeated(SocketOption),
});

export const BindConfig = message(
  'envoy.config.core.v3.BindConfig',
  { source_address: SocketAddress, freebind: boolValue(), socket_options: repeated(SocketOption) },
  {
    unsupported: {
      extra_source_addresses: 'one source address only',
      additional_source_addresses: 'one source address only',
      local_address_selector: 'one source address only',
    },
  },
);
export type BindConfig = Infer<typeof BindConfig>;

export const Locality = message('envoy.config.core.v3.Locality', {
  region: string(),
  zone: string(),
  sub_zone: string(),
});
export type Locality = Infer<typeof Locality>;

export const SemanticVersion = message('envoy.type.v3.SemanticVersion', {
  major_number: uint32(),
  minor_number: uint32(),
  patch: uint32(),
});

export const BuildVersion = message('envoy.config.core.v3.BuildVersion', {
  version: SemanticVersion,
  metadata: struct(),
});

export const Node = message('envoy.config.core.v3.Node', {
  id: string(),
  cluster: string(),
  metadata: struct(),
  dynamic_parameters: noEffect('xDS context parameters; no xDS stream is opened'),
  locality: Locality,
  user_agent_name: string(),
  user_agent_version: optionalString(),
  user_agent_build_version: BuildVersion,
  extensions: noEffect('reported to xDS servers only'),
  client_features: repeated(string()),
  listening_addresses: repeated(Address),
});
export type Node = Infer<typeof Node>;

export const Metadata = message('envoy.config.core.v3.Metadata', {
  filter_metadata: map(struct()),
  typed_filter_metadata: noEffect('no extension reads typed metadata'),
});
export type Metadata = Infer<typeof Metadata>;

export const RoutingPriority = enumeration('RoutingPriority', ['DEFAULT', 'HIGH']);
export const TrafficDirection = enumeration('TrafficDirection', ['UNSPECIFIED', 'INBOUND', 'OUTBOUND']);
export const RequestMethod = enumeration('RequestMethod', [
  'METHOD_UNSPECIFIED',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);
export const ApiVersion = enumeration('ApiVersion', ['AUTO', 'V2', 'V3']);

export const RuntimeUInt32 = message('envoy.config.core.v3.RuntimeUInt32', {
  default_value: uint32(),
  runtime_key: string(),
});
export type RuntimeUInt32 = Infer<typeof RuntimeUInt32>;

export const RuntimeDouble = message('envoy.config.core.v3.RuntimeDouble', {
  default_value: double(),
  runtime_key: string({ min: 1 }),
});
export type RuntimeDouble = Infer<typeof RuntimeDouble>;

export const RuntimeFeatureFlag = message('envoy.config.core.v3.RuntimeFeatureFlag', {
  default_value: required(boolValue()),
  runtime_key: string(),
});
export type RuntimeFeatureFlag = Infer<typeof RuntimeFeatureFlag>;

export const RuntimeFractionalPercent = message('envoy.config.core.v3.RuntimeFractionalPercent', {
  default_value: required(FractionalPercent),
  runtime_key: string(),
});
export type RuntimeFractionalPercent = Infer<typeof RuntimeFractionalPercent>;

export const WatchedDirectory = message('envoy.config.core.v3.WatchedDirectory', {
  path: string({ min: 1 }),
});

export const DataSource = message(
  'envoy.config.core.v3.DataSource',
  {
    filename: optionalString({ min: 1 }),
    inline_bytes: bytes(),
    inline_string: optionalString(),
    environment_variable: optionalString({ min: 1 }),
    watched_directory: WatchedDirectory,
  },
  {
    oneofs: [
      { fields: ['filename', 'inline_bytes', 'inline_string', 'environment_variable'], required: true },
    ],
  },
);
export type DataSource = Infer<typeof DataSource>;

export const TransportSocket = message('envoy.config.core.v3.TransportSocket', {
  name: string({ min: 1 }),
  typed_config: typed('transport_socket'),
});
export type TransportSocket = Infer<typeof TransportSocket>;

/** TypedExtensionConfig at an extension point of the given kind. */
export function extension(category: string) {
  return message('envoy.config.core.v3.TypedExtensionConfig', {
    name: string({ min: 1 }),
    typed_config: required(typed(category)),
  });
}
export type TypedExtensionConfig = Infer<ReturnType<typeof extension>>;

export const HeaderValue = message('envoy.config.core.v3.HeaderValue', {
  key: string({ min: 1, maxBytes: 16384, header: 'name' }),
  value: string({ maxBytes: 16384, header: 'value' }),
  raw_value: bytes(),
});
export type HeaderValue = Infer<typeof HeaderValue>;

export const HeaderValueOption = message(
  'envoy.config.core.v3.HeaderValueOption',
  {
    header: required(HeaderValue),
    append: boolValue(),
    append_action: enumeration('HeaderAppendAction', [
      'APPEND_IF_EXISTS_OR_ADD',
      'ADD_IF_ABSENT',
      'OVERWRITE_IF_EXISTS_OR_ADD',
      'OVERWRITE_IF_EXISTS',
    ]),
    keep_empty_value: bool(),
  },
  {
    check: ({ header }, ctx) => {
      if (/^(?::|host$)/i.test(header.key))
        ctx.report('InvalidValue', ':-prefixed or host headers may not be modified');
    },
  },
);
export type HeaderValueOption = Infer<typeof HeaderValueOption>;

/** `:`-prefixed and host headers may not be removed. */
const removable = /^(?!:)(?![hH][oO][sS][tT]$)/;

export const headerMutationLists = {
  request_headers_to_add: repeated(HeaderValueOption, { max: 1000 }),
  request_headers_to_remove: repeated(string({ min: 1, header: 'name', pattern: removable })),
  response_headers_to_add: repeated(HeaderValueOption, { max: 1000 }),
  response_headers_to_remove: repeated(string({ min: 1, header: 'name', pattern: removable })),
};

export const KeyValuePair = message('envoy.config.core.v3.KeyValuePair', {
  key: string({ min: 1, maxBytes: 16384 }),
  value: noEffect('any JSON value'),
});
export const KeyValueAppend = message('envoy.config.core.v3.KeyValueAppend', {
  record: KeyValuePair,
  entry: message('envoy.config.core.v3.KeyValue', {
    key: string({ min: 1, maxBytes: 16384 }),
    value: bytes(),
  }),
  action: enumeration('KeyValueAppendAction', [
    'APPEND_IF_EXISTS_OR_ADD',
    'ADD_IF_ABSENT',
    'OVERWRITE_IF_EXISTS_OR_ADD',
    'OVERWRITE_IF_EXISTS',
  ]),
});
export const KeyValueMutation = message('envoy.config.core.v3.KeyValueMutation', {
  append: KeyValueAppend,
  remove: string({ maxBytes: 16384 }),
});
export type KeyValueMutation = Infer<typeof KeyValueMutation>;

export const BackoffStrategy = message('envoy.config.core.v3.BackoffStrategy', {
  base_interval: required(duration({ gte: 1 })),
  max_interval: duration({ gt: 0 }),
});

export const RetryPolicy = message(
  'envoy.config.core.v3.RetryPolicy',
  { retry_back_off: BackoffStrategy, num_retries: uint32Value({ default: 1 }), retry_on: string() },
  {
    unsupported: {
      retry_priority: 'side calls retry on any host',
      retry_host_predicate: 'side calls retry on any host',
      host_selection_retry_max_attempts: 'side calls retry on any host',
    },
  },
);
export type CoreRetryPolicy = Infer<typeof RetryPolicy>;

export const HttpUri = message(
  'envoy.config.core.v3.HttpUri',
  {
    uri: string({ min: 1 }),
    cluster: optionalString({ min: 1 }),
    timeout: required(duration({ gte: 0, lt: 4_294_967_296_000 })),
  },
  { oneofs: [{ fields: ['cluster'], required: true }] },
);
export type HttpUri = Infer<typeof HttpUri>;

export const EnvoyGrpc = message('envoy.config.core.v3.GrpcService.EnvoyGrpc', {
  cluster_name: string({ min: 1 }),
  authority: string({ maxBytes: 16384, header: 'value' }),
  retry_policy: RetryPolicy,
  max_receive_message_length: uint32Value(),
  skip_envoy_headers: bool(),
});

export const GrpcService = message(
  'envoy.config.core.v3.GrpcService',
  {
    envoy_grpc: EnvoyGrpc,
    timeout: duration(),
    initial_metadata: repeated(HeaderValue),
    retry_policy: RetryPolicy,
  },
  {
    oneofs: [{ fields: ['envoy_grpc'], required: true }],
    unsupported: { google_grpc: 'gRPC calls go through a cluster: use envoy_grpc' },
  },
);
export type GrpcService = Infer<typeof GrpcService>;

export const HttpService = message('envoy.config.core.v3.HttpService', {
  http_uri: HttpUri,
  request_headers_to_add: repeated(HeaderValueOption, { max: 1000 }),
});
export type HttpService = Infer<typeof HttpService>;

export const PathConfigSource = message('envoy.config.core.v3.PathConfigSource', {
  path: string({ min: 1 }),
  watched_directory: WatchedDirectory,
});

export const ConfigSource = message(
  'envoy.config.core.v3.ConfigSource',
  {
    path: optionalString(),
    path_config_source: PathConfigSource,
    initial_fetch_timeout: duration(),
    resource_api_version: ApiVersion,
  },
  {
    oneofs: [{ fields: ['path', 'path_config_source'], required: true }],
    unsupported: {
      authorities: 'configuration comes from files',
      api_config_source: 'configuration comes from files: use path_config_source',
      ads: 'configuration comes from files: use path_config_source',
      self: 'configuration comes from files: use path_config_source',
    },
  },
);
export type ConfigSource = Infer<typeof ConfigSource>;

export const SubstitutionFormatString = message(
  'envoy.config.core.v3.SubstitutionFormatString',
  {
    text_format: optionalString(),
    json_format: struct(),
    text_format_source: DataSource,
    omit_empty_values: bool(),
    content_type: string({ header: 'value' }),
    formatters: repeated(lazy(() => extension('formatter'))),
    json_format_options: message('envoy.config.core.v3.JsonFormatOptions', { sort_properties: bool() }),
  },
  { oneofs: [{ fields: ['text_format', 'json_format', 'text_format_source'], required: true }] },
);
export type SubstitutionFormatString = Infer<typeof SubstitutionFormatString>;

export const ProxyProtocolPassThroughTLVs = message('envoy.config.core.v3.ProxyProtocolPassThroughTLVs', {
  match_type: enumeration('PassTLVsMatchType', ['INCLUDE_ALL', 'INCLUDE']),
  tlv_type: repeated(uint32({ lt: 256 })),
});

export const TlvEntry = message(
  'envoy.config.core.v3.TlvEntry',
  { type: uint32({ lt: 256 }), value: bytes() },
  { unsupported: { format_string: 'TLV values are constants' } },
);
export const ProxyProtocolVersion = enumeration('ProxyProtocolConfig.Version', ['V1', 'V2']);
export const ProxyProtocolConfig = message('envoy.config.core.v3.ProxyProtocolConfig', {
  version: ProxyProtocolVersion,
  pass_through_tlvs: ProxyProtocolPassThroughTLVs,
  added_tlvs: repeated(TlvEntry),
});
export type ProxyProtocolConfig = Infer<typeof ProxyProtocolConfig>;

/** GrpcMethodList of grpc_stats. */
export const GrpcMethodList = message('envoy.config.core.v3.GrpcMethodList', {
  services: repeated(
    message('envoy.config.core.v3.GrpcMethodList.Service', {
      name: string({ min: 1 }),
      method_names: repeated(string(), { min: 1 }),
    }),
  ),
});

const HttpStatusCode = uint32();
/** envoy.type.v3.HttpStatus: a known status code. */
export const HttpStatus = message(
  'envoy.type.v3.HttpStatus',
  { code: { ...HttpStatusCode, kind: 'StatusCode', required: true } },
  {
    check: ({ code }, ctx) => {
      if (!httpStatusCodes.has(code)) ctx.report('UnknownEnum', `${code} is not a known status code`);
    },
  },
);
const httpStatusCodes = new Set([
  100, 102, 103, 104, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307,
  308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422,
  423, 424, 426, 428, 429, 431, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
]);

/** Options of HTTP/1.1 and HTTP/2 codecs on both sides. */
export const HttpProtocolOptions = message('envoy.config.core.v3.HttpProtocolOptions', {
  idle_timeout: duration(),
  max_connection_duration: duration(),
  max_headers_count: uint32Value({ gte: 1 }),
  max_response_headers_kb: uint32Value({ gt: 0, lte: 8192 }),
  max_stream_duration: duration(),
  headers_with_underscores_action: enumeration('HeadersWithUnderscoresAction', [
    'ALLOW',
    'REJECT_REQUEST',
    'DROP_HEADER',
  ]),
  max_requests_per_connection: uint32Value(),
});
export type HttpProtocolOptions = Infer<typeof HttpProtocolOptions>;

const HeaderKeyFormat = message(
  'envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat',
  {
    proper_case_words: message(
      'envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat.ProperCaseWords',
      {},
    ),
    stateful_formatter: extension('header_formatter'),
  },
  { oneofs: [{ fields: ['proper_case_words', 'stateful_formatter'], required: true }] },
);

export const Http1ProtocolOptions = message(
  'envoy.config.core.v3.Http1ProtocolOptions',
  {
    allow_absolute_url: boolValue(),
    accept_http_10: bool(),
    default_host_for_http_10: string(),
    header_key_format: HeaderKeyFormat,
    enable_trailers: bool(),
    allow_chunked_length: bool(),
    override_stream_error_on_invalid_http_message: boolValue(),
    send_fully_qualified_url: bool(),
    use_balsa_parser: noEffect("selects between Envoy's parsers"),
    allow_custom_methods: bool(),
  },
  { unsupported: { ignore_http_11_upgrade: 'upgrades are configured with upgrade_configs' } },
);
export type Http1ProtocolOptions = Infer<typeof Http1ProtocolOptions>;

const windowSize = { gte: 65535, lte: 2147483647 };

export const KeepaliveSettings = message('envoy.config.core.v3.KeepaliveSettings', {
  interval: duration({ gte: 1 }),
  timeout: required(duration({ gte: 1 })),
  interval_jitter: Percent,
  connection_idle_interval: duration({ gte: 1 }),
});

export const Http2ProtocolOptions = message(
  'envoy.config.core.v3.Http2ProtocolOptions',
  {
    hpack_table_size: uint32Value(),
    max_concurrent_streams: uint32Value({ gte: 1, lte: 2147483647 }),
    initial_stream_window_size: uint32Value(windowSize),
    initial_connection_window_size: uint32Value(windowSize),
    allow_connect: bool(),
    allow_metadata: bool(),
    max_outbound_frames: uint32Value({ gte: 1 }),
    max_outbound_control_frames: uint32Value({ gte: 1 }),
    max_consecutive_inbound_frames_with_empty_payload: uint32Value(),
    max_inbound_priority_frames_per_stream: uint32Value(),
    max_inbound_window_update_frames_per_data_frame_sent: uint32Value({ gte: 1 }),
    stream_error_on_invalid_http_messaging: bool(),
    override_stream_error_on_invalid_http_message: boolValue(),
    connection_keepalive: KeepaliveSettings,
    use_oghttp2_codec: noEffect("selects between Envoy's codecs"),
    max_metadata_size: uint64Value(),
    enable_huffman_encoding: boolValue(),
  },
  { unsupported: { custom_settings_parameters: 'SETTINGS are those the codec knows' } },
);
export type Http2ProtocolOptions = Infer<typeof Http2ProtocolOptions>;

export const UpstreamHttpProtocolOptions = message('envoy.config.core.v3.UpstreamHttpProtocolOptions', {
  auto_sni: bool(),
  auto_san_validation: bool(),
  override_auto_sni_header: string({ pattern: /^$|^:?[0-9a-zA-Z!#$%&'*+.^_|~`-]+$/ }),
});

export const SchemeHeaderTransformation = message('envoy.config.core.v3.SchemeHeaderTransformation', {
  scheme_to_overwrite: optionalString({ in: ['http', 'https'] }),
  match_upstream: bool(),
});
