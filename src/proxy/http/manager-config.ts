import type { FormatContext } from '../access-log/format.ts';
import type { AccessLogger } from '../access-log/logger.ts';
import type { Http1Options } from '../http1/options.ts';
import type { TlsInfo } from '../network/tls-info.ts';
import type { RouteTable } from '../router/route.ts';
import type { HttpStats } from '../stats/http-stats.ts';
import type { RequestTelemetry } from '../stats/telemetry.ts';
import type { ClusterRegistry } from '../upstream/cluster-registry.ts';
import type { HttpFilterFactory, LocalReply } from './filter.ts';
import type { ConnectionIo, ServerCodec, ServerCodecEvents } from './stream.ts';

/** An HTTP connection manager compiled from its Envoy message. Times are milliseconds, 0 = none. */
export interface ManagerConfig {
  readonly statPrefix: string;
  readonly stats: HttpStats;
  readonly codec: 'auto' | 'http1' | 'http2';
  /** Without `scheme`, which the connection decides. */
  readonly http1: Omit<Http1Options, 'scheme'>;
  readonly createHttp2: (io: ConnectionIo, events: ServerCodecEvents, scheme: string) => ServerCodec;
  readonly filters: readonly HttpFilterFactory[];
  /** Upgrade tokens (`websocket`, `connect`) that are allowed, with filters of their own or the manager's. */
  readonly upgrades: ReadonlyMap<
    string,
    { readonly enabled: boolean; readonly filters: readonly HttpFilterFactory[] }
  >;
  /** The route table as of now; undefined until RDS brought one. */
  readonly routes: () => RouteTable | undefined;
  readonly clusters: ClusterRegistry;
  readonly random: () => number;
  readonly runtime: (key: string) => number | boolean | string | undefined;

  readonly serverName: string;
  readonly serverHeader: 'overwrite' | 'append-if-absent' | 'pass-through';
  readonly via: string;
  readonly useRemoteAddress: boolean;
  /** This machine's address: x-forwarded-for names it when the client is on loopback. */
  readonly localIp: string;
  readonly xffTrustedHops: number;
  readonly skipXffAppend: boolean;
  readonly appendXForwardedPort: boolean;
  readonly isInternalAddress: (ip: string) => boolean;
  readonly generateRequestId: boolean;
  readonly preserveExternalRequestId: boolean;
  readonly requestIdInResponse: boolean;
  /** '' = do not add user-agent and x-envoy-downstream-service-cluster. */
  readonly addUserAgentCluster: string;
  /** Node id for x-envoy-downstream-service-node, '' with add_user_agent off. */
  readonly addUserAgentNode: string;
  readonly forwardClientCert:
    | 'sanitize'
    | 'forward-only'
    | 'append-forward'
    | 'sanitize-set'
    | 'always-forward-only';
  readonly clientCertDetails: ClientCertDetails;
  readonly proxy100Continue: boolean;
  readonly normalizePath: boolean;
  readonly mergeSlashes: boolean;
  readonly escapedSlashes: 'keep' | 'reject' | 'redirect' | 'unescape';
  readonly stripHostPort: 'none' | 'matching' | 'any';
  readonly stripTrailingHostDot: boolean;
  readonly underscores: 'allow' | 'reject' | 'drop';
  readonly schemeOverwrite: string;

  readonly requestTimeoutMs: number;
  readonly requestHeadersTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnectionDurationMs: number;
  readonly maxStreamDurationMs: number;
  readonly drainTimeoutMs: number;
  readonly delayedCloseTimeoutMs: number;
  readonly maxRequestsPerConnection: number;
  readonly bufferLimitBytes: number;

  readonly suppressEnvoyHeaders: boolean;
  readonly respectExpectedTimeout: boolean;
  readonly accessLogs: readonly AccessLogger[];
  readonly telemetry: RequestTelemetry | undefined;
  /** Changes local replies as `local_reply_config` says. */
  readonly localReply: ((reply: LocalReply, context: FormatContext) => RewrittenReply) | undefined;
  readonly tracing: Tracer | undefined;
  readonly log: { warn(message: string, fields?: Readonly<Record<string, unknown>>): void };
}

export interface RewrittenReply {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  readonly headers: readonly string[];
}

export interface ClientCertDetails {
  readonly subject: boolean;
  readonly cert: boolean;
  readonly chain: boolean;
  readonly dns: boolean;
  readonly uri: boolean;
}

/** Starts and ends spans; propagation headers are its business. */
export interface Tracer {
  start(context: FormatContext, tls: TlsInfo | undefined): Span | undefined;
}

export interface Span {
  end(context: FormatContext): void;
}
