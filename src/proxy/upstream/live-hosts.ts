import type { EndpointAssignment, EndpointSpec } from './cluster-config.ts';
import { HealthFlag, Host, type HostSet, type LocalityHosts } from './host.ts';
import type { HostChange, PrioritySet } from './load-balancer.ts';

const edsBits = HealthFlag.failedEdsHealth | HealthFlag.degradedEdsHealth | HealthFlag.edsStatusDraining;

/** The hosts of one cluster. An update keeps the Host objects of addresses that stay, so their statistics, health and pools live on. */
export class LiveHosts implements PrioritySet {
  sets: HostSet[] = [buildSet(0, [], new Map(), 140, false)];
  readonly #listeners = new Set<(change: HostChange) => void>();
  #byAddress = new Map<string, Host>();
  #localityWeights = new Map<string, number>();
  #overprovisioning = 140;
  #weightedPriorityHealth = false;

  get all(): Iterable<Host> {
    return this.#byAddress.values();
  }

  get size(): number {
    return this.#byAddress.size;
  }

  find(address: string): Host | undefined {
    return this.#byAddress.get(address);
  }

  /** Takes over a complete assignment; returns what changed. `initialFlags` are set on new hosts (they wait for a health check). */
  update(assignment: EndpointAssignment, now: number, initialFlags = 0): HostChange {
    const next = new Map<string, Host>();
    const added: Host[] = [];
    for (const spec of assignment.endpoints) {
      if (next.has(spec.address.text)) continue;
      const host = this.#byAddress.get(spec.address.text) ?? this.#create(spec, now, initialFlags, added);
      this.#refresh(host, spec);
      next.set(spec.address.text, host);
    }
    const removed = [...this.#byAddress.values()].filter((host) => !next.has(host.address.text));
    this.#byAddress = next;
    this.#localityWeights = new Map(
      assignment.endpoints.map((spec) => [localityKey(spec.priority, spec.locality), spec.localityWeight]),
    );
    this.#overprovisioning = assignment.overprovisioningFactor;
    this.#weightedPriorityHealth = assignment.weightedPriorityHealth;
    this.#rebuild();
    const change = { added, removed };
    this.#tell(change);
    return change;
  }

  #create(spec: EndpointSpec, now: number, flags: number, added: Host[]): Host {
    const host = new Host(spec.address, { readySince: now });
    host.healthFlags = flags;
    added.push(host);
    return host;
  }

  #refresh(host: Host, spec: EndpointSpec): void {
    host.hostname = spec.hostname;
    host.weight = spec.weight;
    host.priority = spec.priority;
    host.locality = spec.locality;
    host.metadata = spec.metadata;
    host.healthCheckAddress = spec.healthCheckAddress;
    host.canary = spec.metadata['envoy.lb']?.['canary'] === true;
    host.healthFlags = (host.healthFlags & ~edsBits) | spec.healthFlags;
  }

  /** Adds one host (original destination clusters find theirs by request). */
  add(host: Host): void {
    this.#byAddress.set(host.address.text, host);
    this.#rebuild();
    this.#tell({ added: [host], removed: [] });
  }

  remove(hosts: readonly Host[]): void {
    for (const host of hosts) this.#byAddress.delete(host.address.text);
    this.#rebuild();
    this.#tell({ added: [], removed: hosts });
  }

  subscribe(listener: (change: HostChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  healthChanged(_hosts: readonly Host[]): void {
    this.#rebuild();
    this.#tell(noChange);
  }

  #tell(change: HostChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  #rebuild(): void {
    const byPriority: Host[][] = [[]];
    for (const host of this.#byAddress.values()) {
      while (byPriority.length <= host.priority) byPriority.push([]);
      (byPriority[host.priority] as Host[]).push(host);
    }
    this.sets = byPriority.map((hosts, priority) =>
      buildSet(priority, hosts, this.#localityWeights, this.#overprovisioning, this.#weightedPriorityHealth),
    );
  }
}

const noChange: HostChange = { added: [], removed: [] };

function localityKey(priority: number, locality: Host['locality']): string {
  return `${priority}/${locality.region}/${locality.zone}/${locality.subZone}`;
}

function buildSet(
  priority: number,
  hosts: readonly Host[],
  weights: ReadonlyMap<string, number>,
  overprovisioningFactor: number,
  weightedPriorityHealth: boolean,
): HostSet {
  const excluded = hosts.filter((h) => (h.healthFlags & HealthFlag.pendingActiveHealthCheck) !== 0);
  const ready = hosts.filter((h) => (h.healthFlags & HealthFlag.pendingActiveHealthCheck) === 0);
  const groups = Map.groupBy(hosts, (h) => localityKey(priority, h.locality));
  const localities: LocalityHosts[] = [...groups].map(([key, members]) => ({
    locality: (members[0] as Host).locality,
    weight: weights.get(key) ?? 0,
    hosts: members,
    healthy: members.filter((h) => h.health === 'healthy' && !excluded.includes(h)),
    degraded: members.filter((h) => h.health === 'degraded'),
  }));
  return {
    priority,
    hosts,
    healthy: ready.filter((h) => h.health === 'healthy'),
    degraded: ready.filter((h) => h.health === 'degraded'),
    excluded,
    localities,
    overprovisioningFactor,
    weightedPriorityHealth,
  };
}
