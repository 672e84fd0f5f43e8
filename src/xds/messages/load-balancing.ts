import { lazy, message, repeated } from '../message.ts';
import { bool, boolValue, duration, enumeration, int32, uint32Value, uint64Value } from '../scalar.ts';
import { type Infer, type Message, noEffect, required } from '../schema.ts';
import { LoadBalancingPolicy, subsetFields } from './cluster.ts';
import { Address, Metadata, RuntimeDouble } from './core.ts';
import { Percent } from './percent.ts';
import { HashPolicy } from './route.ts';

/** envoy.extensions.load_balancing_policies, DNS resolvers, retry plug-ins. */
const ns = 'envoy.extensions.load_balancing_policies';

const SlowStart = message(`${ns}.common.v3.SlowStartConfig`, {
  slow_start_window: duration(),
  aggression: RuntimeDouble,
  min_weight_percent: Percent,
});
const LocalityWeighted = message(`${ns}.common.v3.LocalityLbConfig.LocalityWeightedLbConfig`, {});
const LocalityLbConfig = message(
  `${ns}.common.v3.LocalityLbConfig`,
  {
    zone_aware_lb_config: message(
      `${ns}.common.v3.LocalityLbConfig.ZoneAwareLbConfig`,
      {
        routing_enabled: Percent,
        min_cluster_size: uint64Value({ default: 6 }),
        fail_traffic_on_panic: bool(),
      },
      {
        unsupported: {
          force_locality_direct_routing: 'zones are balanced by healthy hosts',
          force_local_zone: 'zones are balanced by healthy hosts',
          locality_basis: 'zones are balanced by healthy hosts',
        },
      },
    ),
    locality_weighted_lb_config: LocalityWeighted,
  },
  { oneofs: [{ fields: ['zone_aware_lb_config', 'locality_weighted_lb_config'], required: true }] },
);
const ConsistentHashing = message(`${ns}.common.v3.ConsistentHashingLbConfig`, {
  use_hostname_for_hashing: bool(),
  hash_balance_factor: uint32Value({ gte: 100 }),
  hash_policy: repeated(HashPolicy),
});

export const RoundRobinPolicy = message(`${ns}.round_robin.v3.RoundRobin`, {
  slow_start_config: SlowStart,
  locality_lb_config: LocalityLbConfig,
});
export const LeastRequestPolicy = message(`${ns}.least_request.v3.LeastRequest`, {
  choice_count: uint32Value({ gte: 2, default: 2 }),
  active_request_bias: RuntimeDouble,
  slow_start_config: SlowStart,
  locality_lb_config: LocalityLbConfig,
  enable_full_scan: boolValue(),
  selection_method: enumeration('SelectionMethod', ['N_CHOICES', 'FULL_SCAN']),
});
export const RandomPolicy = message(`${ns}.random.v3.Random`, { locality_lb_config: LocalityLbConfig });
export const RingHashPolicy = message(`${ns}.ring_hash.v3.RingHash`, {
  hash_function: enumeration('HashFunction', ['DEFAULT_HASH', 'XX_HASH', 'MURMUR_HASH_2']),
  minimum_ring_size: uint64Value({ gte: 1, lte: 8388608, default: 1024 }),
  maximum_ring_size: uint64Value({ lte: 8388608, default: 8388608 }),
  use_hostname_for_hashing: bool(),
  hash_balance_factor: uint32Value({ gte: 100 }),
  consistent_hashing_lb_config: ConsistentHashing,
  locality_weighted_lb_config: LocalityWeighted,
});
export const MaglevPolicy = message(`${ns}.maglev.v3.Maglev`, {
  table_size: uint64Value({ lte: 5000011, default: 65537 }),
  consistent_hashing_lb_config: ConsistentHashing,
  locality_weighted_lb_config: LocalityWeighted,
});
export const ClusterProvidedPolicy = message(`${ns}.cluster_provided.v3.ClusterProvided`, {});
export const WrrLocalityPolicy = message(`${ns}.wrr_locality.v3.WrrLocality`, {
  endpoint_picking_policy: required(lazy((): Message<LoadBalancingPolicy> => LoadBalancingPolicy)),
});
export const SubsetPolicy = message(`${ns}.subset.v3.Subset`, {
  ...subsetFields,
  allow_redundant_keys: bool(),
  subset_lb_policy: required(lazy((): Message<LoadBalancingPolicy> => LoadBalancingPolicy)),
});
export type RoundRobinPolicy = Infer<typeof RoundRobinPolicy>;
export type LeastRequestPolicy = Infer<typeof LeastRequestPolicy>;
export type RandomPolicy = Infer<typeof RandomPolicy>;
export type RingHashPolicy = Infer<typeof RingHashPolicy>;
export type MaglevPolicy = Infer<typeof MaglevPolicy>;
export type WrrLocalityPolicy = Infer<typeof WrrLocalityPolicy>;
export type SubsetPolicy = Infer<typeof SubsetPolicy>;

export const PreviousHostsPredicate = message(
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  {},
);
export const OmitCanaryHostsPredicate = message(
  'envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate',
  {},
);
export const OmitHostMetadataConfig = message(
  'envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig',
  {
    metadata_match: Metadata,
  },
);
export const PreviousPrioritiesConfig = message(
  'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
  {
    update_frequency: required(int32({ gt: 0 })),
  },
);

const dns = 'envoy.extensions.network.dns_resolver';
export const CaresDnsResolverConfig = message(`${dns}.cares.v3.CaresDnsResolverConfig`, {
  resolvers: repeated(Address),
  use_resolvers_as_fallback: bool(),
  filter_unroutable_families: bool(),
  dns_resolver_options: message('envoy.config.core.v3.DnsResolverOptions', {
    use_tcp_for_dns_lookups: bool(),
    no_default_search_domain: bool(),
  }),
  udp_max_queries: uint32Value(),
  query_timeout_seconds: uint64Value(),
  query_tries: uint32Value(),
  rotate_nameservers: bool(),
  edns0_max_payload_size: noEffect('resolving is left to the system'),
  max_udp_channel_duration: noEffect('resolving is left to the system'),
  reinit_channel_on_timeout: noEffect('resolving is left to the system'),
});
export const GetAddrInfoDnsResolverConfig = message(`${dns}.getaddrinfo.v3.GetAddrInfoDnsResolverConfig`, {
  num_retries: uint32Value(),
  num_resolver_threads: uint32Value(),
});
export const AppleDnsResolverConfig = message(`${dns}.apple.v3.AppleDnsResolverConfig`, {
  include_unroutable_families: bool(),
});
