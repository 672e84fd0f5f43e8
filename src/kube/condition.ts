/** metav1.Condition as kstatus, `kubectl wait` and Argo CD read it. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

/**
 * The list with this condition set. `lastTransitionTime` moves only when the status changes, so that an unchanged world writes nothing.
 * `now` is milliseconds since the epoch.
 */
export function setCondition(
  conditions: readonly Condition[],
  condition: Condition,
  now: number,
): Condition[] {
  const old = conditions.find((entry) => entry.type === condition.type);
  const lastTransitionTime =
    old?.status === condition.status && old.lastTransitionTime !== undefined
      ? old.lastTransitionTime
      : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const updated = { ...condition, lastTransitionTime };
  return old === undefined
    ? [...conditions, updated]
    : conditions.map((entry) => (entry === old ? updated : entry));
}
