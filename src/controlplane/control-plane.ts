import type { Clock, Timer } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { warning } from '../base/issue.ts';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import { Backoff } from '../kube/backoff.ts';
import type { KubeClient } from '../kube/client.ts';
import { Lease } from '../kube/lease.ts';
import type { Finding } from '../mesh/index.ts';
import { onSpecChange, Sources } from './ingest/sources.ts';
import { World } from './ingest/world.ts';
import { ProxyAccess } from './publish/access.ts';
import type { PublishResult } from './publish/publisher.ts';
import { Publisher } from './publish/publisher.ts';
import { StoredConfig } from './publish/stored.ts';
import { Debounce } from './push/debounce.ts';
import { LastGood } from './push/last-good.ts';
import { Pipeline } from './push/pipeline.ts';
import { type StatusTarget, StatusWriter } from './status/status-writer.ts';

export interface ControlPlaneOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Where the control plane and its ConfigMaps live: `istio-system`. */
  readonly namespace: string;
  readonly revision: string;
  readonly domain: string;
  readonly clusterId: string;
  /** Name of this replica in the leader election. */
  readonly identity: string;
  readonly quietMs?: number;
  readonly ceilingMs?: number;
  readonly graceMs?: number;
  /** How long after a push the status of the rules is written. */
  readonly statusDelayMs?: number;
  /** What a push did, for metrics. */
  readonly onPush?: (push: PushReport) => void;
}

export interface PushReport extends PublishResult {
  /** Milliseconds from the first change to the last write. */
  readonly delayMs: number;
  readonly computeMs: number;
  readonly kind: 'full' | 'proxies' | 'endpoints' | 'repair';
}

/**
 * The runtime around the engines: informers → debounce → pipeline → publisher → status. Every replica follows the world; the one that
 * holds the lease writes. Nothing is written before everything has been listed, so a restart never empties anything.
 */
