import type { ClientCodec, ClientCodecEvents, ConnectionIo } from '../http/stream.ts';
import type { Http1Options } from '../http1/options.ts';
import type { Address } from '../network/address.ts';
import type { ClientTransport } from '../network/transport.ts';
import type { HostMetadata, HostSet, Locality } from './host.ts';
import type {
  HealthCheckEnvironment,
  LoadBalancer,
  LoadBalancerEnvironment,
  OutlierMonitor,
} from './load-balancer.ts';

/** A cluster as the data plane uses it, compiled from Envoy's message. Times are milliseconds, 0 = none unless said otherwise. */
export interface ClusterConfig {
  readonly name: string;
  /** Name in statistics: alt_stat_name or the name. */
  readonly statName: string;
  readonly discovery: DiscoveryConfig;
  readonly connectTimeoutMs: number;
  readonly bufferLimitBytes: number;
  /** Protocol spoken to hosts; `downstream` follows the request's, `alpn` what the handshake agreed. */
  readonly protocol: 'http1' | 'http2' | 'downstream' | 'alpn';
  readonly http1: Http1Options;
  /** Makes an HTTP/2 client codec. */
  readonly createHttp2: (io: ConnectionIo, events: ClientCodecEvents) => ClientCodec;
  readonly idleTimeoutMs: number;
  readonly maxConnectionDurationMs: number;
  readonly maxStreamDurationMs: number;
  /** 0 = no limit. */
  readonly maxRequestsPerConnection: number;
  readonly autoSni: boolean;
  readonly autoSanValidation: boolean;
  readonly overrideSniHeader: string;
  /** By routing priority: default, high. */
  readonly breakers: readonly [BreakerConfig, BreakerConfig];
  readonly bindAddress: { readonly ip: string; readonly port: number } | undefined;
  readonly keepalive: KeepaliveConfig | undefined;
  readonly transport: ClientTransport;
  /** Transport by endpoint metadata (`envoy.transport_socket_match`), first match wins. */
  readonly transportMatches: readonly TransportMatch[];
  /** PROXY protocol header to send first. */
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
  readonly createBalancer: (env: LoadBalancerEnvironment) => LoadBalancer;
  readonly createOutlierMonitor: ((env: HealthCheckEnvironment) => OutlierMonitor) | undefined;
  readonly startHealthChecks: ((env: HealthCheckEnvironment) => { close(): void }) | undefined;
  readonly ignoreHealthOnRemoval: boolean;
  readonly metadata: HostMetadata;
  readonly addedViaApi: boolean;
}

export interface TransportMatch {
  readonly name: string;
  readonly match: Readonly<Record<string, unknown>>;
  readonly transport: ClientTransport;
}

export interface KeepaliveConfig {
  readonly probes: number | undefined;
  /** Seconds. */
  readonly time: number | undefined;
  readonly interval: number | undefined;
}

export interface BreakerConfig {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly maxRetries: number;
  readonly trackRemaining: boolean;
  readonly retryBudget: { readonly percent: number; readonly minConcurrency: number } | undefined;
}

/** An endpoint as discovery names it, before it is a Host. */
export interface EndpointSpec {
  readonly address: Address;
  readonly hostname: string;
  readonly weight: number;
  readonly priority: number;
  readonly locality: Locality;
  /** Weight of its locality, 0 when none. */
  readonly localityWeight: number;
  readonly metadata: HostMetadata;
  /** Bits of HealthFlag that EDS sets. */
  readonly healthFlags: number;
  readonly healthCheckAddress: Address | undefined;
}

export interface EndpointAssignment {
  readonly endpoints: readonly EndpointSpec[];
  readonly overprovisioningFactor: number;
  readonly weightedPriorityHealth: boolean;
  /** Share of requests to drop, in millionths, by category. */
  readonly dropOverloads: readonly { readonly category: string; readonly millionths: number }[];
}

export type DiscoveryConfig =
  | { readonly kind: 'static'; readonly assignment: EndpointAssignment }
  | { readonly kind: 'eds'; readonly serviceName: string }
  | {
      readonly kind: 'strict-dns' | 'logical-dns';
      /** Endpoints whose `hostname` is the name to resolve and whose address holds the port. */
      readonly assignment: EndpointAssignment;
      readonly refreshMs: number;
      readonly failureRefreshMs: number;
      readonly lookup: 'auto' | 'v4-only' | 'v6-only' | 'v4-preferred' | 'all';
      readonly respectTtl: boolean;
    }
  | {
      readonly kind: 'original-dst';
      readonly cleanupMs: number;
      /** Header that names the address, '' for none. */
      readonly header: string;
      /** 0 = keep the port. */
      readonly portOverride: number;
      readonly metadataKey: readonly string[] | undefined;
    };

export type { HostSet };
