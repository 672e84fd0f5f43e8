import { stableJson } from '../../base/hash.ts';
import type { Host } from '../upstream/host.ts';
import type {
  HostChange,
  LoadBalancer,
  LoadBalancerContext,
  LoadBalancerEnvironment,
} from '../upstream/load-balancer.ts';
import type { SubsetConfig, SubsetFallback } from './config.ts';
import { SubsetHosts } from './subset-hosts.ts';

type Criteria = readonly (readonly [key: string, value: unknown])[];
type Selector = SubsetConfig['selectors'][number];

interface Subset {
  readonly hosts: SubsetHosts;
  readonly balancer: LoadBalancer;
}

/**
 * Subset load balancing: hosts are grouped by the `envoy.lb` metadata keys of each selector; a request whose criteria name exactly a
 * selector's keys goes to the group with its values, otherwise the fallback policy decides.
 */
export class SubsetBalancer implements LoadBalancer {
  readonly #env: LoadBalancerEnvironment;
  readonly #config: SubsetConfig;
  readonly #make: (env: LoadBalancerEnvironment) => LoadBalancer;
  readonly #stop: () => void;
  readonly #subsets = new Map<string, Subset>();
  readonly #stats: Record<'selected' | 'fallback' | 'fallbackPanic' | 'created', { value: number }> & {
    active: { value: number };
  };
  #all: Subset | undefined;
  #default: Subset | undefined;

  constructor(
    env: LoadBalancerEnvironment,
    config: SubsetConfig,
    make: (env: LoadBalancerEnvironment) => LoadBalancer,
  ) {
    this.#env = env;
    this.#config = config;
    this.#make = make;
    const at = 'lb_subsets_';
    this.#stats = {
      selected: env.stats.counter(`${at}selected`),
      fallback: env.stats.counter(`${at}fallback`),
      fallbackPanic: env.stats.counter(`${at}fallback_panic`),
      created: env.stats.counter(`${at}created`),
      active: env.stats.gauge(`${at}active`),
    };
    this.#build();
    this.#stop = env.hosts.subscribe((change) => this.#follow(change));
  }

  choose(context: LoadBalancerContext): Host | undefined {
    if (!this.#config.fallbackList) return this.#chooseFor(context, context.metadataMatch);
    const list = context.metadataMatch?.find(([key]) => key === 'fallback_list')?.[1];
    if (!Array.isArray(list)) return this.#chooseFor(context, context.metadataMatch);
    const rest = (context.metadataMatch ?? []).filter(([key]) => key !== 'fallback_list');
    for (const item of list as Record<string, unknown>[]) {
      const merged = new Map([...rest, ...Object.entries(item)]);
      const host = this.#chooseFor(
        context,
        [...merged].sort(([a], [b]) => (a < b ? -1 : 1)),
      );
      if (host !== undefined) return host;
    }
    return undefined;
  }

  #chooseFor(context: LoadBalancerContext, criteria: Criteria | undefined): Host | undefined {
    const selector = criteria && this.#selectorFor(criteria.map(([key]) => key));
    if (criteria !== undefined && selector !== undefined) {
      const subset = this.#subsets.get(subsetKey(criteria));
      if (subset !== undefined && !subset.hosts.empty) {
        this.#stats.selected.value++;
        return subset.balancer.choose(context);
      }
      if (selector.fallback !== undefined)
        return this.#fallBack(selector.fallback, context, criteria, selector);
    }
    return this.#fallBack(this.#config.fallback, context, criteria, selector);
  }

  #selectorFor(keys: readonly string[]): Selector | undefined {
    return this.#config.selectors.find(
      (s) => s.keys.length === keys.length && s.keys.every((key) => keys.includes(key)),
    );
  }

  #fallBack(
    policy: SubsetFallback,
    context: LoadBalancerContext,
    criteria: Criteria | undefined,
    selector: Selector | undefined,
  ): Host | undefined {
    switch (policy) {
      case 'any':
        this.#stats.fallback.value++;
        return this.#everyHost().balancer.choose(context);
      case 'default': {
        this.#stats.fallback.value++;
        const host = this.#defaultSubset().balancer.choose(context);
        return host ?? this.#inPanic(context);
      }
      case 'keys': {
        const fewer = (criteria ?? []).filter(([key]) => selector?.fallbackKeys.includes(key));
        return this.#chooseFor(context, fewer);
      }
      case 'none':
        return this.#inPanic(context);
    }
  }

  #inPanic(context: LoadBalancerContext): Host | undefined {
    if (!this.#config.panicModeAny) return undefined;
    this.#stats.fallbackPanic.value++;
    return this.#everyHost().balancer.choose(context);
  }

  #everyHost(): Subset {
    this.#all ??= this.#create(() => true);
    return this.#all;
  }

  #defaultSubset(): Subset {
    const wanted = Object.entries(this.#config.defaultSubset);
    this.#default ??= this.#create((host) => wanted.every(([key, value]) => this.#has(host, key, value)));
    return this.#default;
  }

  #create(test: (host: Host) => boolean): Subset {
    const hosts = new SubsetHosts(this.#env.hosts, test);
    return { hosts, balancer: this.#make({ ...this.#env, hosts }) };
  }

  #follow(change: HostChange): void {
    this.#all?.hosts.refresh(change);
    this.#default?.hosts.refresh(change);
    for (const subset of this.#subsets.values()) subset.hosts.refresh(change);
    if (change.added.length > 0 || change.removed.length > 0) this.#build();
  }

  /** Makes the groups that hosts now form and drops those without hosts. */
  #build(): void {
    for (const [key, subset] of this.#subsets) {
      if (!subset.hosts.empty) continue;
      subset.balancer.close();
      this.#subsets.delete(key);
    }
    for (const selector of this.#config.selectors)
      for (const set of this.#env.hosts.sets)
        for (const host of set.hosts)
          for (const criteria of this.#criteriaOf(host, selector.keys)) {
            const key = subsetKey(criteria);
            if (this.#subsets.has(key)) continue;
            const only = selector.singleHost ? host : undefined;
            const member = (h: Host) =>
              (only === undefined || h === only) && criteria.every(([k, v]) => this.#has(h, k, v));
            this.#subsets.set(key, this.#create(member));
            this.#stats.created.value++;
          }
    this.#stats.active.value = this.#subsets.size;
  }

  /** Every combination of values a host stands for under these keys; more than one only where lists count as any. */
  #criteriaOf(host: Host, keys: readonly string[]): Criteria[] {
    const metadata = host.metadata['envoy.lb'] ?? {};
    if (keys.length === 0 || keys.some((key) => metadata[key] === undefined)) return [];
    const sorted = [...keys].sort();
    return sorted.reduce<Criteria[]>(
      (all, key) => {
        const value = metadata[key];
        const values = this.#config.listAsAny && Array.isArray(value) ? value : [value];
        return all.flatMap((criteria) => values.map((v): Criteria => [...criteria, [key, v]]));
      },
      [[]],
    );
  }

  #has(host: Host, key: string, value: unknown): boolean {
    const own = host.metadata['envoy.lb']?.[key];
    if (this.#config.listAsAny && Array.isArray(own))
      return own.some((item) => stableJson(item) === stableJson(value));
    return own !== undefined && stableJson(own) === stableJson(value);
  }

  close(): void {
    this.#stop();
    for (const subset of [this.#all, this.#default, ...this.#subsets.values()]) subset?.balancer.close();
  }
}

function subsetKey(criteria: Criteria): string {
  let key = '';
  for (const [name, value] of criteria)
    key += `${name}=${typeof value === 'string' ? JSON.stringify(value) : stableJson(value)};`;
  return key;
}
