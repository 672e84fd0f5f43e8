import type { Deployment } from './deployment.ts';
import type { ReplicaSet } from './replica-set.ts';

export interface RolloutBounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** maxSurge and maxUnavailable in pods: percentages round up and down; both 0 would never move, so then one pod may be missing. */
export function rolloutBounds(deployment: Deployment): RolloutBounds {
  const replicas = deployment.spec.replicas ?? 1;
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = intOrPercent(maxSurge, replicas, Math.ceil);
  const missing = intOrPercent(maxUnavailable, replicas, Math.floor);
  return { maxSurge: surge, maxUnavailable: surge === 0 && missing === 0 ? 1 : missing };
}

/** An IntOrString as a count of `total`. */
export function intOrPercent(value: number | string, total: number, round: (x: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  return percent === undefined ? Number(value) || 0 : round((total * Number(percent)) / 100);
}

/**
 * How far the old ReplicaSets may shrink so that at least `desired - maxUnavailable` pods stay available: their unhealthy pods go first,
 * then available ones, oldest set first. Returns only the sets that change.
 */
export function scaleOldSets(
  old: readonly ReplicaSet[],
  fresh: ReplicaSet,
  desired: number,
  bounds: RolloutBounds,
): { set: ReplicaSet; replicas: number }[] {
  const available = (set: ReplicaSet) => set.status?.availableReplicas ?? 0;
  const size = new Map(old.map((set) => [set, set.spec.replicas ?? 0]));
  const minAvailable = desired - bounds.maxUnavailable;
  const total = [...size.values()].reduce((sum, n) => sum + n, fresh.spec.replicas ?? 0);
  const freshMissing = (fresh.spec.replicas ?? 0) - available(fresh);
  const allowed = total - minAvailable - freshMissing;
  if (allowed <= 0) return [];
  let room = allowed;
  for (const set of old) {
    if (room <= 0) break;
    const now = size.get(set) ?? 0;
    const gone = Math.min(room, Math.max(0, now - available(set)));
    size.set(set, now - gone);
    room -= gone;
  }
  // Statuses lag behind: what the sizes allow is a bound as well.
  const availableNow = old.reduce((sum, set) => sum + available(set), available(fresh));
  let spare = Math.min(room, availableNow - minAvailable);
  for (const set of old) {
    if (spare <= 0) break;
    const now = size.get(set) ?? 0;
    const gone = Math.min(spare, now);
    size.set(set, now - gone);
    spare -= gone;
  }
  return [...size]
    .filter(([set, replicas]) => replicas !== (set.spec.replicas ?? 0))
    .map(([set, replicas]) => ({ set, replicas }));
}
