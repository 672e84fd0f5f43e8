import { hostname } from 'node:os';
import type { Logger } from '../../base/log.ts';
import { FileSink } from '../access-log/file-sink.ts';
import { setHostname } from '../access-log/operator.ts';
import { type LoadedBootstrap, runtimeValues } from '../config/bootstrap.ts';
import { type CompileContext, statsSink } from '../config/compile-context.ts';
import { loadYamlIfWanted } from '../config/file-snapshot.ts';
import { FileWatch } from '../config/file-watch.ts';
import { overloadLimit } from '../config/overload.ts';
import { RuntimeConfig } from '../config/runtime-config.ts';
import { setBootstrapSecrets } from '../config/secret-file.ts';
import type { FilterEnvironment } from '../http/filter.ts';
import { ListenerSet } from '../listener/listener-set.ts';
import { now } from '../network/event-loop.ts';
import { onFault } from '../network/fault.ts';
import { after } from '../network/timer.ts';
import { HttpStats } from '../stats/http-stats.ts';
import { MeshMetrics } from '../stats/mesh-metrics.ts';
import { StatsStore } from '../stats/store.ts';
import { createUpstreamCalls } from '../upstream/calls.ts';
import { ClusterRegistry } from '../upstream/cluster-registry.ts';

export interface DataPlaneOptions {
  readonly log: Logger;
  readonly drainTimeMs: number;
  /** False in worker threads: they leave alone what only one thread can bind. */
  readonly primary?: boolean;
}

/** Everything that serves in one thread: clusters, listeners, the configuration in force and its statistics. */
export class DataPlane {
  readonly stats = new StatsStore();
  readonly meshMetrics = new MeshMetrics();
  readonly clusters: ClusterRegistry;
  readonly listeners: ListenerSet;
  readonly config: RuntimeConfig;
  readonly bootstrap: LoadedBootstrap;
  readonly log: Logger;
  readonly sinks = new Map<string, FileSink>();
  /** Milliseconds since the epoch. */
  readonly startedAt = Date.now();
  readonly #runtime: Map<string, number | boolean | string>;
  readonly #watch: FileWatch;
  #loading: Promise<void> | undefined = undefined;
  #again = false;
  #onApplied: (() => void) | undefined = undefined;

  constructor(bootstrap: LoadedBootstrap, options: DataPlaneOptions) {
    this.bootstrap = bootstrap;
    this.log = options.log;
    const faults = options.log.scope('connection');
    onFault((where, thrown) =>
      faults.error('a fault in the proxy', {
        where,
        error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
      }),
    );
    this.#runtime = runtimeValues(bootstrap.message);
    setHostname(hostname());
    setBootstrapSecrets(bootstrap.message.static_resources?.secrets ?? []);
    const runtime = (key: string) => this.#runtime.get(key);
    this.clusters = new ClusterRegistry(this.stats, Math.random, runtime);
    const node = bootstrap.message.node;
    this.clusters.localClusterName = bootstrap.message.cluster_manager?.local_cluster_name ?? '';
    if (node?.locality !== undefined) {
      this.clusters.localLocality = {
        region: node.locality.region,
        zone: node.locality.zone,
        subZone: node.locality.sub_zone,
      };
    }
    const limit = overloadLimit(bootstrap.message);
    this.listeners = new ListenerSet(this.stats, options.drainTimeMs, () => limit, options.primary ?? true);
    this.config = new RuntimeConfig(bootstrap, this.#context(runtime));
    this.#watch = new FileWatch(() => this.reload());
  }

  #context(runtime: (key: string) => number | boolean | string | undefined): CompileContext {
    const calls = createUpstreamCalls(this.clusters);
    const environment = (statPrefix: string): FilterEnvironment => {
      const scope = this.stats.scope('http', statPrefix);
      return {
        statPrefix: scope.prefix,
        stats: statsSink(this.stats, scope),
        clock: { now: () => Date.now(), monotonic: now },
        random: Math.random,
        after,
        calls,
        runtime,
        log: this.log.scope('filter'),
      };
    };
    return {
      stats: this.stats,
      clusters: this.clusters,
      listeners: this.listeners,
      log: this.log,
      random: Math.random,
      runtime,
      after,
      routes: (name) => this.config.routes(name),
      logSink: (path) => this.#sink(path),
      httpStats: (prefix) => {
        const scope = this.stats.scope('http', prefix);
        return scope.attachment('http', () => new HttpStats(scope));
      },
      nodeId: this.bootstrap.message.node?.id ?? '',
      meshMetrics: this.meshMetrics,
      nodeCluster: this.bootstrap.message.node?.cluster ?? '',
      filterEnvironment: environment,
    };
  }

  #sink(path: string): FileSink {
    let sink = this.sinks.get(path);
    if (sink === undefined) {
      sink = new FileSink(path);
      this.sinks.set(path, sink);
    }
    return sink;
  }

  runtime(): ReadonlyMap<string, number | boolean | string> {
    return this.#runtime;
  }

  /** Loads the configuration for the first time; returns what was refused. */
  async start(): Promise<readonly { readonly subject: string; readonly message: string }[]> {
    const round = await this.read();
    this.#watch.set(round.watchedDirectories, round.watchedFiles);
    await this.config.apply(round);
    return round.faults;
  }

  /** Reads and compiles all files; nothing is applied. */
  async read(): Promise<ReturnType<RuntimeConfig['read']>> {
    const round = this.config.read();
    return (await loadYamlIfWanted()) ? this.config.read() : round;
  }

  set onApplied(fn: () => void) {
    this.#onApplied = fn;
  }

  /** Reads all files again and goes over to what changed. Calls while one is under way are folded into one more round. */
  reload(): void {
    if (this.#loading !== undefined) {
      this.#again = true;
      return;
    }
    this.#loading = this.#reloadOnce().finally(() => {
      this.#loading = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.reload();
    });
  }

  async #reloadOnce(): Promise<void> {
    try {
      const round = await this.read();
      this.#watch.set(round.watchedDirectories, round.watchedFiles);
      await this.config.apply(round);
      this.#onApplied?.();
    } catch (thrown) {
      this.log.error('configuration could not be taken over; the last one keeps serving', {
        error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
      });
    }
  }

  resetCounters(): void {
    this.stats.resetCounters();
    this.meshMetrics.clear();
  }

  reopenLogs(): void {
    for (const sink of this.sinks.values()) sink.reopen();
  }

  stopWatching(): void {
    this.#watch.close();
  }

  /** Ends everything at once. */
  close(): void {
    this.stopWatching();
    this.listeners.destroy();
    this.clusters.close();
    for (const sink of this.sinks.values()) sink.flushSync();
  }
}
