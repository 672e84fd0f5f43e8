import { message, repeated } from '../message.ts';
import { bool, boolValue, enumeration, string, uint32 } from '../scalar.ts';
import { type Infer, noEffect } from '../schema.ts';
import {
  CidrRange,
  HttpProtocolOptions as CoreHttpProtocolOptions,
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpStatus,
  UpstreamHttpProtocolOptions,
} from './core.ts';
import { HeaderMutation } from './matcher.ts';
import { HashPolicy, RequestMirrorPolicy, RetryPolicy } from './route.ts';

/** Small extensions of the HTTP layer: request ids, client address detection, header case, upstream protocol options. */
const http = 'envoy.extensions.http';

export const UuidRequestIdConfig = message('envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig', {
  pack_trace_reason: boolValue(true),
  use_request_id_for_trace_sampling: boolValue(true),
});
export type UuidRequestIdConfig = Infer<typeof UuidRequestIdConfig>;

export const XffConfig = message(`${http}.original_ip_detection.xff.v3.XffConfig`, {
  xff_num_trusted_hops: uint32(),
  xff_trusted_cidrs: message(`${http}.original_ip_detection.xff.v3.XffTrustedCidrs`, {
    cidrs: repeated(CidrRange),
  }),
  skip_xff_append: boolValue(true),
});
export type XffConfig = Infer<typeof XffConfig>;

export const CustomHeaderConfig = message(
  `${http}.original_ip_detection.custom_header.v3.CustomHeaderConfig`,
  {
    header_name: string({ min: 1, header: 'strict-name' }),
    allow_extension_to_set_address_as_trusted: bool(),
    reject_with_status: HttpStatus,
  },
);
export type CustomHeaderConfig = Infer<typeof CustomHeaderConfig>;

export const EarlyHeaderMutation = message(
  `${http}.early_header_mutation.header_mutation.v3.HeaderMutation`,
  {
    mutations: repeated(HeaderMutation, { min: 1 }),
  },
);
export type EarlyHeaderMutation = Infer<typeof EarlyHeaderMutation>;

export const PreserveCaseFormatterConfig = message(
  `${http}.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig`,
  {
    forward_reason_phrase: bool(),
    formatter_type_on_envoy_headers: enumeration('FormatterTypeOnEnvoyHeaders', ['DEFAULT', 'PROPER_CASE']),
  },
);
export const DefaultEarlyDataPolicy = message('envoy.extensions.early_data.v3.DefaultEarlyDataPolicy', {});

const http3 = { http3_protocol_options: 'HTTP/3 is not there' };
const codecs = { http_protocol_options: Http1ProtocolOptions, http2_protocol_options: Http2ProtocolOptions };
const ns = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** `typed_extension_protocol_options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]` of a cluster. */
export const HttpProtocolOptions = message(
  ns,
  {
    common_http_protocol_options: CoreHttpProtocolOptions,
    upstream_http_protocol_options: UpstreamHttpProtocolOptions,
    explicit_http_config: message(`${ns}.ExplicitHttpConfig`, codecs, {
      oneofs: [{ fields: ['http_protocol_options', 'http2_protocol_options'], required: true }],
      unsupported: http3,
    }),
    use_downstream_protocol_config: message(`${ns}.UseDownstreamHttpConfig`, codecs, { unsupported: http3 }),
    auto_config: message(`${ns}.AutoHttpConfig`, codecs, {
      unsupported: { ...http3, alternate_protocols_cache_options: 'HTTP/3 is not there' },
    }),
    header_validation_config: noEffect('headers are always validated'),
    request_mirror_policies: repeated(RequestMirrorPolicy),
    hash_policy: repeated(HashPolicy),
    retry_policy: RetryPolicy,
  },
  {
    oneofs: [
      { fields: ['explicit_http_config', 'use_downstream_protocol_config', 'auto_config'], required: true },
    ],
    unsupported: {
      http_filters: 'no filters run on the upstream side',
      outlier_detection: "outlier detection counts by status as the cluster's own",
    },
  },
);
export type HttpProtocolOptions = Infer<typeof HttpProtocolOptions>;

const redirect = 'envoy.extensions.internal_redirect';
export const AllowListedRoutesConfig = message(`${redirect}.allow_listed_routes.v3.AllowListedRoutesConfig`, {
  allowed_route_names: repeated(string({ min: 1 })),
});
export const PreviousRoutesConfig = message(`${redirect}.previous_routes.v3.PreviousRoutesConfig`, {});
export const SafeCrossSchemeConfig = message(`${redirect}.safe_cross_scheme.v3.SafeCrossSchemeConfig`, {});

export const MetadataFormatter = message('envoy.extensions.formatter.metadata.v3.Metadata', {});
export const ReqWithoutQueryFormatter = message(
  'envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery',
  {},
);
