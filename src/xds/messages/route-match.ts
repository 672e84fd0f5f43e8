import { message, repeated } from '../message.ts';
import { bool, boolValue, optionalBool, optionalString, string } from '../scalar.ts';
import { type Infer, required } from '../schema.ts';
import { extension, RuntimeFractionalPercent } from './core.ts';
import { FilterStateMatcher, MetadataMatcher, RegexMatcher, StringMatcher } from './matcher.ts';
import { Int64Range } from './percent.ts';

/** envoy.config.route.v3: what selects a route. */
export const HeaderMatcher = message(
  'envoy.config.route.v3.HeaderMatcher',
  {
    name: string({ min: 1, header: 'name' }),
    exact_match: optionalString(),
    safe_regex_match: RegexMatcher,
    range_match: Int64Range,
    present_match: optionalBool(),
    prefix_match: optionalString({ min: 1 }),
    suffix_match: optionalString({ min: 1 }),
    contains_match: optionalString({ min: 1 }),
    string_match: StringMatcher,
    invert_match: bool(),
    treat_missing_header_as_empty: bool(),
  },
  {
    oneofs: [
      {
        fields: [
          'exact_match',
          'safe_regex_match',
          'range_match',
          'present_match',
          'prefix_match',
          'suffix_match',
          'contains_match',
          'string_match',
        ],
      },
    ],
  },
);
export type HeaderMatcher = Infer<typeof HeaderMatcher>;

export const QueryParameterMatcher = message(
  'envoy.config.route.v3.QueryParameterMatcher',
  { name: string({ min: 1, maxBytes: 1024 }), string_match: StringMatcher, present_match: optionalBool() },
  { oneofs: [{ fields: ['string_match', 'present_match'] }] },
);
export type QueryParameterMatcher = Infer<typeof QueryParameterMatcher>;

export const CookieMatcher = message('envoy.config.route.v3.CookieMatcher', {
  name: string({ min: 1, maxBytes: 1024 }),
  string_match: required(StringMatcher),
  invert_match: bool(),
});
export type CookieMatcher = Infer<typeof CookieMatcher>;

export const RouteMatch = message(
  'envoy.config.route.v3.RouteMatch',
  {
    prefix: optionalString(),
    path: optionalString(),
    safe_regex: RegexMatcher,
    connect_matcher: message('envoy.config.route.v3.RouteMatch.ConnectMatcher', {}),
    path_separated_prefix: optionalString({ pattern: /^[^?#]+[^?#/]$/ }),
    path_match_policy: extension('path_match'),
    case_sensitive: boolValue(true),
    runtime_fraction: RuntimeFractionalPercent,
    headers: repeated(HeaderMatcher),
    query_parameters: repeated(QueryParameterMatcher),
    cookies: repeated(CookieMatcher),
    grpc: message('envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions', {}),
    tls_context: message('envoy.config.route.v3.RouteMatch.TlsContextMatchOptions', {
      presented: boolValue(),
      validated: boolValue(),
    }),
    dynamic_metadata: repeated(MetadataMatcher),
    filter_state: repeated(FilterStateMatcher),
  },
  {
    oneofs: [
      {
        fields: [
          'prefix',
          'path',
          'safe_regex',
          'connect_matcher',
          'path_separated_prefix',
          'path_match_policy',
        ],
        required: true,
      },
    ],
  },
);
export type RouteMatch = Infer<typeof RouteMatch>;

export const UriTemplateMatchConfig = message(
  'envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig',
  {
    path_template: string({ min: 1, maxBytes: 256 }),
  },
);
export const UriTemplateRewriteConfig = message(
  'envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig',
  {
    path_template_rewrite: string({ min: 1, maxBytes: 256 }),
  },
);
