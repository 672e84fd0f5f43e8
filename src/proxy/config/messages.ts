/**
 * Envoy's messages as the data plane knows them: filters and balancers take their configuration's types from here, so that only this folder
 * depends on the vocabulary.
 */
export { unpack } from '../../xds/message.ts';
export type {
  Compressor,
  CompressorPerRoute,
  Decompressor,
} from '../../xds/messages/compression.ts';
export {
  BrotliCompressor,
  BrotliDecompressor,
  GzipCompressor,
  GzipDecompressor,
  ZstdCompressor,
  ZstdDecompressor,
} from '../../xds/messages/compression.ts';
export type {
  CoreRetryPolicy,
  DataSource,
  GrpcService,
  HeaderValueOption,
  HttpUri,
  RuntimeFractionalPercent,
  SubstitutionFormatString,
} from '../../xds/messages/core.ts';
export type { HealthCheck, HttpHealthCheck, OutlierDetection } from '../../xds/messages/health-check.ts';
export type {
  Buffer as BufferConfig,
  BufferPerRoute,
  CsrfPolicy,
  ExtAuthz,
  ExtAuthzPerRoute,
  GrpcHttp1Bridge,
  GrpcStats,
  HeaderMutationFilter,
  HeaderMutationPerRoute,
  HeaderMutationRules,
  HealthCheckFilter,
  HttpFault,
  HttpRateLimit,
  HttpRbac,
  LocalRateLimit,
  Mutations,
  RateLimitPerRoute,
  RbacPerRoute,
  SetFilterState,
  StatefulSession,
  StatefulSessionPerRoute,
} from '../../xds/messages/http-filters.ts';
export { CookieSessionState } from '../../xds/messages/http-filters.ts';
export type {
  JwtAuthentication,
  JwtPerRoute,
  JwtProvider,
  JwtRequirement,
} from '../../xds/messages/jwt-authn.ts';
export type { HeaderMutation, ListStringMatcher, MetadataKey } from '../../xds/messages/matcher.ts';
export type {
  NetworkExtAuthz,
  NetworkLocalRateLimit,
  NetworkRbac,
  TokenBucket,
} from '../../xds/messages/network-filters.ts';
export type { FractionalPercent } from '../../xds/messages/percent.ts';
export type { RateLimit, RateLimitAction } from '../../xds/messages/rate-limit.ts';
export type { CorsPolicy } from '../../xds/messages/route.ts';
export type { TypedConfig } from '../../xds/schema.ts';
