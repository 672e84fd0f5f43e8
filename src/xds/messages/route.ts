import { map, message, repeated, typed } from '../message.ts';
import {
  bool,
  boolValue,
  duration,
  enumeration,
  int64,
  optionalBool,
  optionalString,
  string,
  uint32,
  uint32Value,
  uint64Value,
} from '../scalar.ts';
import { type Infer, required } from '../schema.ts';
import {
  DataSource,
  extension,
  headerMutationLists,
  Metadata,
  ProxyProtocolConfig,
  RoutingPriority,
  RuntimeFractionalPercent,
  SubstitutionFormatString,
} from './core.ts';
import { CustomTag, HeaderMutation, matcherTree, RegexMatchAndSubstitute, StringMatcher } from './matcher.ts';
import { FractionalPercent } from './percent.ts';
import { RateLimit } from './rate-limit.ts';
import { HeaderMatcher, RouteMatch } from './route-match.ts';

/** envoy.config.route.v3: route tables and what a route does. */
const ns = 'envoy.config.route.v3';
const perFilter = map(typed('route_filter'));

/** `FilterConfig` in typed_per_filter_config: a wrapper that can disable a filter. */
export const FilterConfig = message(
  `${ns}.FilterConfig`,
  { config: typed('route_filter'), is_optional: bool(), disabled: bool() },
  { optionalFlag: 'is_optional' },
);
export type FilterConfig = Infer<typeof FilterConfig>;

const corsFields = {
  allow_origin_string_match: repeated(StringMatcher),
  allow_methods: string(),
  allow_headers: string(),
  expose_headers: string(),
  max_age: string(),
  allow_credentials: boolValue(),
  filter_enabled: RuntimeFractionalPercent,
  shadow_enabled: RuntimeFractionalPercent,
  allow_private_network_access: boolValue(),
  forward_not_matching_preflights: boolValue(),
};
/** `envoy.extensions.filters.http.cors.v3.CorsPolicy`; the deprecated route field has the same shape. */
export const CorsPolicy = message('envoy.extensions.filters.http.cors.v3.CorsPolicy', corsFields);
export type CorsPolicy = Infer<typeof CorsPolicy>;
const RouteCorsPolicy = message(`${ns}.CorsPolicy`, corsFields);

export const RequestMirrorPolicy = message(
  `${ns}.RouteAction.RequestMirrorPolicy`,
  {
    cluster: string(),
    cluster_header: string({ header: 'name' }),
    runtime_fraction: RuntimeFractionalPercent,
    trace_sampled: boolValue(),
    disable_shadow_host_suffix_append: bool(),
    request_headers_mutations: repeated(HeaderMutation, { max: 1000 }),
    host_rewrite_literal: string({ header: 'value' }),
  },
  {
    check: (m, ctx) => {
      if ((m.cluster === '') === (m.cluster_header === ''))
        ctx.report('OneOf', 'exactly one of cluster and cluster_header must be set');
    },
  },
);
export type RequestMirrorPolicy = Infer<typeof RequestMirrorPolicy>;

export const cookieAttributeFields = {
  name: string({ min: 1, maxBytes: 16384, header: 'name' }),
  value: string({ maxBytes: 16384, header: 'value' }),
};

export const HashPolicy = message(
  `${ns}.RouteAction.HashPolicy`,
  {
    header: message(`${ns}.RouteAction.HashPolicy.Header`, {
      header_name: string({ min: 1, header: 'name' }),
      regex_rewrite: RegexMatchAndSubstitute,
    }),
    cookie: message(`${ns}.RouteAction.HashPolicy.Cookie`, {
      name: string({ min: 1 }),
      ttl: duration(),
      path: string(),
      attributes: repeated(message(`${ns}.RouteAction.HashPolicy.CookieAttribute`, cookieAttributeFields)),
    }),
    connection_properties: message(`${ns}.RouteAction.HashPolicy.ConnectionProperties`, {
      source_ip: bool(),
    }),
    query_parameter: message(`${ns}.RouteAction.HashPolicy.QueryParameter`, { name: string({ min: 1 }) }),
    filter_state: message(`${ns}.RouteAction.HashPolicy.FilterState`, { key: string({ min: 1 }) }),
    terminal: bool(),
  },
  {
    oneofs: [
      {
        fields: ['header', 'cookie', 'connection_properties', 'query_parameter', 'filter_state'],
        required: true,
      },
    ],
  },
);
export type HashPolicy = Infer<typeof HashPolicy>;

const named = (name: string, category: string) =>
  message(`${ns}.RetryPolicy.${name}`, { name: string({ min: 1 }), typed_config: typed(category) });

