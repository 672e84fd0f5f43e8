import type { MatchContext } from '../../match/request.ts';
import type { FormatContext } from '../access-log/format.ts';
import type { HeaderMap } from '../http/header-map.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';

/** The parts of a compiled route that HTTP filters may read; the router's own form extends it. */
export interface RouteView {
  /** Route name, '' when it has none. */
  readonly name: string;
  readonly virtualHostName: string;
  readonly routeConfigName: string;
  /** Cluster this request goes to (weighted choice already made); '' for redirects and direct responses. */
  readonly clusterName: string;
  /** Route metadata by namespace. */
  readonly metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Rate-limit descriptors: route's, then the virtual host's where included; compiled by the ratelimit filter. */
  readonly rateLimits: readonly unknown[];
  readonly virtualHostRateLimits: readonly unknown[];
  readonly includeVirtualHostRateLimits: boolean;
  /** Route timeout in milliseconds, 0 = none. */
  readonly timeoutMs: number;
}

/** A compiled route, or one weighted cluster of it. Times are milliseconds, 0 = none. */
export interface Route extends RouteView {
  readonly kind: 'forward' | 'redirect' | 'direct' | 'none';
  /** Header that names the cluster instead of `clusterName`; '' none. */
  readonly clusterHeader: string;
  /** More than one cluster: `pick` chooses, the result is a route of its own. */
  readonly weighted: WeightedChoice | undefined;
  readonly metadataMatch: readonly (readonly [key: string, value: unknown])[] | undefined;
  readonly idleTimeoutMs: number | undefined;
  readonly maxStreamDurationMs: number | undefined;
  /** Most a client's grpc-timeout may ask for; undefined = grpc-timeout is not looked at. */
  readonly grpcTimeoutMaxMs: number | undefined;
  readonly grpcTimeoutOffsetMs: number;
  readonly retry: RetryPolicy | undefined;
  readonly mirrors: readonly MirrorPolicy[];
  readonly hash:
    | ((head: RequestHead, context: FormatContext, addCookie: (header: string) => void) => bigint | undefined)
    | undefined;
  /** Rewrites path and authority in place, in this order: path, then host. */
  readonly rewrite: ((head: RequestHead) => void) | undefined;
  readonly hostRewrite: HostRewrite | undefined;
  readonly mutateRequest: HeaderMutation | undefined;
  readonly mutateResponse: HeaderMutation | undefined;
  /** Index = RoutingPriority: 0 default, 1 high. */
  readonly priority: 0 | 1;
  readonly upgrades: ReadonlyMap<string, UpgradeRule> | undefined;
  readonly redirect: RedirectRule | undefined;
  readonly direct: { readonly status: number; readonly body: Buffer | undefined } | undefined;
  readonly clusterNotFoundStatus: number;
  readonly requireTls: 'none' | 'external-only' | 'all';
  readonly includeAttemptCount: boolean;
  readonly includeAttemptCountInResponse: boolean;
  readonly bufferLimitBytes: number | undefined;
  readonly internalRedirect: InternalRedirectPolicy | undefined;
  readonly decorator: { readonly operation: string; readonly propagate: boolean } | undefined;
  /** `typed_per_filter_config` by filter name: values from least to most specific. */
  readonly filterConfigs: ReadonlyMap<string, readonly FilterConfigEntry[]>;
  readonly internalOnlyHeaders: readonly string[];
}

export interface FilterConfigEntry {
  readonly value: unknown;
  /** true/false: FilterConfig said so; undefined: it did not say. */
  readonly disabled: boolean | undefined;
}

export interface WeightedChoice {
  /** `random` is a whole number. */
  pick(random: number, head: RequestHead): Route;
}

export type HeaderMutation = (
  headers: HeaderMap,
  context: FormatContext,
  head: RequestHead | ResponseHead,
) => void;

export interface HostRewrite {
  readonly kind: 'literal' | 'auto' | 'header' | 'path-regex';
  readonly value: string;
  readonly fromPath: ((path: string) => string | undefined) | undefined;
  readonly appendXForwardedHost: boolean;
}

export interface UpgradeRule {
  readonly enabled: boolean;
  /** CONNECT is terminated here: the tunnel's bytes go to the upstream without HTTP. */
  readonly terminateConnect: boolean;
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
}

export interface RedirectRule {
  readonly status: number;
  location(head: RequestHead): string;
}

export interface MirrorPolicy {
  readonly cluster: string;
  readonly clusterHeader: string;
  /** Share of requests in [0, 1]. */
  readonly fraction: number;
  readonly runtimeKey: string;
  readonly appendShadowSuffix: boolean;
  readonly hostRewriteLiteral: string;
}

export interface InternalRedirectPolicy {
  readonly maxRedirects: number;
  readonly statuses: ReadonlySet<number>;
  readonly allowCrossScheme: boolean;
}

/** Bits of Envoy's `retry_on`. */
export const RetryOn = {
  fiveXx: 1 << 0,
  gatewayError: 1 << 1,
  connectFailure: 1 << 2,
  retriable4xx: 1 << 3,
  refusedStream: 1 << 4,
  retriableStatusCodes: 1 << 5,
  reset: 1 << 6,
  resetBeforeRequest: 1 << 7,
  retriableHeaders: 1 << 8,
  envoyRateLimited: 1 << 9,
  http3PostConnectFailure: 1 << 10,
  grpcCancelled: 1 << 16,
  grpcDeadlineExceeded: 1 << 17,
  grpcResourceExhausted: 1 << 18,
  grpcUnavailable: 1 << 19,
  grpcInternal: 1 << 20,
} as const;

export interface RetryPolicy {
  readonly on: number;
  readonly count: number;
  readonly perTryTimeoutMs: number;
  readonly perTryIdleTimeoutMs: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly statuses: ReadonlySet<number>;
  readonly matchesResponse: ((head: ResponseHead) => boolean) | undefined;
  readonly matchesRequest: ((head: RequestHead) => boolean) | undefined;
  readonly avoidPreviousHosts: boolean;
  readonly avoidCanaries: boolean;
  readonly maxReselections: number;
  readonly rateLimitedHeaders: readonly { readonly name: string; readonly unix: boolean }[];
  readonly rateLimitedMaxMs: number;
}

/** The route table of one RouteConfiguration. */
export interface RouteTable {
  readonly name: string;
  match(head: RequestHead, context: MatchContext): Route | undefined;
}
