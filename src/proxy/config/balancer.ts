import { ConfigFault } from '../../match/config-fault.ts';
import type { Cluster, CommonLbConfig, LoadBalancingPolicy } from '../../xds/messages/cluster.ts';
import {
  LeastRequestPolicy,
  MaglevPolicy,
  RandomPolicy,
  RingHashPolicy,
  RoundRobinPolicy,
  SubsetPolicy,
  WrrLocalityPolicy,
} from '../../xds/messages/load-balancing.ts';
import type {
  BalancerConfig,
  LocalityConfig,
  PolicyConfig,
  SlowStart,
  SubsetConfig,
} from '../balancer/config.ts';
import { isPrime } from '../balancer/hash-table.ts';
import { createBalancer as makeBalancer } from '../balancer/index.ts';
import type { LoadBalancer, LoadBalancerEnvironment } from '../upstream/load-balancer.ts';
import { unpack } from './messages.ts';

/** What makes the balancer of a cluster. Throws ConfigFault on what Envoy refuses. */
export function createBalancer(cluster: Cluster): (env: LoadBalancerEnvironment) => LoadBalancer {
  const config = balancerConfig(cluster);
  return (env) => makeBalancer(config, env);
}

/** The balancer of a cluster, from its `lb_policy` or `load_balancing_policy`. Throws ConfigFault on what Envoy refuses. */
export function balancerConfig(cluster: Cluster): BalancerConfig {
  const common = cluster.common_lb_config;
  const own: BalancerConfig = {
    policy: checked(legacyPolicy(cluster)),
    panicThreshold: common?.healthy_panic_threshold?.value ?? 50,
    locality: legacyLocality(common),
    subset: subsetConfig(cluster.lb_subset_config),
    overrideStatuses: overrideStatuses(common),
  };
  return cluster.load_balancing_policy === undefined ? own : fromPolicies(cluster.load_balancing_policy, own);
}

function checked(policy: PolicyConfig): PolicyConfig {
  if (policy.kind === 'maglev' && !isPrime(policy.tableSize))
    throw new ConfigFault('maglev_lb_config.table_size', 'the table size of maglev must be prime number');
  if (policy.kind === 'ring-hash' && policy.minSize > policy.maxSize)
    throw new ConfigFault(
      'ring_hash_lb_config',
      `minimum_ring_size (${policy.minSize}) > maximum_ring_size (${policy.maxSize})`,
    );
  return policy;
}

function legacyPolicy(cluster: Cluster): PolicyConfig {
  const hashing = cluster.common_lb_config?.consistent_hashing_lb_config;
  const hash = {
    useHostname: hashing?.use_hostname_for_hashing ?? false,
    balanceFactor: hashing?.hash_balance_factor ?? 0,
  };
  switch (cluster.lb_policy) {
    case 'LEAST_REQUEST': {
      const config = cluster.least_request_lb_config;
      return {
        kind: 'least-request',
        choices: config?.choice_count ?? 2,
        bias: config?.active_request_bias?.default_value ?? 1,
        fullScan: false,
        slowStart: slowStart(config?.slow_start_config),
      };
    }
    case 'RANDOM':
      return { kind: 'random' };
    case 'RING_HASH': {
      const config = cluster.ring_hash_lb_config;
      return {
        kind: 'ring-hash',
        minSize: config?.minimum_ring_size ?? 1024,
        maxSize: config?.maximum_ring_size ?? 8_388_608,
        murmur: config?.hash_function === 'MURMUR_HASH_2',
        hash,
      };
    }
    case 'MAGLEV':
      return { kind: 'maglev', tableSize: cluster.maglev_lb_config?.table_size ?? 65_537, hash };
    default:
      return { kind: 'round-robin', slowStart: slowStart(cluster.round_robin_lb_config?.slow_start_config) };
  }
}

interface SlowStartMessage {
  readonly slow_start_window: number | undefined;
  readonly aggression: { readonly default_value: number } | undefined;
  readonly min_weight_percent: { readonly value: number } | undefined;
}

function slowStart(config: SlowStartMessage | undefined): SlowStart | undefined {
  if (config?.slow_start_window === undefined || config.slow_start_window <= 0) return undefined;
  return {
    windowMs: config.slow_start_window,
    aggression: config.aggression?.default_value || 1,
    minWeight: (config.min_weight_percent?.value ?? 10) / 100,
  };
}

interface ZoneAwareMessage {
  readonly routing_enabled: { readonly value: number } | undefined;
  readonly min_cluster_size: number;
  readonly fail_traffic_on_panic: boolean;
}

function zoneAware(config: ZoneAwareMessage): LocalityConfig {
  return {
    kind: 'zone-aware',
    enabled: (config.routing_enabled?.value ?? 100) / 100,
    minClusterSize: config.min_cluster_size,
    failOnPanic: config.fail_traffic_on_panic,
  };
}

function legacyLocality(common: CommonLbConfig | undefined): LocalityConfig {
  if (common?.locality_weighted_lb_config !== undefined) return { kind: 'weighted' };
  // Zone awareness is on by default; it does nothing until the proxy knows its own cluster.
  return zoneAware(
    common?.zone_aware_lb_config ?? {
      routing_enabled: undefined,
      min_cluster_size: 6,
      fail_traffic_on_panic: false,
    },
  );
}

