import type { RequestHead } from '../http/stream.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import type { Host, HostSet } from './host.ts';

/** What a choice may depend on. One object an attempt; fields are undefined when the request has no such wish. */
export interface LoadBalancerContext {
  /** Hash by the route's hash policy (ring hash, Maglev). */
  readonly hash: bigint | undefined;
  /** Subset criteria of the route (`envoy.lb`), sorted by key. */
  readonly metadataMatch: readonly (readonly [key: string, value: unknown])[] | undefined;
  /** `ip:port` a stateful session asks for. */
  readonly overrideHost: string | undefined;
  /** With `overrideHost`: fail rather than choose another. */
  readonly overrideHostStrict: boolean;
  readonly downstream: DownstreamInfo | undefined;
  readonly head: RequestHead | undefined;
  /** Hosts this request already tried, newest last; retry host predicates look at it. */
  readonly attempted: readonly Host[];
  /** True when a retry predicate dislikes the choice; asked again at most `maxReselections` times. */
  shouldReselect(host: Host): boolean;
  readonly maxReselections: number;
  /** Priority loads a retry priority plugin wants instead of the computed ones, or undefined. */
  readonly priorityLoad: readonly number[] | undefined;
}

export interface LoadBalancer {
  /** The host for one attempt, or undefined when there is none. Never awaits, never allocates more than it must. */
  choose(context: LoadBalancerContext): Host | undefined;
  /** Gives up subscriptions. */
  close(): void;
}

/**
 * The live hosts of a cluster by priority. Balancers subscribe and rebuild their tables on a change; health checkers and outlier detection
 * change `healthFlags` of hosts and then call `healthChanged`.
 */
export interface PrioritySet {
  /** Index = priority; never empty. */
  readonly sets: readonly HostSet[];
  /** Called after `sets` changed. Returns the way to stop. `added` and `removed` are empty when only health changed. */
  subscribe(listener: (change: HostChange) => void): () => void;
  /** Recomputes the health lists of the given hosts' priorities and tells subscribers. */
  healthChanged(hosts: readonly Host[]): void;
}

export interface HostChange {
  readonly added: readonly Host[];
  readonly removed: readonly Host[];
}

export interface LoadBalancerEnvironment {
  readonly clusterName: string;
  readonly hosts: PrioritySet;
  /** The proxy's own locality and the hosts of its own cluster, for zone-aware routing; undefined when not configured. */
  readonly local:
    | {
        readonly zone: string;
        readonly region: string;
        readonly subZone: string;
        readonly hosts: PrioritySet;
      }
    | undefined;
  readonly clock: { monotonic(): number };
  /** Uniform in [0, 1). */
  random(): number;
  readonly stats: { counter(name: string): { value: number }; gauge(name: string): { value: number } };
  runtime(key: string): number | boolean | string | undefined;
}

/** Outlier detection as the router reports to it. */
export interface OutlierMonitor {
  /** A response with this status came from the host. */
  onStatus(host: Host, status: number): void;
  /** The proxy's own trouble with it: connect failure, connect timeout, reset, request timeout. */
  onLocalOriginFailure(host: Host, kind: 'connect-failed' | 'timeout' | 'reset'): void;
  onLocalOriginSuccess(host: Host): void;
  onResponseTime(host: Host, ms: number): void;
  close(): void;
}

/** What active health checking needs of a cluster. */
export interface HealthCheckEnvironment {
  readonly clusterName: string;
  readonly hosts: PrioritySet;
  readonly clock: { now(): number; monotonic(): number };
  after(ms: number, fn: () => void): { cancel(): void };
  random(): number;
  readonly stats: { counter(name: string): { value: number }; gauge(name: string): { value: number } };
  /** Opens a connection to a host as the cluster's requests would (transport socket included). `ready` once. */
  connect(
    host: Host,
    options: { readonly alpn: readonly string[] | undefined; readonly timeoutMs: number },
    ready: (error: Error | undefined, stream: import('node:net').Socket | undefined) => void,
  ): void;
  /** One HTTP request to a host on a connection of its own or reused from the last check. Rejects on connect failure, reset and timeout. */
  request(
    host: Host,
    head: RequestHead,
    body: Buffer | undefined,
    options: { readonly timeoutMs: number; readonly http2: boolean },
  ): Promise<{
    status: number;
    headers: readonly string[];
    trailers: readonly string[];
    body: Buffer;
    closed: boolean;
  }>;
  readonly log: { info(message: string, fields?: Readonly<Record<string, unknown>>): void };
}
