import type { Deployment, DeploymentCondition } from './deployment.ts';
import { sameTemplate } from './deployment.ts';
import { orAbsent, type ReplicaSet } from './replica-set.ts';
import { rolloutBounds } from './rollout.ts';
import { timestamp } from './workload.ts';

interface Counts {
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
}

/** A Deployment's status as `kubectl rollout status` and kstatus read it, and when its progress deadline has to be looked at again. */
export function deploymentStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  nowMs: number,
): { status: Record<string, unknown>; againMs: number | undefined } {
  const fresh = sets.find((set) => sameTemplate(set, deployment));
  const sum = (pick: (set: ReplicaSet) => number | undefined) =>
    sets.reduce((total, set) => total + (pick(set) ?? 0), 0);
  const counts: Counts = {
    replicas: sum((set) => set.status?.replicas),
    updated: fresh?.status?.replicas ?? 0,
    ready: sum((set) => set.status?.readyReplicas),
    available: sum((set) => set.status?.availableReplicas),
  };
  const desired = deployment.spec.replicas ?? 1;
  const before = deployment.status?.conditions ?? [];
  const progress = progressing(deployment, fresh, counts, nowMs);
  const conditions = [availability(deployment, counts), ...(progress ? [progress] : [])];
  const status = {
    observedGeneration: deployment.metadata.generation,
    replicas: orAbsent(counts.replicas),
    updatedReplicas: orAbsent(counts.updated),
    readyReplicas: orAbsent(counts.ready),
    availableReplicas: orAbsent(counts.available),
    unavailableReplicas: orAbsent(Math.max(0, Math.max(desired, counts.replicas) - counts.available)),
    conditions: conditions.map((condition) => stamp(condition, before, nowMs)),
  };
  return { status, againMs: progress?.againMs };
}

type Draft = Omit<DeploymentCondition, 'lastUpdateTime' | 'lastTransitionTime'> & {
  againMs?: number;
  touched?: boolean;
};

function availability(deployment: Deployment, counts: Counts): Draft {
  const desired = deployment.spec.replicas ?? 1;
  const maxUnavailable =
    deployment.spec.strategy?.type === 'Recreate'
      ? 0
      : Math.min(rolloutBounds(deployment).maxUnavailable, desired);
  return counts.available >= desired - maxUnavailable
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

function progressing(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  counts: Counts,
  nowMs: number,
): Draft | undefined {
  const old = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  if (deployment.spec.paused) {
    return {
      type: 'Progressing',
      status: 'Unknown',
      reason: 'DeploymentPaused',
      message: 'Deployment is paused',
    };
  }
  if (fresh === undefined) return old;
  const desired = deployment.spec.replicas ?? 1;
  const name = fresh.metadata.name;
  const complete = counts.updated === desired && counts.replicas === desired && counts.available === desired;
  if (complete) {
    return {
      type: 'Progressing',
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `ReplicaSet "${name}" has successfully progressed.`,
    };
  }
  const status = deployment.status ?? {};
  const moved =
    counts.updated > Number(status['updatedReplicas'] ?? 0) ||
    counts.ready > Number(status['readyReplicas'] ?? 0) ||
    counts.available > Number(status['availableReplicas'] ?? 0) ||
    deployment.metadata.generation !== status['observedGeneration'] ||
    old === undefined;
  // A finished rollout that loses a pod stays finished; one that timed out stays so until something moves.
  if (!moved && (old?.reason === 'NewReplicaSetAvailable' || old?.reason === 'ProgressDeadlineExceeded'))
    return old;
  const deadlineMs = (deployment.spec.progressDeadlineSeconds ?? 600) * 1000;
  const quietMs = moved ? 0 : nowMs - Date.parse(old?.lastUpdateTime ?? timestamp(nowMs));
  if (quietMs >= deadlineMs) {
    return {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "${name}" has timed out progressing.`,
    };
  }
  return {
    type: 'Progressing',
    status: 'True',
    reason: 'ReplicaSetUpdated',
    message: `ReplicaSet "${name}" is progressing.`,
    touched: moved,
    againMs: deadlineMs - quietMs + 1000,
  };
}

function stamp(draft: Draft, before: readonly DeploymentCondition[], nowMs: number): DeploymentCondition {
  const { type, status, reason, message } = draft;
  const old = before.find((condition) => condition.type === type);
  const now = timestamp(nowMs);
  const same = old !== undefined && old.status === status && old.reason === reason && old.message === message;
  return {
    type,
    status,
    lastUpdateTime: same && !draft.touched ? old.lastUpdateTime : now,
    lastTransitionTime: old?.status === status ? old.lastTransitionTime : now,
    reason,
    message,
  };
}