const healthOf = {
  UNKNOWN: 'healthy',
  HEALTHY: 'healthy',
  DEGRADED: 'degraded',
  UNHEALTHY: 'unhealthy',
  DRAINING: 'unhealthy',
  TIMEOUT: 'unhealthy',
} as const;

function overrideStatuses(common: CommonLbConfig | undefined): BalancerConfig['overrideStatuses'] {
  return new Set(
    (common?.override_host_status?.statuses ?? ['UNKNOWN', 'HEALTHY', 'DEGRADED']).map((s) => healthOf[s]),
  );
}

const fallbacks = { NO_FALLBACK: 'none', ANY_ENDPOINT: 'any', DEFAULT_SUBSET: 'default' } as const;
const selectorFallbacks = { ...fallbacks, NOT_DEFINED: undefined, KEYS_SUBSET: 'keys' } as const;

type SubsetMessage = NonNullable<Cluster['lb_subset_config']>;

function subsetConfig(config: SubsetMessage | undefined): SubsetConfig | undefined {
  if (config === undefined || config.subset_selectors.length === 0) return undefined;
  return {
    fallback: fallbacks[config.fallback_policy],
    defaultSubset: config.default_subset ?? {},
    selectors: config.subset_selectors.map((selector) => ({
      keys: selector.keys,
      singleHost: selector.single_host_per_subset,
      fallback: selectorFallbacks[selector.fallback_policy],
      fallbackKeys: selector.fallback_keys_subset,
    })),
    localityWeightAware: config.locality_weight_aware,
    panicModeAny: config.panic_mode_any,
    listAsAny: config.list_as_any,
    fallbackList: config.metadata_fallback_policy === 'FALLBACK_LIST',
  };
}

/** `load_balancing_policy`: the first policy that is supported; all of them are, the decoder refuses others. */
function fromPolicies(message: LoadBalancingPolicy, base: BalancerConfig): BalancerConfig {
  const config = message.policies[0]?.typed_extension_config?.typed_config;
  if (config === undefined) throw new ConfigFault('load_balancing_policy', 'names no policy');
  const none: LocalityConfig = { kind: 'none' };
  const roundRobin = unpack(config, RoundRobinPolicy);
  if (roundRobin !== undefined)
    return {
      ...base,
      policy: { kind: 'round-robin', slowStart: slowStart(roundRobin.slow_start_config) },
      locality: locality(roundRobin.locality_lb_config),
    };
  const leastRequest = unpack(config, LeastRequestPolicy);
  if (leastRequest !== undefined)
    return {
      ...base,
      policy: {
        kind: 'least-request',
        choices: leastRequest.choice_count,
        bias: leastRequest.active_request_bias?.default_value ?? 1,
        fullScan: leastRequest.selection_method === 'FULL_SCAN' || leastRequest.enable_full_scan === true,
        slowStart: slowStart(leastRequest.slow_start_config),
      },
      locality: locality(leastRequest.locality_lb_config),
    };
  const random = unpack(config, RandomPolicy);
  if (random !== undefined)
    return { ...base, policy: { kind: 'random' }, locality: locality(random.locality_lb_config) };
  const ring = unpack(config, RingHashPolicy);
  if (ring !== undefined) {
    const hashing = ring.consistent_hashing_lb_config;
    const policy: PolicyConfig = {
      kind: 'ring-hash',
      minSize: ring.minimum_ring_size,
      maxSize: ring.maximum_ring_size,
      murmur: ring.hash_function === 'MURMUR_HASH_2',
      hash: {
        useHostname: hashing?.use_hostname_for_hashing ?? ring.use_hostname_for_hashing,
        balanceFactor: hashing?.hash_balance_factor ?? ring.hash_balance_factor ?? 0,
      },
    };
    return {
      ...base,
      policy: checked(policy),
      locality: ring.locality_weighted_lb_config ? { kind: 'weighted' } : none,
    };
  }
  const maglev = unpack(config, MaglevPolicy);
  if (maglev !== undefined) {
    const hashing = maglev.consistent_hashing_lb_config;
    const hash = {
      useHostname: hashing?.use_hostname_for_hashing ?? false,
      balanceFactor: hashing?.hash_balance_factor ?? 0,
    };
    const policy: PolicyConfig = { kind: 'maglev', tableSize: maglev.table_size, hash };
    return {
      ...base,
      policy: checked(policy),
      locality: maglev.locality_weighted_lb_config ? { kind: 'weighted' } : none,
    };
  }
  const wrr = unpack(config, WrrLocalityPolicy);
  if (wrr !== undefined)
    return { ...fromPolicies(wrr.endpoint_picking_policy, base), locality: { kind: 'weighted' } };
  const subset = unpack(config, SubsetPolicy);
  if (subset !== undefined)
    return { ...fromPolicies(subset.subset_lb_policy, base), subset: subsetConfig(subset) };
  return base;
}

interface LocalityMessage {
  readonly zone_aware_lb_config: ZoneAwareMessage | undefined;
  readonly locality_weighted_lb_config: object | undefined;
}

function locality(config: LocalityMessage | undefined): LocalityConfig {
  if (config?.locality_weighted_lb_config !== undefined) return { kind: 'weighted' };
  return config?.zone_aware_lb_config === undefined
    ? { kind: 'none' }
    : zoneAware(config.zone_aware_lb_config);
}
