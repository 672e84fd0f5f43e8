import { map, message, repeated } from '../message.ts';
import {
  bool,
  boolValue,
  duration,
  enumeration,
  optionalBool,
  optionalString,
  optionalUint32,
  string,
  struct,
  uint32,
  uint32Value,
  uint64,
} from '../scalar.ts';
import { type Infer, required } from '../schema.ts';
import { AccessLog } from './access-log.ts';
import {
  ApiVersion,
  extension,
  GrpcMethodList,
  GrpcService,
  HeaderValue,
  HeaderValueOption,
  HttpStatus,
  HttpUri,
  KeyValueMutation,
  RetryPolicy,
  RuntimeFeatureFlag,
  RuntimeFractionalPercent,
  SubstitutionFormatString,
} from './core.ts';
import {
  HeaderMutation,
  ListStringMatcher,
  MetadataMatcher,
  matcherTree,
  RegexMatcher,
  StringMatcher,
} from './matcher.ts';
import { TokenBucket } from './network-filters.ts';
import { FractionalPercent, Percent } from './percent.ts';
import { RateLimit } from './rate-limit.ts';
import { Rbac } from './rbac.ts';
import { cookieAttributeFields } from './route.ts';
import { HeaderMatcher } from './route-match.ts';

/** envoy.extensions.filters.http: configurations of the HTTP filters, whole and per route (jwt_authn is in jwt-authn.ts). */
const ns = 'envoy.extensions.filters.http';

export const Router = message(
  `${ns}.router.v3.Router`,
  {
    dynamic_stats: boolValue(true),
    start_child_span: bool(),
    upstream_log: repeated(AccessLog),
    suppress_envoy_headers: bool(),
    strict_check_headers: repeated(
      string({
        in: [
          'x-envoy-upstream-rq-timeout-ms',
          'x-envoy-upstream-rq-per-try-timeout-ms',
          'x-envoy-max-retries',
          'x-envoy-retry-grpc-on',
          'x-envoy-retry-on',
        ],
      }),
    ),
    respect_expected_rq_timeout: bool(),
    suppress_grpc_request_failure_code_stats: bool(),
    reject_connect_request_early_data: boolValue(),
  },
  {
    unsupported: {
      upstream_log_options: 'upstream logs are written when the attempt ends',
      upstream_http_filters: 'no filters run on the upstream side',
    },
  },
);
export type Router = Infer<typeof Router>;

const FaultDelay = message(
  'envoy.extensions.filters.common.fault.v3.FaultDelay',
  {
    fixed_delay: duration({ gt: 0 }),
    header_delay: message('envoy.extensions.filters.common.fault.v3.FaultDelay.HeaderDelay', {}),
    percentage: FractionalPercent,
  },
  { oneofs: [{ fields: ['fixed_delay', 'header_delay'], required: true }] },
);
const FaultAbort = message(
  `${ns}.fault.v3.FaultAbort`,
  {
    http_status: optionalUint32({ gte: 200, lt: 600 }),
    grpc_status: optionalUint32(),
    header_abort: message(`${ns}.fault.v3.FaultAbort.HeaderAbort`, {}),
    percentage: FractionalPercent,
  },
  { oneofs: [{ fields: ['http_status', 'grpc_status', 'header_abort'], required: true }] },
);
const FaultRateLimit = message(
  'envoy.extensions.filters.common.fault.v3.FaultRateLimit',
  {
    fixed_limit: message('envoy.extensions.filters.common.fault.v3.FaultRateLimit.FixedLimit', {
      limit_kbps: { ...uint64({ gte: 1 }), required: true },
    }),
    header_limit: message('envoy.extensions.filters.common.fault.v3.FaultRateLimit.HeaderLimit', {}),
    percentage: FractionalPercent,
  },
  { oneofs: [{ fields: ['fixed_limit', 'header_limit'], required: true }] },
);
export const HttpFault = message(`${ns}.fault.v3.HTTPFault`, {
  delay: FaultDelay,
  abort: FaultAbort,
  upstream_cluster: string(),
  headers: repeated(HeaderMatcher),
  downstream_nodes: repeated(string()),
  max_active_faults: uint32Value(),
  response_rate_limit: FaultRateLimit,
  delay_percent_runtime: string(),
  abort_percent_runtime: string(),
  delay_duration_runtime: string(),
  abort_http_status_runtime: string(),
  max_active_faults_runtime: string(),
  response_rate_limit_percent_runtime: string(),
  abort_grpc_status_runtime: string(),
  disable_downstream_cluster_stats: bool(),
  filter_metadata: struct(),
});
export type HttpFault = Infer<typeof HttpFault>;

export const Cors = message(`${ns}.cors.v3.Cors`, {});

