import type { ApiObject } from '../api/object.ts';
import { at } from '../api/object.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, ownKey } from './controller.ts';
import { timestamp, writeStatus } from './workload.ts';

interface Autoscaler extends ApiObject {
  spec: {
    scaleTargetRef: { apiVersion?: string; kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
  };
  status?: { conditions?: Condition[] };
}

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime?: string;
}

/** There are no metrics here: a HorizontalPodAutoscaler keeps its target between minReplicas and maxReplicas and says that it cannot do more. */
export function autoscalerController(context: ControllerContext): Controller {
  const { horizontalPodAutoscalers, deployments } = coreResources;
  return {
    name: 'horizontalpodautoscaler',
    watches: [
      { resource: horizontalPodAutoscalers, keys: ownKey },
      {
        resource: deployments,
        keys: ({ object }) =>
          (context.api.readAll(horizontalPodAutoscalers, object.metadata.namespace) as readonly Autoscaler[])
            .filter(({ spec }) => spec.scaleTargetRef.name === object.metadata.name)
            .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
      },
    ],
    async reconcile(namespace, name) {
      const scaler = context.api.read(horizontalPodAutoscalers, name, namespace) as Autoscaler | undefined;
      if (scaler === undefined || scaler.metadata.deletionTimestamp !== undefined) return undefined;
      const { scaleTargetRef: ref, minReplicas = 1, maxReplicas } = scaler.spec;
      const resource = context.api.resourceOf(ref.apiVersion ?? 'apps/v1', ref.kind);
      const target = resource && context.api.read(resource, ref.name, namespace);
      if (resource === undefined || target === undefined) {
        const message = `the HPA controller was unable to get the target's current scale: ${ref.kind} "${ref.name}" not found`;
        await report(context, scaler, {}, [
          { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message },
        ]);
        return undefined;
      }
      const wanted = Number(at(target, 'spec', 'replicas') ?? 1);
      const desired = wanted === 0 ? 0 : Math.min(maxReplicas, Math.max(minReplicas, wanted));
      if (desired !== wanted) {
        await context.client.patch(
          resource,
          ref.name,
          'merge',
          { spec: { replicas: desired } },
          { namespace, subresource: 'scale' },
        );
        context.events.normal(
          scaler,
          'SuccessfulRescale',
          `New size: ${desired}; reason: Current number of replicas outside of minReplicas and maxReplicas`,
        );
      }
      const counts = {
        currentReplicas: Number(at(target, 'status', 'replicas') ?? 0),
        desiredReplicas: desired,
      };
      await report(context, scaler, counts, [
        {
          type: 'AbleToScale',
          status: 'True',
          reason: 'SucceededGetScale',
          message: "the HPA controller was able to get the target's current scale",
        },
        wanted === 0
          ? {
              type: 'ScalingActive',
              status: 'False',
              reason: 'ScalingDisabled',
              message: 'scaling is disabled since the replica count of the target is zero',
            }
          : {
              type: 'ScalingActive',
              status: 'False',
              reason: 'FailedGetResourceMetric',
              message:
                'the local cluster collects no metrics: replicas are only kept between minReplicas and maxReplicas',
            },
      ]);
      return undefined;
    },
  };
}

async function report(
  context: ControllerContext,
  scaler: Autoscaler,
  counts: Record<string, number>,
  conditions: Condition[],
): Promise<void> {
  const now = timestamp(context.clock.now());
  const dated = conditions.map((condition) => {
    const old = scaler.status?.conditions?.find(({ type }) => type === condition.type);
    return {
      ...condition,
      lastTransitionTime: old?.status === condition.status ? (old.lastTransitionTime ?? now) : now,
    };
  });
  await writeStatus(context, coreResources.horizontalPodAutoscalers, scaler, {
    desiredReplicas: 0,
    ...counts,
    conditions: dated,
  });
}
