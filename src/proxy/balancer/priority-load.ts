import type { HostSet } from '../upstream/host.ts';

/** How requests spread over priorities, in per cent; recomputed when hosts or their health change. */
export interface PriorityLoad {
  readonly healthy: readonly number[];
  readonly degraded: readonly number[];
  /** Whether all hosts of a priority are used, healthy or not. */
  readonly panic: readonly boolean[];
}

/**
 * Envoy's priority arithmetic: a priority's availability is its healthy share times the overprovisioning factor, at most 100; the first
 * priorities take what they can, degraded hosts come after all healthy ones. A priority below the panic threshold uses all its hosts
 * when the whole is short of 100; when nothing is available anywhere, load follows the number of hosts.
 */
export function priorityLoad(sets: readonly HostSet[], panicThreshold: number): PriorityLoad {
  const healthy = sets.map((set) => availability(set, set.healthy));
  const degraded = sets.map((set) => availability(set, set.degraded));
  const total = Math.min(100, sum(healthy) + sum(degraded));
  const panic = sets.map((set) => total < 100 && belowThreshold(set, panicThreshold));
  if (total === 0 && panic.every(Boolean) && panicThreshold > 0)
    return { healthy: loadByHosts(sets), degraded: zeros(sets), panic };
  if (total === 0) return { healthy: sets.map((_, i) => (i === 0 ? 100 : 0)), degraded: zeros(sets), panic };
  let left = 100;
  const take = (share: number) => {
    const load = Math.min(left, Math.floor((share * 100) / total));
    left -= load;
    return load;
  };
  const healthyLoad = healthy.map(take);
  const degradedLoad = degraded.map(take);
  if (left > 0) giveRest(healthyLoad, degradedLoad, left);
  return { healthy: healthyLoad, degraded: degradedLoad, panic };
}

function giveRest(healthy: number[], degraded: number[], rest: number): void {
  const list = healthy.some((load) => load > 0) ? healthy : degraded;
  const first = list.findIndex((load) => load > 0);
  list[Math.max(first, 0)]! += rest;
}

function availability(set: HostSet, available: readonly { readonly weight: number }[]): number {
  const excluded = set.excluded;
  const count = set.weightedPriorityHealth ? weightOf : (hosts: readonly unknown[]) => hosts.length;
  const total = count(set.hosts as readonly { weight: number }[]) - count(excluded);
  return total <= 0 ? 0 : Math.min(100, Math.floor((set.overprovisioningFactor * count(available)) / total));
}

function weightOf(hosts: readonly { readonly weight: number }[]): number {
  return hosts.reduce((total, host) => total + host.weight, 0);
}

function belowThreshold(set: HostSet, threshold: number): boolean {
  const count = set.hosts.length - set.excluded.length;
  const percent = count === 0 ? 0 : (100 * set.healthy.length) / count + (100 * set.degraded.length) / count;
  return percent < threshold;
}

function loadByHosts(sets: readonly HostSet[]): number[] {
  const total = sets.reduce((count, set) => count + set.hosts.length, 0);
  if (total === 0) return sets.map((_, i) => (i === 0 ? 100 : 0));
  const loads = sets.map((set) => Math.floor((100 * set.hosts.length) / total));
  const first = loads.findIndex((load) => load > 0);
  loads[Math.max(first, 0)]! += 100 - sum(loads);
  return loads;
}

function zeros(sets: readonly HostSet[]): number[] {
  return sets.map(() => 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

/** The priority for a random number 0…99, and whether its degraded hosts are meant (encoded as `-1 - priority`). */
export function choosePriority(load: PriorityLoad, random: number): number {
  let threshold = 0;
  for (let i = 0; i < load.healthy.length; i++) {
    threshold += load.healthy[i] as number;
    if (random < threshold) return i;
  }
  for (let i = 0; i < load.degraded.length; i++) {
    threshold += load.degraded[i] as number;
    if (random < threshold) return -1 - i;
  }
  return 0;
}
