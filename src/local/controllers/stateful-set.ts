import type { ApiObject } from '../api/object.ts';
import type { Pod, Volume } from '../node/pod-spec.ts';
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

interface StatefulSet extends Workload {
  spec: Workload['spec'] & {
    replicas?: number;
    serviceName?: string;
    minReadySeconds?: number;
    podManagementPolicy?: string;
    ordinals?: { start?: number };
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
    volumeClaimTemplates?: readonly ApiObject[];
  };
  status?: {
    currentRevision?: string;
    updateRevision?: string;
    currentReplicas?: number;
    collisionCount?: number;
  };
}

const hashKey = 'controller-revision-hash';

/** Pods with fixed names and claims, started and stopped in order (or all at once with Parallel), updated from the last to the first. */
export function statefulSetController(context: ControllerContext): Controller {
  return {
    name: 'statefulset',
    watches: [
      { resource: coreResources.statefulSets, keys: ownKey },
      { resource: coreResources.pods, keys: controllerKey('StatefulSet') },
    ],
    async reconcile(namespace, name) {
      const set = context.api.read(coreResources.statefulSets, name, namespace) as StatefulSet | undefined;
      if (set === undefined) return undefined;
      const revision = `${name}-${templateHash(set.spec.template)}`;
      if (set.metadata.deletionTimestamp === undefined) await bringUp(context, set, revision);
      return report(context, set, revision);
    },
  };
}

function ordinalOf(pod: Pod): number {
  return Number(pod.metadata.name.slice(pod.metadata.name.lastIndexOf('-') + 1));
}

async function bringUp(context: ControllerContext, set: StatefulSet, revision: string): Promise<void> {
  const pods = await controlledPods(context, set);
  const start = set.spec.ordinals?.start ?? 0;
  const end = start + (set.spec.replicas ?? 1);
  const ordered = set.spec.podManagementPolicy !== 'Parallel';
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
  const now = context.clock.now();
  const healthy = (pod: Pod) => isActive(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) await createOrdinal(context, set, ordinal, revision);
    else if (!isActive(pod) && pod.metadata.deletionTimestamp === undefined)
      await deletePod(context, set, pod);
    if (ordered && (pod === undefined || !healthy(pod))) return;
  }
  const surplus = pods
    .filter((pod) => ordinalOf(pod) >= end || ordinalOf(pod) < start)
    .sort((a, b) => ordinalOf(b) - ordinalOf(a));
  for (const pod of surplus) {
    if (pod.metadata.deletionTimestamp === undefined) await deletePod(context, set, pod);
    if (ordered) return;
  }
  if (set.spec.updateStrategy?.type === 'OnDelete') return;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (let ordinal = end - 1; ordinal >= start + partition; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    if (pod.metadata.labels?.[hashKey] !== revision) return deletePod(context, set, pod);
    if (!healthy(pod)) return;
  }
}

async function createOrdinal(
  context: ControllerContext,
  set: StatefulSet,
  ordinal: number,
  revision: string,
): Promise<void> {
  const name = `${set.metadata.name}-${ordinal}`;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const current = ordinal < partition ? (set.status?.currentRevision ?? revision) : revision;
  const claims: Volume[] = [];
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const claimName = `${template.metadata.name}-${name}`;
    claims.push({ name: template.metadata.name, persistentVolumeClaim: { claimName } });
    await ensureClaim(context, set, template, claimName);
  }
  const volumes = (set.spec.template.spec.volumes ?? []).filter(
    (volume) => !claims.some((claim) => claim.name === volume.name),
  );
  await createPod(context, set, {
    name,
    labels: {
      [hashKey]: current,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
    },
    spec: {
      hostname: name,
      ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
      volumes: [...volumes, ...claims],
    },
  });
}

async function ensureClaim(
  context: ControllerContext,
  set: StatefulSet,
  template: ApiObject,
  name: string,
): Promise<void> {
  const { namespace = '' } = set.metadata;
  const { persistentVolumeClaims } = coreResources;
  if (context.api.read(persistentVolumeClaims, name, namespace)) return;
  await context.client.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels } },
    spec: template.spec,
  });
}

async function report(
  context: ControllerContext,
  stale: StatefulSet,
  revision: string,
): Promise<number | undefined> {
  const { name, namespace } = stale.metadata;
  const set = context.api.read(coreResources.statefulSets, name, namespace) as StatefulSet | undefined;
  if (set === undefined) return undefined;
  const pods = (context.api.readAll(coreResources.pods, namespace) as readonly Pod[]).filter((pod) =>
    pod.metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === set.metadata.uid),
  );
  const now = context.clock.now();
  const minReady = set.spec.minReadySeconds ?? 0;
  const updated = pods.filter((pod) => pod.metadata.labels?.[hashKey] === revision).length;
  const done = updated === (set.spec.replicas ?? 1) && pods.length === updated && pods.every(isReady);
  const current = done ? revision : (set.status?.currentRevision ?? revision);
  await writeStatus(context, coreResources.statefulSets, set, {
    replicas: pods.length,
    readyReplicas: orAbsent(pods.filter(isReady).length),
    availableReplicas: pods.filter((pod) => isAvailable(pod, minReady, now)).length,
    currentReplicas: orAbsent(pods.filter((pod) => pod.metadata.labels?.[hashKey] === current).length),
    updatedReplicas: orAbsent(updated),
    currentRevision: current,
    updateRevision: revision,
    collisionCount: set.status?.collisionCount ?? 0,
    observedGeneration: set.metadata.generation,
  });
  return nextAvailable(pods, minReady, now);
}