export const HttpRbac = message(
  `${ns}.rbac.v3.RBAC`,
  {
    rules: Rbac,
    rules_stat_prefix: string(),
    shadow_rules: Rbac,
    shadow_rules_stat_prefix: string(),
    track_per_rule_stats: bool(),
  },
  { unsupported: { matcher: matcherTree, shadow_matcher: matcherTree } },
);
export type HttpRbac = Infer<typeof HttpRbac>;
export const RbacPerRoute = message(`${ns}.rbac.v3.RBACPerRoute`, { rbac: HttpRbac });
export type RbacPerRoute = Infer<typeof RbacPerRoute>;

const BufferSettings = message(`${ns}.ext_authz.v3.BufferSettings`, {
  max_request_bytes: required(uint32({ gt: 0 })),
  allow_partial_message: bool(),
  pack_as_bytes: bool(),
});
const ExtAuthzHttpService = message(
  `${ns}.ext_authz.v3.HttpService`,
  {
    server_uri: HttpUri,
    path_prefix: string(),
    authorization_request: message(`${ns}.ext_authz.v3.AuthorizationRequest`, {
      allowed_headers: ListStringMatcher,
      headers_to_add: repeated(HeaderValue),
    }),
    authorization_response: message(`${ns}.ext_authz.v3.AuthorizationResponse`, {
      allowed_upstream_headers: ListStringMatcher,
      allowed_upstream_headers_to_append: ListStringMatcher,
      allowed_client_headers: ListStringMatcher,
      allowed_client_headers_on_success: ListStringMatcher,
      dynamic_metadata_from_headers: ListStringMatcher,
    }),
    retry_policy: RetryPolicy,
  },
  {
    check: (m, ctx) => {
      if (m.path_prefix !== '' && !m.path_prefix.startsWith('/'))
        ctx.report('InvalidValue', 'path_prefix should start with "/".');
    },
  },
);
export const HeaderMutationRules = message('envoy.config.common.mutation_rules.v3.HeaderMutationRules', {
  allow_all_routing: boolValue(false),
  allow_envoy: boolValue(false),
  disallow_system: boolValue(false),
  disallow_all: boolValue(false),
  allow_expression: RegexMatcher,
  disallow_expression: RegexMatcher,
  disallow_is_error: boolValue(false),
});
export type HeaderMutationRules = Infer<typeof HeaderMutationRules>;
export const ExtAuthz = message(
  `${ns}.ext_authz.v3.ExtAuthz`,
  {
    grpc_service: GrpcService,
    http_service: ExtAuthzHttpService,
    transport_api_version: ApiVersion,
    failure_mode_allow: bool(),
    failure_mode_allow_header_add: bool(),
    with_request_body: BufferSettings,
    clear_route_cache: bool(),
    status_on_error: HttpStatus,
    validate_mutations: bool(),
    metadata_context_namespaces: repeated(string()),
    route_metadata_context_namespaces: repeated(string()),
    filter_enabled: RuntimeFractionalPercent,
    filter_enabled_metadata: MetadataMatcher,
    deny_at_disable: RuntimeFeatureFlag,
    include_peer_certificate: bool(),
    stat_prefix: string(),
    bootstrap_metadata_labels_key: string(),
    allowed_headers: ListStringMatcher,
    disallowed_headers: ListStringMatcher,
    include_tls_session: bool(),
    charge_cluster_response_stats: boolValue(true),
    encode_raw_headers: bool(),
    decoder_header_mutation_rules: HeaderMutationRules,
    enable_dynamic_metadata_ingestion: boolValue(true),
    filter_metadata: struct(),
    emit_filter_state_stats: bool(),
    max_denied_response_body_bytes: uint32(),
  },
  {
    oneofs: [{ fields: ['grpc_service', 'http_service'], required: true }],
    unsupported: {
      typed_metadata_context_namespaces: 'no typed metadata is there',
      route_typed_metadata_context_namespaces: 'no typed metadata is there',
      enforce_response_header_limits: "the codec's limits hold",
    },
    check: (m, ctx) => {
      if (m.grpc_service !== undefined && m.transport_api_version !== 'V3')
        ctx.report('InvalidValue', 'transport_api_version must be V3 with grpc_service');
    },
  },
);
export type ExtAuthz = Infer<typeof ExtAuthz>;
export const ExtAuthzPerRoute = message(
  `${ns}.ext_authz.v3.ExtAuthzPerRoute`,
  {
    disabled: optionalBool(),
    check_settings: message(
      `${ns}.ext_authz.v3.CheckSettings`,
      {
        context_extensions: map(string()),
        disable_request_body_buffering: bool(),
        with_request_body: BufferSettings,
      },
      {
        unsupported: {
          grpc_service: "the filter's service is called",
          http_service: "the filter's service is called",
        },
      },
    ),
  },
  { oneofs: [{ fields: ['disabled', 'check_settings'], required: true }] },
);
export type ExtAuthzPerRoute = Infer<typeof ExtAuthzPerRoute>;

