import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import { sleep, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { errorMessage, silentLogger } from '../base/log.ts';
import type { KubeClient } from './client.ts';
import { resources } from './resource.ts';
import { isAlreadyExists, isConflict, isNotFound } from './status-error.ts';

export interface LeaseOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique among replicas: the pod's name, or host and process id. */
  readonly identity: string;
  /** Others wait this long after the last renewal they saw. */
  readonly durationMs?: number;
  /** The leader gives up when it could not renew for this long; less than `durationMs`. */
  readonly renewDeadlineMs?: number;
  readonly retryMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/**
 * Leader election on a coordination.k8s.io Lease, by client-go's rules: expiry is judged by when *we* saw the record change, never by
 * comparing clocks of two machines. The lease is handed back on a clean stop, so the next replica takes over at once.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #durationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  #seen: { record: string; at: number } | undefined;
  #held = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = (options.logger ?? silentLogger).scope('lease');
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
  }

  /** True while we hold the lease, for what only one replica may do. */
  get held(): boolean {
    return this.#held;
  }

  /**
   * Waits for the lease, runs `lead` with a signal that aborts when the lease is lost, and waits again. Resolves after `signal` aborted
   * and the lease is handed back.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      if (!(await this.#tryAcquire())) {
        await this.#pause(signal);
        continue;
      }
      await this.#lead(signal, lead);
    }
  }

  async #lead(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const lost = new AbortController();
    const leading = AbortSignal.any([signal, lost.signal]);
    this.#held = true;
    this.#logger.info('leading', { lease: this.#options.name, identity: this.#options.identity });
    const work = lead(leading).catch((failure: unknown) => {
      this.#logger.error('leader stopped', { error: errorMessage(failure) });
      lost.abort(failure);
    });
    let renewed = this.#clock.monotonic();
    while (!leading.aborted) {
      await this.#pause(leading);
      if (leading.aborted) break;
      if (await this.#tryAcquire()) renewed = this.#clock.monotonic();
      else if (this.#clock.monotonic() - renewed >= this.#renewDeadlineMs)
        lost.abort(new Error('lease lost'));
    }
    await work;
    this.#held = false;
    this.#logger.info('no longer leading', { lease: this.#options.name });
    await this.#release();
  }

  #pause(signal: AbortSignal): Promise<void> {
    return sleep(this.#clock, this.#retryMs, signal).catch(() => undefined);
  }

  async #tryAcquire(): Promise<boolean> {
    try {
      return await this.#acquire();
    } catch (failure) {
      if (!isConflict(failure) && !isAlreadyExists(failure))
        this.#logger.warn('lease unreachable', { error: errorMessage(failure) });
      return false;
    }
  }

  async #acquire(): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const now = new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
    const mine = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.round(this.#durationMs / 1000)),
      renewTime: now,
    };
    const found = await client.get(resources.leases, name, namespace).catch((failure: unknown) => {
      if (isNotFound(failure)) return undefined;
      throw failure;
    });
    if (found === undefined) {
      await client.create(resources.leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace },
        spec: { ...mine, acquireTime: now, leaseTransitions: 0 },
      });
      return true;
    }
    const spec = (found.spec ?? {}) as LeaseSpec;
    const holder = spec.holderIdentity ?? '';
    if (holder !== identity && holder !== '' && !this.#expired(spec)) return false;
    const taken =
      holder === identity ? {} : { acquireTime: now, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 };
    await client.replace(resources.leases, { ...found, spec: { ...spec, ...mine, ...taken } } as KubeObject);
    return true;
  }

  #expired(spec: LeaseSpec): boolean {
    const record = `${spec.holderIdentity}/${spec.renewTime}/${spec.leaseTransitions}`;
    const now = this.#clock.monotonic();
    if (this.#seen?.record !== record) this.#seen = { record, at: now };
    return now - this.#seen.at >= (spec.leaseDurationSeconds ?? 15) * 1000;
  }

  async #release(): Promise<void> {
    const { client, namespace, name, identity } = this.#options;
    try {
      const found = await client.get(resources.leases, name, namespace);
      const spec = (found.spec ?? {}) as LeaseSpec;
      if (spec.holderIdentity !== identity) return;
      await client.replace(resources.leases, {
        ...found,
        spec: { ...spec, holderIdentity: '', leaseDurationSeconds: 1 },
      } as KubeObject);
    } catch (failure) {
      this.#logger.debug('lease not handed back', { error: errorMessage(failure) });
    }
  }
}
