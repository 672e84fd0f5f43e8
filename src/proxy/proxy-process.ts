import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, LogLevels } from '../base/log.ts';
import { packageVersion } from '../base/package-root.ts';
import { AdminServer } from './admin/admin-server.ts';
import { createAdminHandler } from './admin/routes.ts';
import type { AdminTarget } from './admin/target.ts';
import { compileAddress } from './config/address.ts';
import type { LoadedBootstrap } from './config/bootstrap.ts';
import { now } from './network/event-loop.ts';
import { after } from './network/timer.ts';
import { MeshMetrics } from './stats/mesh-metrics.ts';
import { StatsStore } from './stats/store.ts';
import { addImage, imageOf } from './stats/transfer.ts';
import { DataPlane } from './worker/data-plane.ts';
import type { DrainOptions } from './worker/messages.ts';
import { WorkerPool } from './worker/worker-pool.ts';

export interface ProxyOptions {
  readonly concurrency: number;
  readonly bootstrapPath: string;
  /** The program's own file, for worker threads. */
  readonly entry: string;
  readonly drainTimeMs: number;
  readonly log: Logger;
  readonly logLevels: LogLevels;
  /** Told when the process should end, by /quitquitquit. */
  onQuit(): void;
}

/** A whole proxy: the data plane, its admin port and its life from start to drain. */
export class ProxyProcess implements AdminTarget {
  readonly plane: DataPlane;
  readonly logLevels: LogLevels;
  readonly #options: ProxyOptions;
  readonly #admin: AdminServer;
  readonly #started = now();
  #state: ReturnType<AdminTarget['state']> = 'PRE_INITIALIZING';
  #workers: WorkerPool | undefined = undefined;
  #healthy = true;
  #draining = false;

  constructor(bootstrap: LoadedBootstrap, options: ProxyOptions) {
    this.#options = options;
    this.logLevels = options.logLevels;
    this.plane = new DataPlane(bootstrap, { log: options.log, drainTimeMs: options.drainTimeMs });
    this.#admin = new AdminServer(createAdminHandler(this));
  }