const rateLimitHeaders = enumeration('XRateLimitHeadersRFCVersion', ['OFF', 'DRAFT_VERSION_03']);
const vhRateLimits = enumeration('VhRateLimitsOptions', ['OVERRIDE', 'INCLUDE', 'IGNORE']);
const DescriptorEntry = message('envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry', {
  key: string({ min: 1 }),
  value: string(),
});

export const LocalRateLimit = message(
  `${ns}.local_ratelimit.v3.LocalRateLimit`,
  {
    stat_prefix: string({ min: 1 }),
    status: HttpStatus,
    token_bucket: TokenBucket,
    filter_enabled: RuntimeFractionalPercent,
    filter_enforced: RuntimeFractionalPercent,
    request_headers_to_add_when_not_enforced: repeated(HeaderValueOption, { max: 10 }),
    response_headers_to_add: repeated(HeaderValueOption, { max: 10 }),
    descriptors: repeated(
      message(
        'envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor',
        { entries: repeated(DescriptorEntry, { min: 1 }), token_bucket: required(TokenBucket) },
        { unsupported: { shadow_mode: 'use filter_enforced' } },
      ),
    ),
    stage: uint32({ lte: 10 }),
    local_rate_limit_per_downstream_connection: bool(),
    enable_x_ratelimit_headers: rateLimitHeaders,
    vh_rate_limits: vhRateLimits,
    always_consume_default_token_bucket: boolValue(true),
    rate_limited_as_resource_exhausted: bool(),
    rate_limits: repeated(RateLimit),
    max_dynamic_descriptors: uint32Value({ gte: 1 }),
  },
  {
    unsupported: { local_cluster_rate_limit: 'buckets are not shared between proxies' },
    check: (m, ctx) => {
      for (const bucket of [m.token_bucket, ...m.descriptors.map((d) => d.token_bucket)])
        if (bucket !== undefined && bucket.fill_interval < 50)
          ctx.report('OutOfRange', 'fill_interval must be at least 50 ms');
    },
  },
);
export type LocalRateLimit = Infer<typeof LocalRateLimit>;

export const HttpRateLimit = message(`${ns}.ratelimit.v3.RateLimit`, {
  domain: string({ min: 1 }),
  stage: uint32({ lte: 10 }),
  request_type: string({ in: ['internal', 'external', 'both', ''] }),
  timeout: duration({ default: 20 }),
  failure_mode_deny: bool(),
  rate_limited_as_resource_exhausted: bool(),
  rate_limit_service: required(
    message(
      'envoy.config.ratelimit.v3.RateLimitServiceConfig',
      {
        grpc_service: required(GrpcService),
        transport_api_version: ApiVersion,
      },
      {
        check: (m, ctx) => {
          if (m.transport_api_version !== 'V3')
            ctx.report('InvalidValue', 'transport_api_version must be V3');
        },
      },
    ),
  ),
  enable_x_ratelimit_headers: rateLimitHeaders,
  disable_x_envoy_ratelimited_header: bool(),
  rate_limited_status: HttpStatus,
  response_headers_to_add: repeated(HeaderValueOption, { max: 10 }),
  status_on_error: HttpStatus,
  stat_prefix: string(),
  filter_enabled: RuntimeFractionalPercent,
  filter_enforced: RuntimeFractionalPercent,
  failure_mode_deny_percent: RuntimeFractionalPercent,
  rate_limits: repeated(RateLimit),
});
export type HttpRateLimit = Infer<typeof HttpRateLimit>;
export const RateLimitPerRoute = message(`${ns}.ratelimit.v3.RateLimitPerRoute`, {
  vh_rate_limits: vhRateLimits,
  override_option: enumeration('OverrideOptions', [
    'DEFAULT',
    'OVERRIDE_POLICY',
    'INCLUDE_POLICY',
    'IGNORE_POLICY',
  ]),
  rate_limits: repeated(RateLimit),
  domain: string(),
});
export type RateLimitPerRoute = Infer<typeof RateLimitPerRoute>;

