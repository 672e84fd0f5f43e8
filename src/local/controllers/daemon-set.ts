import type { Pod } from '../node/pod-spec.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, controllerKey, ownKey } from './controller.ts';
import { orAbsent } from './replica-set.ts';
import {
  controlledPods,
  createPod,
  deletePod,
  isActive,
  isAvailable,
  isReady,
  nextAvailable,
  templateHash,
  type Workload,
  writeStatus,
} from './workload.ts';

interface DaemonSet extends Workload {
  spec: Workload['spec'] & { minReadySeconds?: number; updateStrategy?: { type?: string } };
}

const hashKey = 'controller-revision-hash';

/** One pod of the template on the one node. */
export function daemonSetController(context: ControllerContext): Controller {
  return {
    name: 'daemonset',
    watches: [
      { resource: coreResources.daemonSets, keys: ownKey },
      { resource: coreResources.pods, keys: controllerKey('DaemonSet') },
    ],
    async reconcile(namespace, name) {
      const set = context.api.read(coreResources.daemonSets, name, namespace) as DaemonSet | undefined;
      if (set === undefined) return undefined;
      const hash = templateHash(set.spec.template);
      if (set.metadata.deletionTimestamp === undefined) await bringUp(context, set, hash);
      return report(context, set, hash);
    },
  };
}

function fitsNode(context: ControllerContext, set: DaemonSet): boolean {
  const node = context.api.read(coreResources.nodes, context.nodeName);
  const wanted = (set.spec.template.spec as { nodeSelector?: Record<string, string> }).nodeSelector ?? {};
  return (
    node !== undefined &&
    Object.entries(wanted).every(([key, value]) => node.metadata.labels?.[key] === value)
  );
}

async function bringUp(context: ControllerContext, set: DaemonSet, hash: string): Promise<void> {
  const pods = await controlledPods(context, set);
  const wanted = fitsNode(context, set) ? 1 : 0;
  const finished = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && !isActive(pod));
  const active = pods.filter(isActive);
  const stale =
    set.spec.updateStrategy?.type === 'OnDelete'
      ? []
      : active.filter((pod) => pod.metadata.labels?.[hashKey] !== hash);
  const surplus = [...finished, ...stale, ...active.filter((pod) => !stale.includes(pod)).slice(wanted)];
  for (const pod of surplus) await deletePod(context, set, pod);
  // A node holds one pod of the set at a time: the next one waits until the last has gone.
  if (wanted === 1 && pods.length === 0) {
    await createPod(context, set, { labels: { [hashKey]: hash }, spec: { nodeName: context.nodeName } });
  }
}

async function report(
  context: ControllerContext,
  stale: DaemonSet,
  hash: string,
): Promise<number | undefined> {
  const { name, namespace } = stale.metadata;
  const set = context.api.read(coreResources.daemonSets, name, namespace) as DaemonSet | undefined;
  if (set === undefined) return undefined;
  const pods = (context.api.readAll(coreResources.pods, namespace) as readonly Pod[]).filter(
    (pod) => isActive(pod) && pod.metadata.ownerReferences?.some((ref) => ref.uid === set.metadata.uid),
  );
  const now = context.clock.now();
  const minReady = set.spec.minReadySeconds ?? 0;
  const available = pods.filter((pod) => isAvailable(pod, minReady, now)).length;
  const desired = fitsNode(context, set) ? 1 : 0;
  await writeStatus(context, coreResources.daemonSets, set, {
    currentNumberScheduled: Math.min(pods.length, desired),
    desiredNumberScheduled: desired,
    numberMisscheduled: 0,
    numberReady: pods.filter(isReady).length,
    numberAvailable: orAbsent(available),
    numberUnavailable: orAbsent(Math.max(0, desired - available)),
    updatedNumberScheduled: orAbsent(pods.filter((pod) => pod.metadata.labels?.[hashKey] === hash).length),
    observedGeneration: set.metadata.generation,
  });
  return nextAvailable(pods, minReady, now);
}
