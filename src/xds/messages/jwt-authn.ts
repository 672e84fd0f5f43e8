import { lazy, map, message, repeated } from '../message.ts';
import { bool, duration, onlyTrue, optionalString, string, uint32 } from '../scalar.ts';
import { type Infer, type Message, required } from '../schema.ts';
import { DataSource, HttpUri, RetryPolicy } from './core.ts';
import { StringMatcher } from './matcher.ts';
import { RouteMatch } from './route-match.ts';

/** envoy.extensions.filters.http.jwt_authn.v3. */
const ns = 'envoy.extensions.filters.http.jwt_authn.v3';

export const JwtProvider = message(
  `${ns}.JwtProvider`,
  {
    issuer: string(),
    audiences: repeated(string()),
    subjects: StringMatcher,
    require_expiration: bool(),
    max_lifetime: duration(),
    remote_jwks: message(`${ns}.RemoteJwks`, {
      http_uri: required(HttpUri),
      cache_duration: duration({ gte: 1, lt: 9_000_000_000_000, default: 600_000 }),
      async_fetch: message(`${ns}.JwksAsyncFetch`, {
        fast_listener: bool(),
        failed_refetch_duration: duration({ default: 1000 }),
      }),
      retry_policy: RetryPolicy,
    }),
    local_jwks: DataSource,
    forward: bool(),
    from_headers: repeated(
      message(`${ns}.JwtHeader`, {
        name: string({ min: 1, header: 'name' }),
        value_prefix: string({ header: 'value' }),
      }),
    ),
    from_params: repeated(string()),
    from_cookies: repeated(string()),
    forward_payload_header: string({ header: 'name' }),
    pad_forward_payload_header: bool(),
    payload_in_metadata: string(),
    normalize_payload_in_metadata: message(`${ns}.JwtProvider.NormalizePayload`, {
      space_delimited_claims: repeated(string()),
    }),
    header_in_metadata: string(),
    failed_status_in_metadata: string(),
    clock_skew_seconds: uint32(),
    jwt_cache_config: message(`${ns}.JwtCacheConfig`, {
      jwt_cache_size: uint32(),
      jwt_max_token_size: uint32(),
    }),
    claim_to_headers: repeated(
      message(`${ns}.JwtClaimToHeader`, {
        header_name: string({ min: 1, header: 'name' }),
        claim_name: string({ min: 1 }),
      }),
    ),
    clear_route_cache: bool(),
  },
  { oneofs: [{ fields: ['remote_jwks', 'local_jwks'], required: true }] },
);
export type JwtProvider = Infer<typeof JwtProvider>;

type Empty = Readonly<Record<never, never>>;
export interface JwtRequirement {
  readonly provider_name: string | undefined;
  readonly provider_and_audiences:
    | { readonly provider_name: string; readonly audiences: readonly string[] }
    | undefined;
  readonly requires_any: { readonly requirements: readonly JwtRequirement[] } | undefined;
  readonly requires_all: { readonly requirements: readonly JwtRequirement[] } | undefined;
  readonly allow_missing_or_failed: Empty | undefined;
  readonly allow_missing: Empty | undefined;
  readonly extract_only_without_validation: Empty | undefined;
}
const requirements = repeated(
  lazy((): Message<JwtRequirement> => JwtRequirement),
  { min: 2 },
);
const Empty = message('google.protobuf.Empty', {});
export const JwtRequirement: Message<JwtRequirement> = message(
  `${ns}.JwtRequirement`,
  {
    provider_name: optionalString(),
    provider_and_audiences: message(`${ns}.ProviderWithAudiences`, {
      provider_name: string(),
      audiences: repeated(string()),
    }),
    requires_any: message(`${ns}.JwtRequirementOrList`, { requirements }),
    requires_all: message(`${ns}.JwtRequirementAndList`, { requirements }),
    allow_missing_or_failed: Empty,
    allow_missing: Empty,
    extract_only_without_validation: message(`${ns}.ExtractOnlyWithoutValidation`, {}),
  },
  {
    oneofs: [
      {
        fields: [
          'provider_name',
          'provider_and_audiences',
          'requires_any',
          'requires_all',
          'allow_missing_or_failed',
          'allow_missing',
          'extract_only_without_validation',
        ],
      },
    ],
  },
);

export const JwtAuthentication = message(`${ns}.JwtAuthentication`, {
  providers: map(JwtProvider),
  rules: repeated(
    message(
      `${ns}.RequirementRule`,
      { match: required(RouteMatch), requires: JwtRequirement, requirement_name: optionalString({ min: 1 }) },
      { oneofs: [{ fields: ['requires', 'requirement_name'] }] },
    ),
  ),
  filter_state_rules: message(`${ns}.FilterStateRule`, {
    name: string({ min: 1 }),
    requires: map(JwtRequirement),
  }),
  bypass_cors_preflight: bool(),
  requirement_map: map(JwtRequirement),
  strip_failure_response: bool(),
  stat_prefix: string(),
});
export type JwtAuthentication = Infer<typeof JwtAuthentication>;

export const JwtPerRoute = message(
  `${ns}.PerRouteConfig`,
  { disabled: onlyTrue(), requirement_name: optionalString({ min: 1 }) },
  { oneofs: [{ fields: ['disabled', 'requirement_name'], required: true }] },
);
export type JwtPerRoute = Infer<typeof JwtPerRoute>;
