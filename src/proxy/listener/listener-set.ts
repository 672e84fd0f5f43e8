import type { Address } from '../network/address.ts';
import { after } from '../network/timer.ts';
import type { StatsStore } from '../stats/store.ts';
import { Listener, type ListenerOwner } from './listener.ts';
import type { ListenerConfig } from './listener-config.ts';

/** Every listener of one thread. An update leaves those alone whose resource did not change; the others are replaced and drain. */
export class ListenerSet implements ListenerOwner {
  readonly #stats: StatsStore;
  #drainTimeMs: number;
  #maxConnections: () => number;
  #running = new Map<string, Listener>();
  readonly #draining = new Set<Listener>();
  readonly #primary: boolean;
  #open = 0;
  #stopped = false;

  /** `primary`: this thread also binds what cannot be bound twice. */
  constructor(stats: StatsStore, drainTimeMs: number, maxConnections: () => number, primary = true) {
    this.#primary = primary;
    this.#stats = stats;
    this.#drainTimeMs = drainTimeMs;
    this.#maxConnections = maxConnections;
  }

  get all(): Iterable<Listener> {
    return this.#running.values();
  }

  find(name: string): Listener | undefined {
    return this.#running.get(name);
  }

  /** Connections open in all listeners, draining ones too. */
  get connections(): number {
    return this.#open;
  }

  get drainingCount(): number {
    return this.#draining.size;
  }

  /**
   * Goes over to the given listeners. A listener whose address cannot be bound is reported and left out (or stays as it was); the others
   * are taken over all the same. The new one is bound before the old one stops accepting, so no connection is refused in between.
   */
  async update(
    configs: readonly ListenerConfig[],
  ): Promise<{ readonly name: string; readonly message: string }[]> {
    const faults: { name: string; message: string }[] = [];
    const wanted = new Map(configs.map((config) => [config.name, config]));
    for (const [name, listener] of [...this.#running]) {
      if (wanted.has(name)) continue;
      this.#running.delete(name);
      this.#retire(listener);
    }
    for (const config of configs) {
      const before = this.#running.get(config.name);
      if (before?.config.hash === config.hash) continue;
      const fault = await this.#replace(before, config);
      if (fault !== undefined) faults.push({ name: config.name, message: fault });
    }
    return faults;
  }

  async #replace(before: Listener | undefined, config: ListenerConfig): Promise<string | undefined> {
    if (before !== undefined && sameSockets(before.config, config)) {
      before.swap(config);
      return undefined;
    }
    const listener = new Listener(config, this.#stats.scope('listener', config.statName), this);
    try {
      const single = !config.reusePort || config.addresses.some((address) => address.path !== '');
      if (this.#primary || !single) await listener.open();
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
    this.#running.set(config.name, listener);
    if (before !== undefined) this.#retire(before);
    if (this.#stopped) listener.closeSockets();
    return undefined;
  }

  /** Stops accepting, asks its connections to finish, and ends what is left after the drain time. */
  #retire(listener: Listener): void {
    listener.closeSockets();
    this.#draining.add(listener);
    listener.drain();
    after(this.#drainTimeMs, () => {
      this.#draining.delete(listener);
      listener.destroy();
    });
  }

  // --- ListenerOwner ---

  findVirtual(address: Address): Listener | undefined {
    let wildcard: Listener | undefined;
    for (const listener of this.#running.values()) {
      for (const candidate of listener.config.addresses) {
        if (candidate.port !== address.port || listener.config.useOriginalDst) continue;
        if (candidate.ip === address.ip) return listener;
        if (candidate.ip === '0.0.0.0' || candidate.ip === '::') wildcard ??= listener;
      }
    }
    return wildcard;
  }

  admit(): boolean {
    const max = this.#maxConnections();
    return max === 0 || this.#open < max;
  }

  onOpened(): void {
    this.#open++;
  }

  onClosed(): void {
    this.#open--;
  }

  /** Drains for shutdown: `directions` limits it to inbound listeners. Sockets stop accepting when `closeSockets`. */
  drainAll(options: { readonly inboundOnly: boolean; readonly closeSockets: boolean }): void {
    if (options.closeSockets && !options.inboundOnly) this.#stopped = true;
    for (const listener of this.#running.values()) {
      if (options.inboundOnly && listener.config.direction !== 'inbound') continue;
      if (options.closeSockets) listener.closeSockets();
      listener.drain();
    }
  }

  set drainTimeMs(ms: number) {
    this.#drainTimeMs = ms;
  }

  destroy(): void {
    this.#stopped = true;
    for (const listener of [...this.#running.values(), ...this.#draining]) listener.destroy();
    this.#running.clear();
    this.#draining.clear();
  }
}

function sameSockets(a: ListenerConfig, b: ListenerConfig): boolean {
  return (
    a.bindToPort === b.bindToPort &&
    a.reusePort === b.reusePort &&
    a.backlog === b.backlog &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, i) => address.equals(b.addresses[i] as Address))
  );
}
