import type { Host, HostSet } from '../upstream/host.ts';
import type { HostChange, PrioritySet } from '../upstream/load-balancer.ts';

/** The hosts of a cluster that pass a test, as a priority set of its own; it follows the whole. */
export class SubsetHosts implements PrioritySet {
  readonly #whole: PrioritySet;
  readonly #test: (host: Host) => boolean;
  readonly #listeners = new Set<(change: HostChange) => void>();
  #sets: readonly HostSet[] | undefined;

  constructor(whole: PrioritySet, test: (host: Host) => boolean) {
    this.#whole = whole;
    this.#test = test;
  }

  get sets(): readonly HostSet[] {
    this.#sets ??= this.#whole.sets.map((set) => filterSet(set, this.#test));
    return this.#sets;
  }

  /** The whole changed. */
  refresh(change: HostChange): void {
    this.#sets = undefined;
    for (const listener of this.#listeners) listener(change);
  }

  subscribe(listener: (change: HostChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  healthChanged(hosts: readonly Host[]): void {
    this.#whole.healthChanged(hosts);
  }

  get empty(): boolean {
    return this.sets.every((set) => set.hosts.length === 0);
  }
}

function filterSet(set: HostSet, test: (host: Host) => boolean): HostSet {
  return {
    ...set,
    hosts: set.hosts.filter(test),
    healthy: set.healthy.filter(test),
    degraded: set.degraded.filter(test),
    excluded: set.excluded.filter(test),
    localities: set.localities.map((l) => ({
      ...l,
      hosts: l.hosts.filter(test),
      healthy: l.healthy.filter(test),
      degraded: l.degraded.filter(test),
    })),
  };
}
