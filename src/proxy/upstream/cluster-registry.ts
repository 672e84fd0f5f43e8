import { now } from '../network/event-loop.ts';
import { after } from '../network/timer.ts';
import type { StatsStore } from '../stats/store.ts';
import { Cluster } from './cluster.ts';
import type { ClusterConfig, EndpointAssignment } from './cluster-config.ts';
import { createDiscovery } from './discovery.ts';
import { healthCheckEnvironment } from './health-environment.ts';

/** One known cluster: its config is compiled and the cluster started when something first needs it. */
export interface ClusterSource {
  readonly name: string;
  /** Content hash of its resource: equal hash, same cluster object. */
  readonly hash: string;
  compile(): ClusterConfig;
  /** Started at once: DNS, health checks and outlier detection must not wait for a request. */
  readonly eager: boolean;
}

/** All clusters of one thread, by name. An update keeps running clusters whose resource did not change. */
export class ClusterRegistry {
  readonly #stats: StatsStore;
  readonly #random: () => number;
  readonly #runtime: (key: string) => number | boolean | string | undefined;
  #sources = new Map<string, ClusterSource>();
  readonly #running = new Map<string, { hash: string; cluster: Cluster }>();
  #assignments = new Map<string, { hash: string; assignment: () => EndpointAssignment }>();
  readonly #applied = new Map<string, string>();
  /** Zone-aware routing: this proxy's own cluster. */
  localClusterName = '';
  localLocality = { region: '', zone: '', subZone: '' };

  constructor(
    stats: StatsStore,
    random: () => number,
    runtime: (key: string) => number | boolean | string | undefined,
  ) {
    this.#stats = stats;
    this.#random = random;
    this.#runtime = runtime;
  }

  get names(): Iterable<string> {
    return this.#sources.keys();
  }

  get running(): Iterable<Cluster> {
    return this.#running.values().map((entry) => entry.cluster);
  }

  has(name: string): boolean {
    return this.#sources.has(name);
  }

  /** The cluster, started on first use; undefined when there is none of that name. */
  get(name: string): Cluster | undefined {
    return this.#running.get(name)?.cluster ?? this.#start(name);
  }

  #start(name: string): Cluster | undefined {
    const source = this.#sources.get(name);
    if (source === undefined) return undefined;
    const config = source.compile();
    const cluster = new Cluster(config, this.#stats.scope('cluster', config.statName));
    cluster.balancer = config.createBalancer({
      clusterName: name,
      hosts: cluster.hosts,
      local: this.#local(name),
      clock: { monotonic: now },
      random: this.#random,
      stats: cluster.scope,
      runtime: this.#runtime,
    });
    this.#running.set(name, { hash: source.hash, cluster });
    cluster.discovery = createDiscovery(cluster);
    this.#assign(cluster);
    const env = healthCheckEnvironment(cluster, after, this.#random);
    cluster.outlier = config.createOutlierMonitor?.(env);
    cluster.healthChecks = config.startHealthChecks?.(env);
    return cluster;
  }

  #local(name: string) {
    if (this.localClusterName === '' || this.localClusterName === name) return undefined;
    const own = this.get(this.localClusterName);
    return own === undefined ? undefined : { ...this.localLocality, hosts: own.hosts };
  }

  #assign(cluster: Cluster): void {
    const discovery = cluster.config.discovery;
    if (discovery.kind !== 'eds') return;
    const key = discovery.serviceName || cluster.name;
    const entry = this.#assignments.get(key);
    if (entry === undefined || this.#applied.get(cluster.name) === entry.hash) return;
    this.#applied.set(cluster.name, entry.hash);
    cluster.discovery.assign?.(entry.assignment());
  }

  /** Takes over a new set of clusters; those that are gone or changed finish what they do and close. */
  updateClusters(sources: readonly ClusterSource[]): void {
    this.#sources = new Map(sources.map((source) => [source.name, source]));
    for (const [name, { hash, cluster }] of [...this.#running]) {
      const source = this.#sources.get(name);
      if (source?.hash === hash) continue;
      this.#running.delete(name);
      this.#applied.delete(name);
      cluster.close();
      if (source === undefined) this.#stats.remove(cluster.scope);
      else this.#start(name);
    }
    for (const source of sources)
      if (source.eager && !this.#running.has(source.name)) this.#start(source.name);
  }

  updateEndpoints(assignments: Map<string, { hash: string; assignment: () => EndpointAssignment }>): void {
    this.#assignments = assignments;
    for (const { cluster } of this.#running.values()) this.#assign(cluster);
  }

  close(): void {
    for (const { cluster } of this.#running.values()) cluster.close();
    this.#running.clear();
  }
}
