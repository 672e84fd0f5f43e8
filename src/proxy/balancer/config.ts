import type { FractionalShare } from './zone-routing.ts';

/** A load-balancing policy as the balancers take it; proxy/config makes it from a Cluster. Times are milliseconds. */
export interface BalancerConfig {
  readonly policy: PolicyConfig;
  /** Healthy per cent under which all hosts of a priority are used; 50 by default, 0 never. */
  readonly panicThreshold: number;
  readonly locality: LocalityConfig;
  readonly subset: SubsetConfig | undefined;
  /** Health a host may have to be taken because a stateful session asks for it. */
  readonly overrideStatuses: ReadonlySet<'healthy' | 'degraded' | 'unhealthy'>;
}

export type LocalityConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'weighted' }
  | {
      readonly kind: 'zone-aware';
      readonly enabled: FractionalShare;
      readonly minClusterSize: number;
      readonly failOnPanic: boolean;
    };

export interface SlowStart {
  readonly windowMs: number;
  /** 1 is linear. */
  readonly aggression: number;
  /** Least share of the weight, 0 to 1. */
  readonly minWeight: number;
}

export type PolicyConfig =
  | { readonly kind: 'round-robin'; readonly slowStart: SlowStart | undefined }
  | {
      readonly kind: 'least-request';
      readonly choices: number;
      /** How strongly active requests count when weights differ; 1 by default. */
      readonly bias: number;
      readonly fullScan: boolean;
      readonly slowStart: SlowStart | undefined;
    }
  | { readonly kind: 'random' }
  | {
      readonly kind: 'ring-hash';
      readonly minSize: number;
      readonly maxSize: number;
      readonly murmur: boolean;
      readonly hash: HashConfig;
    }
  | { readonly kind: 'maglev'; readonly tableSize: number; readonly hash: HashConfig };

export interface HashConfig {
  readonly useHostname: boolean;
  /** Per cent of the average load a host may have, 0 = no bound. */
  readonly balanceFactor: number;
}

export type SubsetFallback = 'none' | 'any' | 'default' | 'keys';

export interface SubsetConfig {
  readonly fallback: Exclude<SubsetFallback, 'keys'>;
  readonly defaultSubset: Readonly<Record<string, unknown>>;
  readonly selectors: readonly {
    readonly keys: readonly string[];
    readonly singleHost: boolean;
    readonly fallback: SubsetFallback | undefined;
    readonly fallbackKeys: readonly string[];
  }[];
  readonly localityWeightAware: boolean;
  readonly panicModeAny: boolean;
  readonly listAsAny: boolean;
  readonly fallbackList: boolean;
}
