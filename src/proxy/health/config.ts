import type { HeaderMap } from '../http/header-map.ts';

/** An active health check, compiled. Times are milliseconds. */
export interface HealthCheckConfig {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly initialJitterMs: number;
  readonly jitterMs: number;
  readonly jitterPercent: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** Interval while the cluster has had no traffic. */
  readonly noTrafficMs: number;
  readonly noTrafficHealthyMs: number;
  readonly unhealthyIntervalMs: number;
  readonly unhealthyEdgeMs: number;
  readonly healthyEdgeMs: number;
  readonly logAlways: boolean;
  readonly alpn: readonly string[] | undefined;
  readonly probe: ProbeConfig;
}

export type ProbeConfig =
  | {
      readonly kind: 'http';
      readonly method: string;
      /** Host header, '' for the cluster's name. */
      readonly host: string;
      readonly path: string;
      readonly http2: boolean;
      readonly body: Buffer | undefined;
      readonly mutate: (headers: HeaderMap) => void;
      readonly isExpected: (status: number) => boolean;
      /** Counts as an ordinary failure, so thresholds hold, instead of making the host unhealthy at once. */
      readonly isRetriable: (status: number) => boolean;
      readonly receive: readonly Buffer[];
      readonly serviceName: ((name: string) => boolean) | undefined;
    }
  | { readonly kind: 'tcp'; readonly send: Buffer | undefined; readonly receive: readonly Buffer[] }
  | {
      readonly kind: 'grpc';
      readonly service: string;
      readonly authority: string;
      readonly mutate: (headers: HeaderMap) => void;
    };

/** Outlier detection, with Envoy's names; percentages 0 to 100. */
export interface OutlierConfig {
  readonly consecutive5xx: number;
  readonly consecutiveGatewayFailure: number;
  readonly consecutiveLocalOriginFailure: number;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly jitterMs: number;
  readonly maxEjectionPercent: number;
  readonly alwaysEjectOne: boolean;
  readonly splitLocalOrigin: boolean;
  readonly successRate: {
    readonly minimumHosts: number;
    readonly requestVolume: number;
    readonly stdevFactor: number;
  };
  readonly failurePercentage: {
    readonly threshold: number;
    readonly minimumHosts: number;
    readonly requestVolume: number;
  };
  readonly enforcing: Readonly<Record<OutlierKind, number>>;
}

/** What a host can be ejected for; the names are those of the statistics. */
export type OutlierKind =
  | 'consecutive_5xx'
  | 'consecutive_gateway_failure'
  | 'consecutive_local_origin_failure'
  | 'success_rate'
  | 'local_origin_success_rate'
  | 'failure_percentage'
  | 'local_origin_failure_percentage';