export const RetryPolicy = message(
  `${ns}.RetryPolicy`,
  {
    retry_on: string(),
    num_retries: uint32Value({ default: 1 }),
    per_try_timeout: duration(),
    per_try_idle_timeout: duration(),
    retry_priority: named('RetryPriority', 'retry_priority'),
    retry_host_predicate: repeated(named('RetryHostPredicate', 'retry_host_predicate')),
    host_selection_retry_max_attempts: int64(),
    retriable_status_codes: repeated(uint32()),
    retry_back_off: message(
      `${ns}.RetryPolicy.RetryBackOff`,
      { base_interval: required(duration({ gt: 0 })), max_interval: duration({ gt: 0 }) },
      {
        check: (m, ctx) => {
          if (m.max_interval !== undefined && m.max_interval < m.base_interval)
            ctx.report('InvalidValue', 'max_interval must be greater than or equal to base_interval');
        },
      },
    ),
    rate_limited_retry_back_off: message(`${ns}.RetryPolicy.RateLimitedRetryBackOff`, {
      reset_headers: repeated(
        message(`${ns}.RetryPolicy.ResetHeader`, {
          name: string({ min: 1, header: 'name' }),
          format: enumeration('ResetHeaderFormat', ['SECONDS', 'UNIX_TIMESTAMP']),
        }),
        { min: 1 },
      ),
      max_interval: duration({ gt: 0, default: 300_000 }),
    }),
    retriable_headers: repeated(HeaderMatcher),
    retriable_request_headers: repeated(HeaderMatcher),
  },
  { unsupported: { retry_options_predicates: 'no predicates of that kind are there' } },
);
export type RetryPolicy = Infer<typeof RetryPolicy>;

/** Accepted for `hedge_on_per_try_timeout: false`, which is what not hedging means. */
export const HedgePolicy = message(
  `${ns}.HedgePolicy`,
  {
    initial_requests: uint32Value({ gte: 1 }),
    additional_request_chance: FractionalPercent,
    hedge_on_per_try_timeout: bool(),
  },
  {
    check: (m, ctx) => {
      if (m.hedge_on_per_try_timeout) ctx.report('UnsupportedField', 'hedged requests are not supported');
    },
  },
);

export const UpgradeConfig = message(`${ns}.RouteAction.UpgradeConfig`, {
  upgrade_type: string({ min: 1, header: 'value' }),
  enabled: boolValue(true),
  connect_config: message(`${ns}.RouteAction.UpgradeConfig.ConnectConfig`, {
    proxy_protocol_config: ProxyProtocolConfig,
    allow_post: bool(),
  }),
});

export const WeightedCluster = message(
  `${ns}.WeightedCluster`,
  {
    clusters: repeated(
      message(
        `${ns}.WeightedCluster.ClusterWeight`,
        {
          name: string(),
          cluster_header: string({ header: 'name' }),
          weight: uint32Value({ default: 0 }),
          metadata_match: Metadata,
          ...headerMutationLists,
          typed_per_filter_config: perFilter,
          host_rewrite_literal: optionalString({ header: 'value' }),
        },
        {
          check: (m, ctx) => {
            if ((m.name === '') === (m.cluster_header === ''))
              ctx.report('OneOf', 'exactly one of name and cluster_header must be set');
          },
        },
      ),
      { min: 1 },
    ),
    total_weight: uint32Value(),
    runtime_key_prefix: string(),
    header_name: optionalString({ header: 'name' }),
    use_hash_policy: boolValue(),
  },
  {
    oneofs: [{ fields: ['header_name', 'use_hash_policy'] }],
    check: (m, ctx) => {
      const sum = m.clusters.reduce((total, cluster) => total + cluster.weight, 0);
      if (sum === 0) ctx.report('InvalidValue', 'the sum of weights must be greater than 0');
      if (sum > 0xffff_ffff) ctx.report('InvalidValue', 'the sum of weights must fit 32 bits');
    },
  },
);
export type WeightedCluster = Infer<typeof WeightedCluster>;

export const InternalRedirectPolicy = message(`${ns}.InternalRedirectPolicy`, {
  max_internal_redirects: uint32Value({ default: 1 }),
  redirect_response_codes: repeated(uint32(), { max: 5 }),
  predicates: repeated(extension('internal_redirect_predicate')),
  allow_cross_scheme_redirect: bool(),
  response_headers_to_copy: repeated(string({ header: 'name' }), { unique: true }),
});
export type InternalRedirectPolicy = Infer<typeof InternalRedirectPolicy>;

