import { Address } from '../../network/address.ts';
import type { EndpointAssignment, EndpointSpec } from '../../upstream/cluster-config.ts';
import { HealthFlag, type Host, noLocality } from '../../upstream/host.ts';
import { LiveHosts } from '../../upstream/live-hosts.ts';
import type { LoadBalancerContext, LoadBalancerEnvironment } from '../../upstream/load-balancer.ts';

export interface HostGiven {
  readonly port: number;
  readonly weight?: number;
  readonly priority?: number;
  readonly zone?: string;
  readonly localityWeight?: number;
  readonly metadata?: Record<string, unknown>;
  readonly unhealthy?: boolean;
  readonly degraded?: boolean;
}

export function assignment(hosts: readonly HostGiven[]): EndpointAssignment {
  const endpoints = hosts.map(
    (h): EndpointSpec => ({
      address: Address.ip('10.0.0.1', h.port),
      hostname: '',
      weight: h.weight ?? 1,
      priority: h.priority ?? 0,
      locality: h.zone === undefined ? noLocality : { region: 'r', zone: h.zone, subZone: '' },
      localityWeight: h.localityWeight ?? 0,
      metadata: h.metadata === undefined ? {} : { 'envoy.lb': h.metadata },
      healthFlags:
        (h.unhealthy ? HealthFlag.failedEdsHealth : 0) | (h.degraded ? HealthFlag.degradedEdsHealth : 0),
      healthCheckAddress: undefined,
    }),
  );
  return { endpoints, overprovisioningFactor: 140, weightedPriorityHealth: false, dropOverloads: [] };
}

/** Live hosts on 10.0.0.1 with the given ports. */
export function liveHosts(hosts: readonly HostGiven[], now = 0): LiveHosts {
  const live = new LiveHosts();
  live.update(assignment(hosts), now);
  return live;
}

/** A deterministic uniform source. */
export function randomSource(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

export function balancerEnvironment(
  hosts: LiveHosts,
  parts: Partial<LoadBalancerEnvironment> = {},
): LoadBalancerEnvironment & { counters: Map<string, { value: number }> } {
  const counters = new Map<string, { value: number }>();
  const stat = (name: string) => {
    let found = counters.get(name);
    if (found === undefined) {
      found = { value: 0 };
      counters.set(name, found);
    }
    return found;
  };
  return {
    clusterName: 'c',
    hosts,
    local: undefined,
    clock: { monotonic: () => 0 },
    random: randomSource(),
    stats: { counter: stat, gauge: stat },
    runtime: () => undefined,
    counters,
    ...parts,
  };
}

export function context(parts: Partial<LoadBalancerContext> = {}): LoadBalancerContext {
  return {
    hash: undefined,
    metadataMatch: undefined,
    overrideHost: undefined,
    overrideHostStrict: false,
    downstream: undefined,
    head: undefined,
    attempted: [],
    shouldReselect: () => false,
    maxReselections: 0,
    priorityLoad: undefined,
    ...parts,
  };
}

/** How often each port was chosen in `n` picks. */
export function tally(n: number, choose: () => Host | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < n; i++) {
    const key = String(choose()?.address.port ?? 'none');
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
