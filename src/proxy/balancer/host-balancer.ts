import type { Host, HostSet, LocalityHosts } from '../upstream/host.ts';
import type {
  LoadBalancer,
  LoadBalancerContext,
  LoadBalancerEnvironment,
} from '../upstream/load-balancer.ts';
import type { BalancerConfig, LocalityConfig } from './config.ts';
import { EdfSchedule } from './edf.ts';
import { createPicker, type Picker, type PickerPolicy } from './picker.ts';
import { choosePriority, type PriorityLoad, priorityLoad } from './priority-load.ts';
import { slowStartFactor } from './slow-start.ts';
import { chooseZone, type ZoneRouting, zoneRouting } from './zone-routing.ts';

/** Balancers that need no hash: a priority by its load, then a locality where that is configured, then a host. */
export class HostBalancer implements LoadBalancer {
  readonly #env: LoadBalancerEnvironment;
  readonly #config: BalancerConfig;
  readonly #policy: PickerPolicy;
  readonly #stop: () => void;
  readonly #panics: { value: number };
  #load!: PriorityLoad;
  #priorities: (PriorityPickers | undefined)[] = [];
  #expires = Number.POSITIVE_INFINITY;

  constructor(env: LoadBalancerEnvironment, config: BalancerConfig, policy: PickerPolicy) {
    this.#env = env;
    this.#config = config;
    this.#policy = policy;
    this.#panics = env.stats.counter('lb_healthy_panic');
    this.#refresh();
    this.#stop = env.hosts.subscribe(() => this.#refresh());
  }

  #refresh(): void {
    this.#load = priorityLoad(this.#env.hosts.sets, this.#config.panicThreshold);
    this.#priorities = [];
    this.#expires = this.#warmUntil();
  }

  /** When the last host stops warming up the weights become plain again. */
  #warmUntil(): number {
    const slowStart = this.#policy.kind === 'random' ? undefined : this.#policy.slowStart;
    if (slowStart === undefined) return Number.POSITIVE_INFINITY;
    const now = this.#env.clock.monotonic();
    const warming = this.#env.hosts.sets
      .flatMap((set) => set.hosts)
      .filter((host) => slowStartFactor(host, slowStart, now) < 1);
    return warming.length === 0
      ? Number.POSITIVE_INFINITY
      : Math.max(...warming.map((host) => host.readySince)) + slowStart.windowMs;
  }

  choose(context: LoadBalancerContext): Host | undefined {
    if (this.#expires !== Number.POSITIVE_INFINITY && this.#env.clock.monotonic() >= this.#expires)
      this.#refresh();
    let host: Host | undefined;
    for (let attempt = 0; attempt <= context.maxReselections; attempt++) {
      host = this.#chooseOnce(context);
      if (host === undefined || !context.shouldReselect(host)) return host;
    }
    return host;
  }

  #chooseOnce(context: LoadBalancerContext): Host | undefined {
    const load =
      context.priorityLoad === undefined ? this.#load : { ...this.#load, healthy: context.priorityLoad };
    const chosen = load.healthy[0] === 100 ? 0 : choosePriority(load, Math.floor(this.#env.random() * 100));
    const degraded = chosen < 0;
    const priority = degraded ? -1 - chosen : chosen;
    const set = this.#env.hosts.sets[priority];
    if (set === undefined) return undefined;
    const pickers = this.#pickersOf(set);
    if (this.#load.panic[priority]) {
      this.#panics.value++;
      const { locality } = this.#config;
      return locality.kind === 'zone-aware' && locality.failOnPanic ? undefined : pickers.all();
    }
    return degraded ? pickers.degraded() : pickers.healthy();
  }

  #pickersOf(set: HostSet): PriorityPickers {
    let pickers = this.#priorities[set.priority];
    if (pickers === undefined) {
      pickers = new PriorityPickers(set, this.#config.locality, this.#policy, this.#env);
      this.#priorities[set.priority] = pickers;
    }
    return pickers;
  }

  close(): void {
    this.#stop();
  }
}

/** Pickers of one priority, made when first used. */
class PriorityPickers {
  readonly #set: HostSet;
  readonly #policy: PickerPolicy;
  readonly #env: LoadBalancerEnvironment;
  readonly #weighted: boolean;
  readonly #zones: ZoneRouting | undefined;
  readonly #zoneShare: number = 0;
  #all: Picker | undefined;
  #healthy: Picker | undefined;
  #degraded: Picker | undefined;
  #healthyLocalities: EdfSchedule<WeightedLocality> | undefined;
  #degradedLocalities: EdfSchedule<WeightedLocality> | undefined;
  readonly #zonePickers = new Map<LocalityHosts, Picker>();

  constructor(set: HostSet, locality: LocalityConfig, policy: PickerPolicy, env: LoadBalancerEnvironment) {
    this.#set = set;
    this.#policy = policy;
    this.#env = env;
    this.#weighted = locality.kind === 'weighted' && set.localities.some((l) => l.weight > 0);
    if (locality.kind === 'zone-aware' && env.local !== undefined && set.priority === 0) {
      this.#zones = zoneRouting(set, env.local, locality.minClusterSize);
      this.#zoneShare = locality.enabled;
    }
  }

  all(): Host | undefined {
    this.#all ??= createPicker(this.#policy, this.#set.hosts, this.#env);
    return this.#all.pick();
  }

  healthy(): Host | undefined {
    if (this.#weighted) {
      this.#healthyLocalities ??= this.#schedule((l) => l.healthy);
      const picked = this.#healthyLocalities.pick(weightOf)?.picker.pick();
      if (picked !== undefined) return picked;
    }
    if (this.#zones !== undefined && (this.#zoneShare >= 1 || this.#env.random() < this.#zoneShare))
      return this.#inZone(this.#zones);
    this.#healthy ??= createPicker(this.#policy, this.#set.healthy, this.#env);
    return this.#healthy.pick();
  }

  degraded(): Host | undefined {
    if (this.#weighted) {
      this.#degradedLocalities ??= this.#schedule((l) => l.degraded);
      const picked = this.#degradedLocalities.pick(weightOf)?.picker.pick();
      if (picked !== undefined) return picked;
    }
    this.#degraded ??= createPicker(this.#policy, this.#set.degraded, this.#env);
    return this.#degraded.pick();
  }

  #inZone(zones: ZoneRouting): Host | undefined {
    const zone = chooseZone(zones, this.#env.random);
    let picker = this.#zonePickers.get(zone);
    if (picker === undefined) {
      picker = createPicker(this.#policy, zone.healthy, this.#env);
      this.#zonePickers.set(zone, picker);
    }
    return picker.pick();
  }

  /** Localities by their weight, lowered as their availability falls (overprovisioning included). */
  #schedule(hostsOf: (locality: LocalityHosts) => readonly Host[]): EdfSchedule<WeightedLocality> {
    const schedule = new EdfSchedule<WeightedLocality>();
    for (const locality of this.#set.localities) {
      const hosts = hostsOf(locality);
      if (locality.weight === 0 || hosts.length === 0) continue;
      const available = Math.min(
        1,
        ((this.#set.overprovisioningFactor / 100) * hosts.length) / locality.hosts.length,
      );
      const weight = locality.weight * available;
      schedule.add(weight, { weight, picker: createPicker(this.#policy, hosts, this.#env) });
    }
    return schedule;
  }
}

interface WeightedLocality {
  readonly weight: number;
  readonly picker: Picker;
}

function weightOf(locality: WeightedLocality): number {
  return locality.weight;
}