export const RouteAction = message(
  `${ns}.RouteAction`,
  {
    cluster: optionalString({ min: 1 }),
    cluster_header: optionalString({ min: 1, header: 'name' }),
    weighted_clusters: WeightedCluster,
    cluster_not_found_response_code: enumeration('ClusterNotFoundResponseCode', [
      'SERVICE_UNAVAILABLE',
      'NOT_FOUND',
      'INTERNAL_SERVER_ERROR',
    ]),
    metadata_match: Metadata,
    prefix_rewrite: string({ header: 'value' }),
    regex_rewrite: RegexMatchAndSubstitute,
    path_rewrite_policy: extension('path_rewrite'),
    path_rewrite: string(),
    host_rewrite_literal: optionalString({ header: 'value' }),
    auto_host_rewrite: boolValue(),
    host_rewrite_header: optionalString({ header: 'name' }),
    host_rewrite_path_regex: RegexMatchAndSubstitute,
    host_rewrite: optionalString(),
    append_x_forwarded_host: bool(),
    timeout: duration({ default: 15_000 }),
    idle_timeout: duration(),
    flush_timeout: duration(),
    early_data_policy: extension('early_data_policy'),
    retry_policy: RetryPolicy,
    request_mirror_policies: repeated(RequestMirrorPolicy),
    priority: RoutingPriority,
    rate_limits: repeated(RateLimit),
    include_vh_rate_limits: boolValue(),
    hash_policy: repeated(HashPolicy),
    cors: RouteCorsPolicy,
    max_grpc_timeout: duration(),
    grpc_timeout_offset: duration(),
    upgrade_configs: repeated(UpgradeConfig),
    internal_redirect_policy: InternalRedirectPolicy,
    internal_redirect_action: enumeration('InternalRedirectAction', [
      'PASS_THROUGH_INTERNAL_REDIRECT',
      'HANDLE_INTERNAL_REDIRECT',
    ]),
    max_internal_redirects: uint32Value(),
    hedge_policy: HedgePolicy,
    max_stream_duration: message(`${ns}.RouteAction.MaxStreamDuration`, {
      max_stream_duration: duration(),
      grpc_timeout_header_max: duration(),
      grpc_timeout_header_offset: duration(),
    }),
  },
  {
    oneofs: [
      { fields: ['cluster', 'cluster_header', 'weighted_clusters'], required: true },
      {
        fields: [
          'host_rewrite_literal',
          'auto_host_rewrite',
          'host_rewrite_header',
          'host_rewrite_path_regex',
          'host_rewrite',
        ],
      },
    ],
    unsupported: {
      cluster_specifier_plugin: 'no cluster specifier plugins are there',
      inline_cluster_specifier_plugin: 'no cluster specifier plugins are there',
      retry_policy_typed_config: 'use retry_policy',
    },
    check: (m, ctx) => {
      const rewrites = [
        m.prefix_rewrite !== '',
        m.regex_rewrite !== undefined,
        m.path_rewrite_policy !== undefined,
        m.path_rewrite !== '',
      ];
      if (rewrites.filter(Boolean).length > 1)
        ctx.report(
          'OneOf',
          'only one of prefix_rewrite, regex_rewrite, path_rewrite and path_rewrite_policy may be set',
        );
    },
  },
);
export type RouteAction = Infer<typeof RouteAction>;

export const RedirectAction = message(
  `${ns}.RedirectAction`,
  {
    https_redirect: optionalBool(),
    scheme_redirect: optionalString(),
    host_redirect: string({ header: 'value' }),
    port_redirect: uint32(),
    path_redirect: optionalString({ header: 'value' }),
    prefix_rewrite: optionalString({ header: 'value' }),
    regex_rewrite: RegexMatchAndSubstitute,
    response_code: enumeration('RedirectResponseCode', [
      'MOVED_PERMANENTLY',
      'FOUND',
      'SEE_OTHER',
      'TEMPORARY_REDIRECT',
      'PERMANENT_REDIRECT',
    ]),
    strip_query: bool(),
  },
  {
    oneofs: [
      { fields: ['https_redirect', 'scheme_redirect'] },
      { fields: ['path_redirect', 'prefix_rewrite', 'regex_rewrite'] },
    ],
  },
);
export type RedirectAction = Infer<typeof RedirectAction>;

export const DirectResponseAction = message(`${ns}.DirectResponseAction`, {
  status: required(uint32({ gte: 200, lt: 600 })),
  body: DataSource,
  body_format: SubstitutionFormatString,
});
export type DirectResponseAction = Infer<typeof DirectResponseAction>;

export const RouteTracing = message(`${ns}.Tracing`, {
  client_sampling: FractionalPercent,
  random_sampling: FractionalPercent,
  overall_sampling: FractionalPercent,
  custom_tags: repeated(CustomTag),
  operation: string(),
  upstream_operation: string(),
});
export type RouteTracing = Infer<typeof RouteTracing>;

