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
