import {
  type ClientTransport,
  type ClientTransportOptions,
  noTransportOptions,
} from '../network/transport.ts';
import { ClusterStats } from '../stats/cluster-stats.ts';
import type { StatsScope } from '../stats/store.ts';
import { Breaker } from './breaker.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { Discovery } from './discovery.ts';
import { HealthFlag, type Host } from './host.ts';
import { LiveHosts } from './live-hosts.ts';
import type { LoadBalancer, LoadBalancerContext, OutlierMonitor } from './load-balancer.ts';
import { Pool, type StreamWaiter } from './pool.ts';

/** A running cluster: hosts, balancer, pools, breakers and statistics. Made by ClusterRegistry. */
export class Cluster {
  readonly name: string;
  readonly config: ClusterConfig;
  readonly stats: ClusterStats;
  readonly scope: StatsScope;
  readonly hosts = new LiveHosts();
  readonly breakers: readonly [Breaker, Breaker];
  balancer!: LoadBalancer;
  discovery!: Discovery;
  outlier: OutlierMonitor | undefined = undefined;
  healthChecks: { close(): void } | undefined = undefined;
  /** Drop policies of the assignment (EDS). */
  dropOverloads: readonly { readonly category: string; readonly millionths: number }[] = [];
  /** Telemetry and filters hang what they derive from this cluster here. */
  readonly attachments = new Map<string, unknown>();
  readonly #pools = new Map<Host, Map<string, Pool>>();
  closed = false;

  constructor(config: ClusterConfig, scope: StatsScope) {
    this.name = config.name;
    this.config = config;
    this.scope = scope;
    this.stats = scope.attachment('cluster', () => new ClusterStats(scope));
    this.breakers = [
      new Breaker(config.breakers[0], this.stats, false),
      new Breaker(config.breakers[1], this.stats, true),
    ];
    this.hosts.subscribe(({ added, removed }) => {
      for (const host of removed) this.#dropPools(host);
      if (added.length + removed.length > 0) this.stats.membershipChange++;
      this.#countMembers();
    });
  }

  #countMembers(): void {
    const stats = this.stats;
    stats.membershipTotal = this.hosts.size;
    stats.membershipHealthy = 0;
    stats.membershipDegraded = 0;
    stats.membershipExcluded = 0;
    for (const set of this.hosts.sets) {
      stats.membershipHealthy += set.healthy.length;
      stats.membershipDegraded += set.degraded.length;
      stats.membershipExcluded += set.excluded.length;
    }
  }

  #dropPools(host: Host): void {
    const pools = this.#pools.get(host);
    this.#pools.delete(host);
    if (pools === undefined) return;
    for (const pool of pools.values()) pool.drain();
  }

  choose(context: LoadBalancerContext): Host | undefined {
    const host =
      this.discovery.choose === undefined ? this.balancer.choose(context) : this.discovery.choose(context);
    if (host === undefined) this.stats.cxNoneHealthy++;
    return host;
  }

  /** The transport socket for a host, by its metadata. */
  transportFor(host: Host): ClientTransport {
    const wanted = host.metadata['envoy.transport_socket_match'];
    if (wanted !== undefined || this.config.transportMatches.length > 0) {
      for (const { match, transport } of this.config.transportMatches) {
        if (Object.entries(match).every(([key, value]) => wanted?.[key] === value)) return transport;
      }
    }
    return this.config.transport;
  }

  /** Opens a request stream to `host`; `waiter` hears of the outcome. Returns the pool for a cancel. */
  open(
    host: Host,
    priority: number,
    http2: boolean,
    options: ClientTransportOptions,
    waiter: StreamWaiter,
  ): Pool {
    const pool = this.#pool(host, priority, http2, options);
    pool.open(waiter);
    return pool;
  }

  #pool(host: Host, priority: number, http2: boolean, options: ClientTransportOptions): Pool {
    let pools = this.#pools.get(host);
    if (pools === undefined) {
      pools = new Map();
      this.#pools.set(host, pools);
    }
    const transport = this.transportFor(host);
    const key =
      options === noTransportOptions
        ? ((http2 ? plainKeys2 : plainKeys1)[priority] as string)
        : `${priority}${http2}${transport.key(options)}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = new Pool(this, host, this.breakers[priority] as Breaker, http2, transport, options);
      pools.set(key, pool);
    }
    return pool;
  }

  /** Marks hosts as gone that discovery no longer names; a removed host's pools finish their streams. */
  markPendingRemoval(host: Host): void {
    host.setHealthFlag(HealthFlag.pendingDynamicRemoval);
  }

  /** Stops discovery and lets what is under way finish. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.discovery.close();
    this.balancer.close();
    this.outlier?.close();
    this.healthChecks?.close();
    for (const host of [...this.#pools.keys()]) this.#dropPools(host);
  }
}

const plainKeys1 = ['default/1', 'high/1'];
const plainKeys2 = ['default/2', 'high/2'];