export const Route = message(
  `${ns}.Route`,
  {
    name: string(),
    match: required(RouteMatch),
    route: RouteAction,
    redirect: RedirectAction,
    direct_response: DirectResponseAction,
    non_forwarding_action: message(`${ns}.NonForwardingAction`, {}),
    metadata: Metadata,
    decorator: message(`${ns}.Decorator`, { operation: string({ min: 1 }), propagate: boolValue(true) }),
    typed_per_filter_config: perFilter,
    ...headerMutationLists,
    tracing: RouteTracing,
    per_request_buffer_limit_bytes: uint32Value(),
    stat_prefix: string(),
    request_body_buffer_limit: uint64Value(),
  },
  {
    oneofs: [{ fields: ['route', 'redirect', 'direct_response', 'non_forwarding_action'], required: true }],
    unsupported: { filter_action: 'no filter actions are there' },
    check: checkRoute,
  },
);
export type Route = Infer<typeof Route>;

function checkRoute(route: RouteShape, ctx: { report(code: string, message: string): undefined }): void {
  const redirect = route.redirect;
  const path = route.match;
  if (
    (route.route?.prefix_rewrite || redirect?.prefix_rewrite) &&
    path.path === undefined &&
    path.prefix === undefined &&
    path.path_separated_prefix === undefined
  )
    if (path.safe_regex === undefined && path.connect_matcher === undefined)
      ctx.report('InvalidValue', 'prefix_rewrite needs a path, prefix or path_separated_prefix match');
}
interface RouteShape {
  readonly match: {
    readonly path: unknown;
    readonly prefix: unknown;
    readonly path_separated_prefix: unknown;
    readonly safe_regex: unknown;
    readonly connect_matcher: unknown;
  };
  readonly route: { readonly prefix_rewrite: string } | undefined;
  readonly redirect: { readonly prefix_rewrite: string | undefined } | undefined;
}

export const VirtualCluster = message(`${ns}.VirtualCluster`, {
  headers: repeated(HeaderMatcher),
  name: string({ min: 1 }),
});

export const VirtualHost = message(
  `${ns}.VirtualHost`,
  {
    name: string({ min: 1 }),
    domains: repeated(string({ header: 'value' }), { min: 1 }),
    routes: repeated(Route),
    require_tls: enumeration('TlsRequirementType', ['NONE', 'EXTERNAL_ONLY', 'ALL']),
    virtual_clusters: repeated(VirtualCluster),
    rate_limits: repeated(RateLimit),
    ...headerMutationLists,
    cors: RouteCorsPolicy,
    typed_per_filter_config: perFilter,
    include_request_attempt_count: bool(),
    include_attempt_count_in_response: bool(),
    retry_policy: RetryPolicy,
    hedge_policy: HedgePolicy,
    include_is_timeout_retry_header: bool(),
    per_request_buffer_limit_bytes: uint32Value(),
    request_body_buffer_limit: uint64Value(),
    request_mirror_policies: repeated(RequestMirrorPolicy),
    metadata: Metadata,
  },
  { unsupported: { matcher: matcherTree, retry_policy_typed_config: 'use retry_policy' } },
);
export type VirtualHost = Infer<typeof VirtualHost>;

export const RouteConfiguration = message(
  `${ns}.RouteConfiguration`,
  {
    name: string(),
    virtual_hosts: repeated(VirtualHost),
    internal_only_headers: repeated(string({ header: 'name' })),
    ...headerMutationLists,
    most_specific_header_mutations_wins: bool(),
    validate_clusters: boolValue(),
    max_direct_response_body_size_bytes: uint32Value({ default: 4096 }),
    request_mirror_policies: repeated(RequestMirrorPolicy),
    ignore_port_in_host_matching: bool(),
    vhost_header: string(),
    ignore_path_parameters_in_path_matching: bool(),
    typed_per_filter_config: perFilter,
    metadata: Metadata,
  },
  {
    unsupported: {
      vhds: 'virtual hosts come with the route configuration',
      cluster_specifier_plugins: 'no cluster specifier plugins are there',
    },
    check: checkDomains,
  },
);
export type RouteConfiguration = Infer<typeof RouteConfiguration>;

function checkDomains(
  config: {
    readonly virtual_hosts: readonly { readonly name: string; readonly domains: readonly string[] }[];
  },
  ctx: { report(code: string, message: string): undefined },
): void {
  const names = new Set<string>();
  const domains = new Set<string>();
  for (const host of config.virtual_hosts) {
    if (names.has(host.name))
      ctx.report('Duplicate', `two virtual hosts are named ${JSON.stringify(host.name)}`);
    names.add(host.name);
    for (const domain of host.domains) {
      const key = domain.toLowerCase();
      if (domains.has(key))
        ctx.report(
          'Duplicate',
          `the domain ${JSON.stringify(domain)} stands in two virtual hosts or twice in one`,
        );
      domains.add(key);
    }
  }
}
