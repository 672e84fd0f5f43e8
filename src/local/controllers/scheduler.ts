import type { Pod } from '../node/pod-spec.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, ownKey } from './controller.ts';
import { timestamp } from './workload.ts';

interface SchedulingSpec {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly schedulerName?: string;
  readonly schedulingGates?: readonly { name: string }[];
}

const retryMs = 5000;

/** Binds every pod that may run here to the one node; says why a pod may not. */
export function schedulerController(context: ControllerContext): Controller {
  return {
    name: 'scheduler',
    watches: [
      {
        resource: coreResources.pods,
        keys: (change) =>
          (change.object as Pod).spec.nodeName || change.type === 'DELETED' ? [] : ownKey(change),
      },
    ],
    async reconcile(namespace, name) {
      const pod = context.api.read(coreResources.pods, name, namespace) as Pod | undefined;
      if (pod === undefined || pod.spec.nodeName || pod.metadata.deletionTimestamp !== undefined)
        return undefined;
      const spec = pod.spec as SchedulingSpec;
      if ((spec.schedulerName ?? 'default-scheduler') !== 'default-scheduler') return undefined;
      if ((spec.schedulingGates ?? []).length > 0) {
        await refuse(
          context,
          pod,
          'SchedulingGated',
          'Scheduling is blocked due to non-empty scheduling gates',
        );
        return undefined;
      }
      const reason = whyNot(context, spec);
      if (reason === undefined) await bind(context, pod);
      else await refuse(context, pod, 'Unschedulable', reason);
      return reason === undefined ? undefined : retryMs;
    },
  };
}

function whyNot(context: ControllerContext, spec: SchedulingSpec): string | undefined {
  const node = context.api.read(coreResources.nodes, context.nodeName);
  if (node === undefined) return 'no nodes available to schedule pods';
  const unschedulable = (node.spec as { unschedulable?: boolean } | undefined)?.unschedulable === true;
  if (unschedulable) return '0/1 nodes are available: 1 node(s) were unschedulable.';
  const fits = Object.entries(spec.nodeSelector ?? {}).every(
    ([key, value]) => node.metadata.labels?.[key] === value,
  );
  return fits ? undefined : "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
}

async function bind(context: ControllerContext, pod: Pod): Promise<void> {
  const { name, namespace = '' } = pod.metadata;
  await context.client.create(coreResources.bindings, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace },
    target: { apiVersion: 'v1', kind: 'Node', name: context.nodeName },
  });
  const message = `Successfully assigned ${namespace}/${name} to ${context.nodeName}`;
  context.events.normal(pod, 'Scheduled', message);
}

async function refuse(context: ControllerContext, pod: Pod, reason: string, message: string): Promise<void> {
  const { name, namespace = '' } = pod.metadata;
  const old = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (old?.status === 'False' && old.message === message) return;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastTransitionTime: timestamp(context.clock.now()),
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const patch = { status: { conditions: [...others, condition] } };
  await context.client.patch(coreResources.pods, name, 'merge', patch, { namespace, subresource: 'status' });
  if (reason === 'Unschedulable') context.events.warning(pod, 'FailedScheduling', message);
}
