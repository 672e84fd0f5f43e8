import type { ApiObject } from '../api/object.ts';
import type { Pod } from '../node/pod-spec.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, ownKey } from './controller.ts';
import { intOrPercent } from './rollout.ts';
import { type LabelSelector, selectorMatches } from './selector.ts';
import { isActive, isReady, timestamp, writeStatus } from './workload.ts';

interface DisruptionBudget extends ApiObject {
  spec: { selector?: LabelSelector; minAvailable?: number | string; maxUnavailable?: number | string };
  status?: {
    conditions?: { type: string; status: string; lastTransitionTime: string }[];
    disruptedPods?: Record<string, string>;
  };
}

/** Counts the pods of each PodDisruptionBudget; the eviction subresource reads `disruptionsAllowed`. */
export function disruptionBudgetController(context: ControllerContext): Controller {
  const { podDisruptionBudgets, pods } = coreResources;
  return {
    name: 'disruption',
    watches: [
      { resource: podDisruptionBudgets, keys: ownKey },
      {
        resource: pods,
        keys: ({ object }) =>
          (
            context.api.readAll(
              podDisruptionBudgets,
              object.metadata.namespace,
            ) as readonly DisruptionBudget[]
          )
            .filter((budget) => selectorMatches(budget.spec.selector, object.metadata.labels))
            .map((budget) => `${budget.metadata.namespace}/${budget.metadata.name}`),
      },
    ],
    async reconcile(namespace, name) {
      const budget = context.api.read(podDisruptionBudgets, name, namespace) as DisruptionBudget | undefined;
      if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return undefined;
      const mine = (context.api.readAll(pods, namespace) as readonly Pod[]).filter(
        (pod) => isActive(pod) && selectorMatches(budget.spec.selector, pod.metadata.labels),
      );
      const { minAvailable, maxUnavailable } = budget.spec;
      // Percentages are of what the owners want, which on one node is what there is.
      const expectedPods = mine.length;
      const desiredHealthy =
        maxUnavailable === undefined
          ? intOrPercent(minAvailable ?? 1, expectedPods, Math.ceil)
          : Math.max(0, expectedPods - intOrPercent(maxUnavailable, expectedPods, Math.ceil));
      const currentHealthy = mine.filter(isReady).length;
      const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
      const allowed = disruptionsAllowed > 0;
      const status = allowed ? 'True' : 'False';
      const old = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
      await writeStatus(context, podDisruptionBudgets, budget, {
        currentHealthy,
        desiredHealthy,
        disruptionsAllowed,
        expectedPods,
        observedGeneration: budget.metadata.generation,
        conditions: [
          {
            type: 'DisruptionAllowed',
            status,
            reason: allowed ? 'SufficientPods' : 'InsufficientPods',
            message: '',
            observedGeneration: budget.metadata.generation,
            lastTransitionTime:
              old?.status === status ? old.lastTransitionTime : timestamp(context.clock.now()),
          },
        ],
      });
      return undefined;
    },
  };
}