export class ControlPlane {
  readonly world: World;
  readonly sources: Sources;
  readonly pipeline: Pipeline;
  readonly #options: ControlPlaneOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stored: StoredConfig;
  readonly #publisher: Publisher;
  readonly #access: ProxyAccess;
  readonly #status: StatusWriter;
  readonly #debounce: Debounce;
  #synced = false;
  #leading = false;
  #statusBusy = false;
  #statusAgain = false;
  #removalTimer: Timer | undefined;
  #statusTimer: Timer | undefined;
  readonly #backoff = new Backoff({ baseMs: 500, maxMs: 30_000 });

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.scope('push');
    const { client, log } = options;
    const shared = { client, clock: this.#clock, log };
    const suffix = options.revision === 'default' ? '' : `-${options.revision}`;
    const meshConfigMap = { namespace: options.namespace, name: `istio${suffix}` };
    this.sources = new Sources({ ...shared, meshConfigMap });
    this.world = new World(this.sources, {
      clock: this.#clock,
      log,
      revision: options.revision,
      rootNamespace: options.namespace,
      domain: options.domain,
      clusterId: options.clusterId,
      ...(options.graceMs !== undefined && { lingerMs: options.graceMs }),
    });
    this.pipeline = new Pipeline(this.world, new LastGood(), options.revision, this.#log);
    this.#stored = new StoredConfig({ ...shared, revision: options.revision });
    this.#publisher = new Publisher({
      ...shared,
      stored: this.#stored,
      ...(options.graceMs !== undefined && { graceMs: options.graceMs }),
    });
    this.#access = new ProxyAccess(client, log);
    this.#status = new StatusWriter({ client, clock: this.#clock, log: log.scope('status') });
    const { quietMs = 2, ceilingMs = 50 } = options;
    this.#debounce = new Debounce({ clock: this.#clock, quietMs, ceilingMs }, () => this.#push());
  }

  /** Everything has been listed; the control plane can answer for the mesh. */
  get ready(): boolean {
    return this.#synced;
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const informers = [...this.sources.all, this.#stored.shared, this.#stored.own];
    const running = informers.map((informer) => informer.run(signal));
    const leasing = this.#lease().run(signal, (leading) => this.#lead(leading));
    try {
      await Promise.all(informers.map((informer) => informer.waitForSync(signal)));
    } catch {
      await Promise.all([...running, leasing]);
      return;
    }
    this.#synced = true;
    this.#log.info('everything is listed', { proxies: this.world.proxies.length, pods: this.world.podCount });
    this.world.onDirt(() => this.#onDirt());
    for (const informer of this.sources.idle.values()) onSpecChange(informer, () => void this.#writeStatus());
    this.#stored.onForeignChange((key) => this.#onForeignChange(key));
    this.world.markAll();
    await Promise.all([...running, leasing]);
    this.#debounce.stop();
  }

  #lease(): Lease {
    const { client, namespace, revision, identity } = this.#options;
    const name = `istio-leader${revision === 'default' ? '' : `-${revision}`}`;
    return new Lease({ client, namespace, name, identity, clock: this.#clock, logger: this.#options.log });
  }

  async #lead(signal: AbortSignal): Promise<void> {
    this.#leading = true;
    this.#access.forget();
    if (this.#synced) this.world.markAll();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#leading = false;
  }

  #onDirt(): void {
    const { dirt } = this.world;
    if (dirt.proxies || dirt.endpoints.size > 0) this.#debounce.urgent();
    else this.#debounce.touch();
  }

  #onForeignChange(key: string): void {
    if (!this.#leading) return;
    this.#log.debug('proxy configuration was changed by someone else', { object: key });
    this.#debounce.urgent();
  }

  async #push(): Promise<void> {
    const dirt = this.world.takeDirt();
    const started = this.#clock.monotonic();
    try {
      const desired = this.pipeline.run(dirt);
      const computeMs = this.#clock.monotonic() - started;
      if (!this.#leading) return;
      for (const namespace of dirt.returned) this.#access.forgetNamespace(namespace);
      const [result] = await Promise.all([
        this.#publisher.publish(desired),
        dirt.mesh || dirt.proxies ? this.#access.apply(this.world.proxies) : undefined,
      ]);
      this.#comeBack(result);
      const kind = dirt.mesh
        ? 'full'
        : dirt.proxies
          ? 'proxies'
          : dirt.endpoints.size > 0
            ? 'endpoints'
            : 'repair';
      const delayMs = this.#clock.monotonic() - (dirt.since ?? started);
      this.#log.debug('pushed', { kind, ...result, computeMs, delayMs });
      this.#options.onPush?.({ ...result, kind, computeMs, delayMs });
    } catch (thrown) {
      // A fault of ours in one push must not end the control plane; the last good configuration stays.
      this.#log.error('a push failed; the last configuration stays', {
        error: errorMessage(thrown),
        stack: (thrown as Error).stack,
      });
      this.#clock.after(5000, () => this.world.markAll());
    }
    if (dirt.mesh) this.#writeStatusSoon();
  }

  /** Failed writes are tried again, and what is kept for a while is looked at when its time is over. */
  #comeBack({ failed, waiting }: PublishResult): void {
    if (failed.length === 0) this.#backoff.reset();
    else this.#clock.after(this.#backoff.next(), () => this.#debounce.urgent());
    if (waiting === 0 || this.#removalTimer !== undefined) return;
    this.#removalTimer = this.#clock.after((this.#options.graceMs ?? 300_000) + 5, () => {
      this.#removalTimer = undefined;
      this.#debounce.urgent();
    });
  }

  /** A moment after the push: the proxies' configuration has the way to itself, and a burst writes each status once. */
  #writeStatusSoon(): void {
    const { statusDelayMs = 100 } = this.#options;
    this.#statusTimer ??= this.#clock.after(statusDelayMs, () => {
      this.#statusTimer = undefined;
      void this.#writeStatus();
    });
  }

  /** After the proxies have what they need; pushes do not wait for it. */
  async #writeStatus(): Promise<void> {
    if (!this.#leading) return;
    this.#statusAgain = this.#statusBusy;
    if (this.#statusBusy) return;
    this.#statusBusy = true;
    try {
      await this.#status.write(this.#statusTargets(), [...this.pipeline.findings, ...this.#idleFindings()]);
    } catch (thrown) {
      this.#log.warn('status could not be written', { error: errorMessage(thrown) });
    }
    this.#statusBusy = false;
    if (this.#statusAgain) void this.#writeStatus();
  }

  #statusTargets(): StatusTarget[] {
    const kinds = [...this.sources.rules, ...this.sources.idle] as [
      string,
      { values(): Iterable<StatusTarget['object']> },
    ][];
    return kinds.flatMap(([kind, informer]) => [...informer.values()].map((object) => ({ kind, object })));
  }

  /** Kinds that nothing acts on yet say so. */
  #idleFindings(): Finding[] {
    return [...this.sources.idle].flatMap(([kind, informer]) =>
      [...informer.values()].map(({ metadata }) => ({
        ref: { kind, namespace: metadata.namespace ?? 'default', name: metadata.name },
        issue: warning(
          'NotActedOn',
          '',
          `accepted, but not acted on yet: ${kind} has no effect in this version`,
        ),
      })),
    );
  }
}