const Mutations = message(`${ns}.header_mutation.v3.Mutations`, {
  request_mutations: repeated(HeaderMutation),
  query_parameter_mutations: repeated(KeyValueMutation),
  response_mutations: repeated(HeaderMutation),
  response_trailers_mutations: repeated(HeaderMutation),
  request_trailers_mutations: repeated(HeaderMutation),
});
export type Mutations = Infer<typeof Mutations>;
export const HeaderMutationFilter = message(`${ns}.header_mutation.v3.HeaderMutation`, {
  mutations: Mutations,
  most_specific_header_mutations_wins: bool(),
});
export type HeaderMutationFilter = Infer<typeof HeaderMutationFilter>;
export const HeaderMutationPerRoute = message(`${ns}.header_mutation.v3.HeaderMutationPerRoute`, {
  mutations: Mutations,
});
export type HeaderMutationPerRoute = Infer<typeof HeaderMutationPerRoute>;

export const Buffer = message(`${ns}.buffer.v3.Buffer`, {
  max_request_bytes: required(uint32Value({ gt: 0 })),
});
export type Buffer = Infer<typeof Buffer>;
export const BufferPerRoute = message(
  `${ns}.buffer.v3.BufferPerRoute`,
  { disabled: optionalBool(), buffer: Buffer },
  {
    oneofs: [{ fields: ['disabled', 'buffer'], required: true }],
    check: (m, ctx) => {
      if (m.disabled === false) ctx.report('InvalidValue', 'disabled must be true');
    },
  },
);
export type BufferPerRoute = Infer<typeof BufferPerRoute>;

export const GrpcWeb = message(`${ns}.grpc_web.v3.GrpcWeb`, {});
export const GrpcStats = message(
  `${ns}.grpc_stats.v3.FilterConfig`,
  {
    emit_filter_state: bool(),
    individual_method_stats_allowlist: GrpcMethodList,
    stats_for_all_methods: boolValue(),
    enable_upstream_stats: bool(),
    replace_dots_in_grpc_service_name: bool(),
  },
  { oneofs: [{ fields: ['individual_method_stats_allowlist', 'stats_for_all_methods'] }] },
);
export type GrpcStats = Infer<typeof GrpcStats>;
export const GrpcHttp1Bridge = message(`${ns}.grpc_http1_bridge.v3.Config`, {
  upgrade_protobuf_to_grpc: bool(),
  ignore_query_parameters: bool(),
});
export type GrpcHttp1Bridge = Infer<typeof GrpcHttp1Bridge>;

export const HealthCheckFilter = message(`${ns}.health_check.v3.HealthCheck`, {
  pass_through_mode: required(boolValue()),
  cache_time: duration(),
  cluster_min_healthy_percentages: map(Percent),
  headers: repeated(HeaderMatcher),
});
export type HealthCheckFilter = Infer<typeof HealthCheckFilter>;

export const StatefulSession = message(`${ns}.stateful_session.v3.StatefulSession`, {
  session_state: extension('session_state'),
  strict: bool(),
  stat_prefix: string(),
});
export type StatefulSession = Infer<typeof StatefulSession>;
export const StatefulSessionPerRoute = message(
  `${ns}.stateful_session.v3.StatefulSessionPerRoute`,
  { disabled: optionalBool(), stateful_session: StatefulSession },
  {
    oneofs: [{ fields: ['disabled', 'stateful_session'], required: true }],
    check: (m, ctx) => {
      if (m.disabled === false) ctx.report('InvalidValue', 'disabled must be true');
    },
  },
);
export type StatefulSessionPerRoute = Infer<typeof StatefulSessionPerRoute>;
export const CookieSessionState = message(
  'envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState',
  {
    cookie: required(
      message('envoy.type.http.v3.Cookie', {
        name: string({ min: 1 }),
        ttl: duration({ gte: 0 }),
        path: string(),
        attributes: repeated(message('envoy.type.http.v3.CookieAttribute', cookieAttributeFields)),
      }),
    ),
  },
);
export type CookieSessionState = Infer<typeof CookieSessionState>;

export const FilterStateValue = message(
  'envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue',
  {
    object_key: optionalString({ min: 1 }),
    factory_key: string(),
    format_string: SubstitutionFormatString,
    read_only: bool(),
    shared_with_upstream: enumeration('SharedWithUpstream', ['NONE', 'ONCE', 'TRANSITIVE']),
    skip_if_empty: bool(),
  },
  {
    oneofs: [
      { fields: ['object_key'], required: true },
      { fields: ['format_string'], required: true },
    ],
  },
);
export const SetFilterState = message(`${ns}.set_filter_state.v3.Config`, {
  on_request_headers: repeated(FilterStateValue),
});
export type SetFilterState = Infer<typeof SetFilterState>;

export const CsrfPolicy = message(`${ns}.csrf.v3.CsrfPolicy`, {
  filter_enabled: required(RuntimeFractionalPercent),
  shadow_enabled: RuntimeFractionalPercent,
  additional_origins: repeated(StringMatcher),
});
export type CsrfPolicy = Infer<typeof CsrfPolicy>;