  /** Binds the admin port, loads the configuration and serves. Rejects when the admin port or a static resource fails. */
  async start(): Promise<void> {
    const admin = this.plane.bootstrap.message.admin?.address;
    if (admin !== undefined) await this.#admin.listen(compileAddress(admin, 'admin.address'));
    this.#state = 'INITIALIZING';
    const faults = await this.plane.start();
    const fatal = faults.filter((fault) => this.#isStatic(fault.subject));
    if (fatal.length > 0)
      throw new Error(fatal.map((fault) => `${fault.subject}: ${fault.message}`).join('\n'));
    if (this.#options.concurrency > 1) {
      const { entry, bootstrapPath, drainTimeMs, log } = this.#options;
      const levels = this.logLevels.entries().map(([scope, level]) => `${scope}:${level}`);
      const start = { kind: 'lateen-proxy-worker', bootstrapPath, drainTimeMs, logLevels: levels } as const;
      this.#workers = new WorkerPool(entry, start, log);
      await this.#workers.start(this.#options.concurrency - 1);
    }
    this.#state = 'LIVE';
    this.#options.log.info('serving', {
      listeners: [...this.plane.listeners.all].length,
      clusters: [...this.plane.clusters.names].length,
    });
  }

  #isStatic(subject: string): boolean {
    const { staticListeners, staticClusters } = this.plane.bootstrap;
    return [
      ...staticListeners.map((r) => `listener ${r.name}`),
      ...staticClusters.map((r) => `cluster ${r.name}`),
    ].includes(subject);
  }

  get adminPort(): number {
    return this.#admin.port;
  }

  /** Lets what is under way finish, for at most the drain time. Accepting stops at once. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    this.#state = 'DRAINING';
    this.plane.stopWatching();
    this.#drainAll({ inboundOnly: false, closeSockets: true });
    const deadline = now() + this.#options.drainTimeMs;
    while ((await this.#connections()) > 0 && now() < deadline) await delay(10);
  }

  #drainAll(options: DrainOptions): void {
    this.plane.listeners.drainAll(options);
    this.#workers?.broadcast({ type: 'drain', options });
  }

  async #connections(): Promise<number> {
    return this.plane.listeners.connections + ((await this.#workers?.connections()) ?? 0);
  }

  async close(): Promise<void> {
    this.#admin.close();
    this.plane.close();
    await this.#workers?.close();
  }

  // --- AdminTarget ---

  state(): ReturnType<AdminTarget['state']> {
    return this.#state === 'LIVE' && !this.#healthy ? 'DRAINING' : this.#state;
  }

  serverInfo(): unknown {
    const uptime = `${Math.floor((now() - this.#started) / 1000)}s`;
    return {
      version: `lateen/${packageVersion()}/Clean/RELEASE/Node`,
      state: this.state(),
      uptime_current_epoch: uptime,
      uptime_all_epochs: uptime,
      hot_restart_version: 'disabled',
      command_line_options: {
        concurrency: this.#options.concurrency,
        drain_time: `${this.#options.drainTimeMs / 1000}s`,
        mode: 'Serve',
      },
      node: this.plane.bootstrap.json['node'] ?? {},
    };
  }

  certificates(): readonly unknown[] {
    return [];
  }

  async mergedStats(): Promise<{ readonly stats: StatsStore; readonly mesh: MeshMetrics }> {
    for (const cluster of this.plane.clusters.running)
      for (const breaker of cluster.breakers) breaker.publish();
    const server = this.plane.stats.scope('server');
    server.gauge('live').value = this.state() === 'LIVE' ? 1 : 0;
    server.gauge('state').value = { LIVE: 0, DRAINING: 1, PRE_INITIALIZING: 2, INITIALIZING: 3 }[
      this.state()
    ];
    server.gauge('uptime').value = Math.floor((now() - this.#started) / 1000);
    server.gauge('concurrency').value = this.#options.concurrency;
    server.gauge('total_connections').value = this.plane.listeners.connections;
    server.gauge('memory_physical_size').value = process.memoryUsage.rss();
    const listeners = this.plane.stats.scope('listener_manager');
    listeners.gauge('total_listeners_active').value = [...this.plane.listeners.all].length;
    listeners.gauge('total_listeners_draining').value = this.plane.listeners.drainingCount;
    listeners.counter('lds.update_rejected').value = this.plane.config.refusedUpdates;
    this.plane.stats.scope('cluster_manager').gauge('active_clusters').value = [
      ...this.plane.clusters.names,
    ].length;
    const { stats, meshMetrics } = this.plane;
    if (this.#workers === undefined) return { stats, mesh: meshMetrics };
    const all = { stats: new StatsStore(), mesh: new MeshMetrics() };
    for (const image of [imageOf(stats, meshMetrics), ...(await this.#workers.images())])
      addImage(image, all.stats, all.mesh);
    return all;
  }

  setHealthy(healthy: boolean): void {
    this.#healthy = healthy;
  }

  resetCounters(): void {
    this.plane.resetCounters();
    this.#workers?.broadcast({ type: 'reset-counters' });
  }

  reopenLogs(): void {
    this.plane.reopenLogs();
    this.#workers?.broadcast({ type: 'reopen-logs' });
  }

  drainListeners(options: {
    readonly inboundOnly: boolean;
    readonly graceful: boolean;
    readonly skipExit: boolean;
  }): void {
    this.#drainAll({ inboundOnly: options.inboundOnly, closeSockets: !options.graceful });
    if (!options.graceful || options.skipExit) return;
    after(this.#options.drainTimeMs, () =>
      this.#drainAll({ inboundOnly: options.inboundOnly, closeSockets: true }),
    );
  }

  quit(): void {
    this.#options.onQuit();
  }
}
