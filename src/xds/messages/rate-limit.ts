import { message, repeated } from '../message.ts';
import { bool, boolValue, enumeration, string, uint32Value, uint64Value } from '../scalar.ts';
import { type Infer, required } from '../schema.ts';
import { MetadataKey } from './matcher.ts';
import { HeaderMatcher, QueryParameterMatcher } from './route-match.ts';

/** envoy.config.route.v3.RateLimit: what a request is counted by. */
const ns = 'envoy.config.route.v3';
const Action = 'envoy.config.route.v3.RateLimit.Action';
const emptyAction = (name: string) => message(`${Action}.${name}`, {});
export const RateLimitAction = message(
  Action,
  {
    source_cluster: emptyAction('SourceCluster'),
    destination_cluster: emptyAction('DestinationCluster'),
    request_headers: message(`${Action}.RequestHeaders`, {
      header_name: string({ min: 1, header: 'name' }),
      descriptor_key: string({ min: 1 }),
      skip_if_absent: bool(),
    }),
    query_parameters: message(`${Action}.QueryParameters`, {
      query_parameter_name: string({ min: 1 }),
      descriptor_key: string({ min: 1 }),
      skip_if_absent: bool(),
    }),
    remote_address: emptyAction('RemoteAddress'),
    generic_key: message(`${Action}.GenericKey`, {
      descriptor_value: string({ min: 1 }),
      default_value: string(),
      descriptor_key: string(),
    }),
    header_value_match: message(`${Action}.HeaderValueMatch`, {
      descriptor_value: string({ min: 1 }),
      default_value: string(),
      descriptor_key: string(),
      expect_match: boolValue(true),
      headers: repeated(HeaderMatcher, { min: 1 }),
    }),
    dynamic_metadata: message(`${Action}.DynamicMetaData`, {
      descriptor_key: string({ min: 1 }),
      metadata_key: required(MetadataKey),
      default_value: string(),
    }),
    metadata: message(`${Action}.MetaData`, {
      descriptor_key: string({ min: 1 }),
      metadata_key: required(MetadataKey),
      default_value: string(),
      source: enumeration('Source', ['DYNAMIC', 'ROUTE_ENTRY']),
      skip_if_absent: bool(),
    }),
    masked_remote_address: message(`${Action}.MaskedRemoteAddress`, {
      v4_prefix_mask_len: uint32Value({ lte: 32, default: 32 }),
      v6_prefix_mask_len: uint32Value({ lte: 128, default: 128 }),
    }),
    query_parameter_value_match: message(`${Action}.QueryParameterValueMatch`, {
      descriptor_value: string({ min: 1 }),
      default_value: string(),
      descriptor_key: string(),
      expect_match: boolValue(true),
      query_parameters: repeated(QueryParameterMatcher, { min: 1 }),
    }),
  },
  {
    oneofs: [
      {
        fields: [
          'source_cluster',
          'destination_cluster',
          'request_headers',
          'query_parameters',
          'remote_address',
          'generic_key',
          'header_value_match',
          'dynamic_metadata',
          'metadata',
          'masked_remote_address',
          'query_parameter_value_match',
        ],
        required: true,
      },
    ],
    unsupported: { extension: 'no descriptor extensions are there' },
  },
);
export type RateLimitAction = Infer<typeof RateLimitAction>;

export const RateLimit = message(
  `${ns}.RateLimit`,
  {
    stage: uint32Value({ lte: 10, default: 0 }),
    disable_key: string(),
    actions: repeated(RateLimitAction, { min: 1 }),
    limit: message(`${ns}.RateLimit.Override`, {
      dynamic_metadata: message(`${ns}.RateLimit.Override.DynamicMetadata`, {
        metadata_key: required(MetadataKey),
      }),
    }),
    hits_addend: message(`${ns}.RateLimit.HitsAddend`, {
      number: uint64Value({ lte: 1_000_000_000 }),
      format: string({ pattern: /^$|^%.*%$/ }),
    }),
    apply_on_stream_done: bool(),
  },
  { unsupported: { x_ratelimit_option: 'set enable_x_ratelimit_headers on the filter' } },
);
export type RateLimit = Infer<typeof RateLimit>;
