import type { Pod } from '../node/pod-spec.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, controllerKey, ownKey } from './controller.ts';
import { selectorMatches } from './selector.ts';
import {
  controlledPods,
  createPod,
  deletePod,
  deletionOrder,
  isActive,
  isAvailable,
  isReady,
  nextAvailable,
  type Workload,
  writeStatus,
} from './workload.ts';

export interface ReplicaSet extends Workload {
  spec: Workload['spec'] & { replicas?: number; minReadySeconds?: number };
  status?: {
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    fullyLabeledReplicas?: number;
    observedGeneration?: number;
  };
}

/** At most this many pods are made or removed before looking again. */
const burst = 100;

/** Keeps `spec.replicas` pods of the template alive. */
export function replicaSetController(context: ControllerContext): Controller {
  return {
    name: 'replicaset',
    watches: [
      { resource: coreResources.replicaSets, keys: ownKey },
      { resource: coreResources.pods, keys: controllerKey('ReplicaSet') },
    ],
    async reconcile(namespace, name) {
      const set = context.api.read(coreResources.replicaSets, name, namespace) as ReplicaSet | undefined;
      if (set === undefined) return undefined;
      if (set.metadata.deletionTimestamp === undefined) await scale(context, set);
      return report(context, set);
    },
  };
}

async function scale(context: ControllerContext, set: ReplicaSet): Promise<void> {
  const active = (await controlledPods(context, set)).filter(isActive);
  const missing = (set.spec.replicas ?? 1) - active.length;
  if (missing > 0) {
    await Promise.all(Array.from({ length: Math.min(missing, burst) }, () => createPod(context, set)));
  } else if (missing < 0) {
    const surplus = deletionOrder(active).slice(0, Math.min(-missing, burst));
    await Promise.all(surplus.map((pod) => deletePod(context, set, pod)));
  }
}

async function report(context: ControllerContext, stale: ReplicaSet): Promise<number | undefined> {
  const { name, namespace } = stale.metadata;
  const set = context.api.read(coreResources.replicaSets, name, namespace) as ReplicaSet | undefined;
  if (set === undefined) return undefined;
  const all = context.api.readAll(coreResources.pods, namespace) as readonly Pod[];
  const pods = all.filter(
    (pod) =>
      isActive(pod) &&
      pod.metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === set.metadata.uid),
  );
  const now = context.clock.now();
  const minReady = set.spec.minReadySeconds ?? 0;
  const labelled = { matchLabels: set.spec.template.metadata?.labels ?? {} };
  await writeStatus(context, coreResources.replicaSets, set, {
    replicas: pods.length,
    fullyLabeledReplicas: orAbsent(
      pods.filter((pod) => selectorMatches(labelled, pod.metadata.labels)).length,
    ),
    readyReplicas: orAbsent(pods.filter(isReady).length),
    availableReplicas: orAbsent(pods.filter((pod) => isAvailable(pod, minReady, now)).length),
    observedGeneration: set.metadata.generation,
  });
  return nextAvailable(pods, minReady, now);
}

/** Counters of 0 are left out of a status, as the real controllers' JSON leaves them out. */
export function orAbsent(count: number): number | undefined {
  return count === 0 ? undefined : count;
}
