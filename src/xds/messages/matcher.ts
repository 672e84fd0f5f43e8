import { lazy, message, repeated } from '../message.ts';
import { bool, doubleValue, optionalBool, optionalString, string, uint32Value } from '../scalar.ts';
import { type Infer, type Message, required } from '../schema.ts';
import { CidrRange, HeaderValueOption } from './core.ts';
import { DoubleRange } from './percent.ts';

/** envoy.type.matcher.v3. */
export const RegexMatcher = message('envoy.type.matcher.v3.RegexMatcher', {
  google_re2: message('envoy.type.matcher.v3.RegexMatcher.GoogleRE2', { max_program_size: uint32Value() }),
  regex: string({ min: 1 }),
});
export type RegexMatcher = Infer<typeof RegexMatcher>;

export const RegexMatchAndSubstitute = message('envoy.type.matcher.v3.RegexMatchAndSubstitute', {
  pattern: required(RegexMatcher),
  substitution: string({ header: 'value' }),
});
export type RegexMatchAndSubstitute = Infer<typeof RegexMatchAndSubstitute>;

export const StringMatcher = message(
  'envoy.type.matcher.v3.StringMatcher',
  {
    exact: optionalString(),
    prefix: optionalString({ min: 1 }),
    suffix: optionalString({ min: 1 }),
    safe_regex: RegexMatcher,
    contains: optionalString({ min: 1 }),
    ignore_case: bool(),
  },
  {
    oneofs: [{ fields: ['exact', 'prefix', 'suffix', 'safe_regex', 'contains'], required: true }],
    unsupported: { custom: 'no custom string matchers are there' },
    check: (m, ctx) => {
      if (m.ignore_case && m.safe_regex !== undefined)
        ctx.report('InvalidValue', 'ignore_case has no effect for safe_regex');
    },
  },
);
export type StringMatcher = Infer<typeof StringMatcher>;

export const ListStringMatcher = message('envoy.type.matcher.v3.ListStringMatcher', {
  patterns: repeated(StringMatcher, { min: 1 }),
});
export type ListStringMatcher = Infer<typeof ListStringMatcher>;

export const DoubleMatcher = message(
  'envoy.type.matcher.v3.DoubleMatcher',
  { range: DoubleRange, exact: doubleValue() },
  { oneofs: [{ fields: ['range', 'exact'], required: true }] },
);

export interface ValueMatcher {
  readonly null_match: Readonly<Record<never, never>> | undefined;
  readonly double_match: Infer<typeof DoubleMatcher> | undefined;
  readonly string_match: StringMatcher | undefined;
  readonly bool_match: boolean | undefined;
  readonly present_match: boolean | undefined;
  readonly list_match: { readonly one_of: ValueMatcher | undefined } | undefined;
  readonly or_match: { readonly value_matchers: readonly ValueMatcher[] } | undefined;
}

export const ValueMatcher: Message<ValueMatcher> = message(
  'envoy.type.matcher.v3.ValueMatcher',
  {
    null_match: message('envoy.type.matcher.v3.ValueMatcher.NullMatch', {}),
    double_match: DoubleMatcher,
    string_match: StringMatcher,
    bool_match: optionalBool(),
    present_match: optionalBool(),
    list_match: message(
      'envoy.type.matcher.v3.ListMatcher',
      { one_of: lazy((): Message<ValueMatcher> => ValueMatcher) },
      { oneofs: [{ fields: ['one_of'], required: true }] },
    ),
    or_match: message('envoy.type.matcher.v3.OrMatcher', {
      value_matchers: repeated(
        lazy((): Message<ValueMatcher> => ValueMatcher),
        { min: 2 },
      ),
    }),
  },
  {
    oneofs: [
      {
        fields: [
          'null_match',
          'double_match',
          'string_match',
          'bool_match',
          'present_match',
          'list_match',
          'or_match',
        ],
        required: true,
      },
    ],
  },
);

const PathSegment = message(
  'envoy.type.matcher.v3.MetadataMatcher.PathSegment',
  { key: optionalString({ min: 1 }) },
  { oneofs: [{ fields: ['key'], required: true }] },
);

export const MetadataMatcher = message('envoy.type.matcher.v3.MetadataMatcher', {
  filter: string({ min: 1 }),
  path: repeated(PathSegment, { min: 1 }),
  value: required(ValueMatcher),
  invert: bool(),
});
export type MetadataMatcher = Infer<typeof MetadataMatcher>;

export const PathMatcher = message(
  'envoy.type.matcher.v3.PathMatcher',
  { path: StringMatcher },
  { oneofs: [{ fields: ['path'], required: true }] },
);

export const FilterStateMatcher = message(
  'envoy.type.matcher.v3.FilterStateMatcher',
  {
    key: string({ min: 1 }),
    string_match: StringMatcher,
    address_match: message('envoy.type.matcher.v3.AddressMatcher', {
      ranges: repeated(CidrRange),
    }),
  },
  { oneofs: [{ fields: ['string_match', 'address_match'], required: true }] },
);
export type FilterStateMatcher = Infer<typeof FilterStateMatcher>;

export const MetadataKey = message('envoy.type.metadata.v3.MetadataKey', {
  key: string({ min: 1 }),
  path: repeated(PathSegment, { min: 1 }),
});
export type MetadataKey = Infer<typeof MetadataKey>;

const empty = (name: string) => message(`envoy.type.metadata.v3.MetadataKind.${name}`, {});
export const MetadataKind = message(
  'envoy.type.metadata.v3.MetadataKind',
  { request: empty('Request'), route: empty('Route'), cluster: empty('Cluster'), host: empty('Host') },
  { oneofs: [{ fields: ['request', 'route', 'cluster', 'host'], required: true }] },
);

export const CustomTag = message(
  'envoy.type.tracing.v3.CustomTag',
  {
    tag: string({ min: 1 }),
    literal: message('envoy.type.tracing.v3.CustomTag.Literal', { value: string({ min: 1 }) }),
    environment: message('envoy.type.tracing.v3.CustomTag.Environment', {
      name: string({ min: 1 }),
      default_value: string(),
    }),
    request_header: message('envoy.type.tracing.v3.CustomTag.Header', {
      name: string({ min: 1, header: 'name' }),
      default_value: string(),
    }),
    metadata: message('envoy.type.tracing.v3.CustomTag.Metadata', {
      kind: MetadataKind,
      metadata_key: MetadataKey,
      default_value: string(),
    }),
    value: optionalString(),
  },
  { oneofs: [{ fields: ['literal', 'environment', 'request_header', 'metadata', 'value'], required: true }] },
);
export type CustomTag = Infer<typeof CustomTag>;

export const HeaderMutation = message(
  'envoy.config.common.mutation_rules.v3.HeaderMutation',
  {
    remove: optionalString({ header: 'value' }),
    append: HeaderValueOption,
    remove_on_match: message('envoy.config.common.mutation_rules.v3.HeaderMutation.RemoveOnMatch', {
      key_matcher: required(StringMatcher),
    }),
  },
  { oneofs: [{ fields: ['remove', 'append', 'remove_on_match'], required: true }] },
);
export type HeaderMutation = Infer<typeof HeaderMutation>;

/** xds.type.matcher.v3 trees are known by name only. */
export const matcherTree = 'matcher trees (xds.type.matcher.v3.Matcher) are not supported';
