import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import { buffer } from './buffer.ts';
import { compressor } from './compressor.ts';
import { cors } from './cors.ts';
import { csrf } from './csrf.ts';
import { decompressor } from './decompressor.ts';
import { extAuthz } from './ext-authz.ts';
import { fault } from './fault.ts';
import { grpcHttp1Bridge } from './grpc-http1-bridge.ts';
import { grpcStats } from './grpc-stats.ts';
import { grpcWeb } from './grpc-web.ts';
import { headerMutation } from './header-mutation.ts';
import { healthCheck } from './health-check.ts';
import { jwtAuthn } from './jwt-authn.ts';
import { localRatelimit } from './local-ratelimit.ts';
import { ratelimit } from './ratelimit.ts';
import { rbac } from './rbac.ts';
import { setFilterState } from './set-filter-state.ts';
import { statefulSession } from './stateful-session.ts';

const ns = 'envoy.extensions.filters.http';

/** The HTTP filters: type of the configuration, type of the per-route configuration, filter. The router is not one of them, it ends every chain. */
const rows: readonly (readonly [type: string, routeType: string | undefined, kind: HttpFilterKind])[] = [
  [`${ns}.buffer.v3.Buffer`, `${ns}.buffer.v3.BufferPerRoute`, buffer],
  [`${ns}.compressor.v3.Compressor`, `${ns}.compressor.v3.CompressorPerRoute`, compressor],
  [`${ns}.cors.v3.Cors`, `${ns}.cors.v3.CorsPolicy`, cors],
  [`${ns}.csrf.v3.CsrfPolicy`, `${ns}.csrf.v3.CsrfPolicy`, csrf],
  [`${ns}.decompressor.v3.Decompressor`, undefined, decompressor],
  [`${ns}.ext_authz.v3.ExtAuthz`, `${ns}.ext_authz.v3.ExtAuthzPerRoute`, extAuthz],
  [`${ns}.fault.v3.HTTPFault`, `${ns}.fault.v3.HTTPFault`, fault],
  [`${ns}.grpc_http1_bridge.v3.Config`, undefined, grpcHttp1Bridge],
  [`${ns}.grpc_stats.v3.FilterConfig`, undefined, grpcStats],
  [`${ns}.grpc_web.v3.GrpcWeb`, undefined, grpcWeb],
  [
    `${ns}.header_mutation.v3.HeaderMutation`,
    `${ns}.header_mutation.v3.HeaderMutationPerRoute`,
    headerMutation,
  ],
  [`${ns}.jwt_authn.v3.JwtAuthentication`, `${ns}.jwt_authn.v3.PerRouteConfig`, jwtAuthn],
  [`${ns}.ratelimit.v3.RateLimit`, `${ns}.ratelimit.v3.RateLimitPerRoute`, ratelimit],
  [`${ns}.health_check.v3.HealthCheck`, undefined, healthCheck],
  [`${ns}.local_ratelimit.v3.LocalRateLimit`, `${ns}.local_ratelimit.v3.LocalRateLimit`, localRatelimit],
  [`${ns}.rbac.v3.RBAC`, `${ns}.rbac.v3.RBACPerRoute`, rbac],
  [`${ns}.set_filter_state.v3.Config`, `${ns}.set_filter_state.v3.Config`, setFilterState],
  [
    `${ns}.stateful_session.v3.StatefulSession`,
    `${ns}.stateful_session.v3.StatefulSessionPerRoute`,
    statefulSession,
  ],
];

/** The filter of a configuration type. */
export const httpFilterKinds: ReadonlyMap<string, HttpFilterKind> = new Map(
  rows.map(([type, , kind]) => [type, kind]),
);

const byRouteType = new Map(
  rows.flatMap(([, routeType, kind]) => (routeType === undefined ? [] : [[routeType, kind] as const])),
);

/** The filter a `typed_per_filter_config` entry of this type belongs to. */
export function routeFilterKind(type: string): HttpFilterKind | undefined {
  return byRouteType.get(type);
}
