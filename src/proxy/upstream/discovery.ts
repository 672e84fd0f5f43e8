import { lookup } from 'node:dns/promises';
import { Address } from '../network/address.ts';
import { inTurn, now } from '../network/event-loop.ts';
import { after } from '../network/timer.ts';
import type { Cluster } from './cluster.ts';
import type { DiscoveryConfig, EndpointAssignment, EndpointSpec } from './cluster-config.ts';
import { HealthFlag, Host } from './host.ts';
import type { LoadBalancerContext } from './load-balancer.ts';

/** Keeps a cluster's hosts up to date. `choose` is set where the destination itself decides (original destination). */
export interface Discovery {
  choose?(context: LoadBalancerContext): Host | undefined;
  /** Takes an EDS assignment. */
  assign?(assignment: EndpointAssignment): void;
  /** True once the first hosts are there, or known to be none. */
  readonly ready: boolean;
  close(): void;
}

export function createDiscovery(cluster: Cluster): Discovery {
  const config = cluster.config.discovery;
  switch (config.kind) {
    case 'static': {
      cluster.hosts.update(config.assignment, now(), initialFlags(cluster));
      return { ready: true, close() {} };
    }
    case 'eds':
      return new EdsDiscovery(cluster);
    case 'strict-dns':
    case 'logical-dns':
      return new DnsDiscovery(cluster, config);
    case 'original-dst':
      return new OriginalDestination(cluster, config);
  }
}

function initialFlags(cluster: Cluster): number {
  return cluster.config.startHealthChecks === undefined ? 0 : HealthFlag.failedActiveHealthCheck;
}

class EdsDiscovery implements Discovery {
  ready = false;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  assign(assignment: EndpointAssignment): void {
    this.ready = true;
    const stats = this.#cluster.stats;
    stats.updateAttempt++;
    stats.updateSuccess++;
    this.#cluster.dropOverloads = assignment.dropOverloads;
    this.#cluster.hosts.update(assignment, now(), initialFlags(this.#cluster));
  }

  close(): void {}
}

type DnsConfig = Extract<DiscoveryConfig, { kind: 'strict-dns' | 'logical-dns' }>;

/** STRICT_DNS: every address is a host. LOGICAL_DNS: the first address, and old connections live on. */
class DnsDiscovery implements Discovery {
  ready = false;
  readonly #cluster: Cluster;
  readonly #config: DnsConfig;
  #timer: { cancel(): void } | undefined = undefined;
  #closed = false;
  #resolved = new Map<string, readonly string[]>();

  constructor(cluster: Cluster, config: DnsConfig) {
    this.#cluster = cluster;
    this.#config = config;
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    const stats = this.#cluster.stats;
    stats.updateAttempt++;
    let failed = false;
    for (const name of new Set(this.#config.assignment.endpoints.map((e) => e.hostname))) {
      const addresses = await resolveName(name, this.#config.lookup);
      if (this.#closed) return;
      if (addresses === undefined) failed = true;
      else this.#resolved.set(name, addresses);
    }
    if (failed) stats.updateFailure++;
    else stats.updateSuccess++;
    inTurn(() => this.#apply());
    const wait = failed ? this.#config.failureRefreshMs : this.#config.refreshMs;
    this.#timer = after(wait, () => void this.#refresh());
  }

  #apply(): void {
    this.ready = true;
    const endpoints: EndpointSpec[] = [];
    for (const spec of this.#config.assignment.endpoints) {
      const all = this.#resolved.get(spec.hostname) ?? [];
      const used = this.#config.kind === 'logical-dns' ? all.slice(0, 1) : all;
      for (const ip of used) endpoints.push({ ...spec, address: Address.ip(ip, spec.address.port) });
    }
    this.#cluster.hosts.update({ ...this.#config.assignment, endpoints }, now(), initialFlags(this.#cluster));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }
}

/** Addresses of a name; undefined when it could not be resolved (the last answer is then kept). */
async function resolveName(name: string, mode: DnsConfig['lookup']): Promise<readonly string[] | undefined> {
  try {
    const found = await lookup(name, { all: true, verbatim: true });
    const v4 = found.filter((a) => a.family === 4).map((a) => a.address);
    const v6 = found.filter((a) => a.family === 6).map((a) => a.address);
    if (mode === 'all') return [...v4, ...v6];
    if (mode === 'v4-only') return v4;
    if (mode === 'v6-only') return v6;
    if (mode === 'v4-preferred') return v4.length > 0 ? v4 : v6;
    return v6.length > 0 && v4.length === 0 ? v6 : v4;
  } catch {
    return undefined;
  }
}

type OriginalDstConfig = Extract<DiscoveryConfig, { kind: 'original-dst' }>;

/** ORIGINAL_DST: the host is where the client wanted to go; hosts nobody used for a while are forgotten. */
class OriginalDestination implements Discovery {
  readonly ready = true;
  readonly #cluster: Cluster;
  readonly #config: OriginalDstConfig;
  #used = new Set<Host>();
  #timer: { cancel(): void } | undefined = undefined;

  constructor(cluster: Cluster, config: OriginalDstConfig) {
    this.#cluster = cluster;
    this.#config = config;
  }

  choose(context: LoadBalancerContext): Host | undefined {
    const address = this.#destination(context);
    if (address === undefined) return undefined;
    const known = this.#cluster.hosts.find(address.text);
    if (known !== undefined) {
      this.#used.add(known);
      return known;
    }
    const host = new Host(address, { readySince: now() });
    this.#cluster.hosts.add(host);
    this.#used.add(host);
    this.#timer ??= after(this.#config.cleanupMs, () => this.#cleanUp());
    return host;
  }

  #destination(context: LoadBalancerContext): Address | undefined {
    const fromHeader =
      this.#config.header === '' ? undefined : context.head?.headers.get(this.#config.header);
    const named = fromHeader === undefined ? undefined : parseAddress(fromHeader);
    const address =
      this.#config.header !== '' && fromHeader !== undefined ? named : context.downstream?.local;
    if (address === undefined || this.#config.portOverride === 0) return address;
    return Address.ip(address.ip, this.#config.portOverride);
  }

  #cleanUp(): void {
    this.#timer = undefined;
    const stale = [...this.#cluster.hosts.all].filter(
      (h) => !this.#used.has(h) && h.stats.cxActive === 0 && h.stats.rqActive === 0,
    );
    if (stale.length > 0) this.#cluster.hosts.remove(stale);
    this.#used = new Set();
    if (this.#cluster.hosts.size > 0) this.#timer = after(this.#config.cleanupMs, () => this.#cleanUp());
  }

  close(): void {
    this.#timer?.cancel();
  }
}

/** `1.2.3.4:80` or `[::1]:80`. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port > 65535 ? undefined : Address.ip((match[1] ?? match[2]) as string, port);
}
