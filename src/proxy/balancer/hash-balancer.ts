import type { Host, HostSet } from '../upstream/host.ts';
import type {
  LoadBalancer,
  LoadBalancerContext,
  LoadBalancerEnvironment,
} from '../upstream/load-balancer.ts';
import type { BalancerConfig, PolicyConfig } from './config.ts';
import { HashRing, type HashTable, MaglevTable, type WeightedHost } from './hash-table.ts';
import { choosePriority, type PriorityLoad, priorityLoad } from './priority-load.ts';

export type HashPolicy = Extract<PolicyConfig, { kind: 'ring-hash' | 'maglev' }>;

interface Prepared {
  readonly table: HashTable;
  readonly hosts: readonly WeightedHost[];
}

/** Ring hash and Maglev: one table a priority, built when first needed after a change; without a hash a random one. */
export class HashBalancer implements LoadBalancer {
  readonly #env: LoadBalancerEnvironment;
  readonly #config: BalancerConfig;
  readonly #policy: HashPolicy;
  readonly #stop: () => void;
  readonly #panics: { value: number };
  #load!: PriorityLoad;
  #tables: (Prepared | undefined)[] = [];

  constructor(env: LoadBalancerEnvironment, config: BalancerConfig, policy: HashPolicy) {
    this.#env = env;
    this.#config = config;
    this.#policy = policy;
    this.#panics = env.stats.counter('lb_healthy_panic');
    this.#refresh();
    this.#stop = env.hosts.subscribe(() => this.#refresh());
  }

  #refresh(): void {
    this.#load = priorityLoad(this.#env.hosts.sets, this.#config.panicThreshold);
    this.#tables = [];
  }

  choose(context: LoadBalancerContext): Host | undefined {
    const hash = context.hash ?? this.#randomHash();
    const load =
      context.priorityLoad === undefined ? this.#load : { ...this.#load, healthy: context.priorityLoad };
    const chosen = load.healthy[0] === 100 ? 0 : choosePriority(load, Number(hash % 100n));
    const priority = chosen < 0 ? -1 - chosen : chosen;
    const set = this.#env.hosts.sets[priority];
    if (set === undefined) return undefined;
    if (this.#load.panic[priority]) this.#panics.value++;
    const prepared = this.#prepared(set);
    let host: Host | undefined;
    for (let attempt = 0; attempt <= context.maxReselections; attempt++) {
      host = this.#bounded(prepared, hash, attempt);
      if (host === undefined || !context.shouldReselect(host)) return host;
    }
    return host;
  }

  #randomHash(): bigint {
    const half = () => BigInt(Math.floor(this.#env.random() * 0x1_0000_0000));
    return (half() << 32n) | half();
  }

  #prepared(set: HostSet): Prepared {
    let prepared = this.#tables[set.priority];
    if (prepared === undefined) {
      prepared = this.#prepare(set, this.#load.panic[set.priority] === true);
      this.#tables[set.priority] = prepared;
    }
    return prepared;
  }

  #prepare(set: HostSet, panic: boolean): Prepared {
    const hosts = weightedHosts(set, panic, this.#config.locality.kind === 'weighted');
    const policy = this.#policy;
    const { useHostname } = policy.hash;
    const table =
      policy.kind === 'maglev'
        ? new MaglevTable(hosts, policy.tableSize, useHostname)
        : new HashRing(hosts, { ...policy, useHostname });
    return { table, hosts };
  }

  /** Consistent hashing with bounded loads: a host over its bound is passed over for others in an order the hash decides. */
  #bounded({ table, hosts }: Prepared, hash: bigint, attempt: number): Host | undefined {
    const host = table.choose(hash, attempt);
    const factor = this.#policy.hash.balanceFactor;
    if (host === undefined || factor === 0) return host;
    const active = hosts.reduce((sum, h) => sum + h.host.stats.rqActive, 0);
    const slots = Math.floor(((active + 1) * factor + 99) / 100);
    const overload = ({ host: h, weight }: WeightedHost) =>
      h.stats.rqActive / Math.max(1, Math.ceil(slots * weight));
    const first = hosts.find((h) => h.host === host) as WeightedHost;
    if (overload(first) <= 1) return host;
    let best = first;
    for (const candidate of shuffled(hosts, hash)) {
      if (candidate === first) continue;
      if (overload(candidate) <= 1) return candidate.host;
      if (overload(candidate) < overload(best)) best = candidate;
    }
    return best.host;
  }

  close(): void {
    this.#stop();
  }
}

/** An order of the hosts that the same hash always gives. */
function* shuffled(hosts: readonly WeightedHost[], hash: bigint): Generator<WeightedHost> {
  const order = hosts.slice();
  let state = Number(hash & 0xffff_ffffn) || 1;
  for (let i = order.length; i > 0; i--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const j = (state >>> 0) % i;
    yield order[j] as WeightedHost;
    order[j] = order[i - 1] as WeightedHost;
  }
}

function weightedHosts(set: HostSet, panic: boolean, byLocality: boolean): WeightedHost[] {
  const localityTotal = set.localities.reduce((sum, l) => sum + l.weight, 0);
  if (!byLocality || localityTotal === 0) return normalized(panic ? set.hosts : set.healthy, 1);
  return set.localities.flatMap((l) =>
    l.weight === 0 ? [] : normalized(panic ? l.hosts : l.healthy, l.weight / localityTotal),
  );
}

function normalized(hosts: readonly Host[], share: number): WeightedHost[] {
  const total = hosts.reduce((sum, host) => sum + host.weight, 0);
  return hosts.map((host) => ({ host, weight: (host.weight * share) / total }));
}
