import { stableJson } from '../../base/hash.ts';
import type { ApiObject } from '../api/object.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, controllerKey, ownKey } from './controller.ts';
import { deploymentStatus } from './deployment-status.ts';
import type { ReplicaSet } from './replica-set.ts';
import { rolloutBounds, scaleOldSets } from './rollout.ts';
import { selectorMatches } from './selector.ts';
import { ownerReference, templateHash, type Workload, writeStatus } from './workload.ts';

export interface Deployment extends Workload {
  spec: Workload['spec'] & {
    replicas?: number;
    paused?: boolean;
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    strategy?: {
      type?: string;
      rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string };
    };
  };
  status?: DeploymentStatus;
}

export interface DeploymentStatus {
  collisionCount?: number;
  conditions?: DeploymentCondition[];
  [field: string]: unknown;
}

export interface DeploymentCondition {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastUpdateTime: string;
  lastTransitionTime: string;
}

const revisionKey = 'deployment.kubernetes.io/revision';
const hashKey = 'pod-template-hash';
/** Annotations that belong to the Deployment alone and are not handed to its ReplicaSets. */
const ownAnnotations = [
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionKey,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
];

/** Rolls a Deployment's template out over ReplicaSets, keeps their history for `kubectl rollout undo`, reports progress. */
export function deploymentController(context: ControllerContext): Controller {
  return {
    name: 'deployment',
    watches: [
      { resource: coreResources.deployments, keys: ownKey },
      { resource: coreResources.replicaSets, keys: controllerKey('Deployment') },
    ],
    async reconcile(namespace, name) {
      const deployment = context.api.read(coreResources.deployments, name, namespace) as
        | Deployment
        | undefined;
      if (deployment === undefined) return undefined;
      if (deployment.metadata.deletionTimestamp === undefined) await rollOut(context, deployment);
      return report(context, namespace, name);
    },
  };
}

async function rollOut(context: ControllerContext, deployment: Deployment): Promise<void> {
  const sets = await ownedSets(context, deployment);
  const current = sets.find((set) => sameTemplate(set, deployment));
  const old = sets.filter((set) => set !== current);
  if (deployment.spec.paused) return scaleProportionally(context, deployment, sets);
  const fresh = current ?? (await createSet(context, deployment, old));
  if (fresh === undefined) return;
  await keepRevision(context, deployment, fresh, old);
  const desired = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === 'Recreate') {
    for (const set of old) await scaleSet(context, deployment, set, 0);
    const podsLeft = old.some((set) => (set.status?.replicas ?? 0) > 0);
    if (!podsLeft) await scaleSet(context, deployment, fresh, desired);
  } else {
    const bounds = rolloutBounds(deployment);
    const total =
      sets.reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0) +
      (current ? 0 : (fresh.spec.replicas ?? 0));
    const room = Math.max(0, desired + bounds.maxSurge - total);
    const have = fresh.spec.replicas ?? 0;
    const next = have > desired ? desired : Math.min(desired, have + (old.length === 0 ? desired : room));
    await scaleSet(context, deployment, fresh, next);
    for (const { set, replicas } of scaleOldSets(
      old,
      { ...fresh, spec: { ...fresh.spec, replicas: next } },
      desired,
      bounds,
    )) {
      await scaleSet(context, deployment, set, replicas);
    }
  }
  await pruneHistory(context, deployment, old);
}

/** The Deployment's ReplicaSets, oldest first; orphans that match its selector are adopted. */
async function ownedSets(context: ControllerContext, deployment: Deployment): Promise<ReplicaSet[]> {
  const { namespace = '', uid } = deployment.metadata;
  const all = context.api.readAll(coreResources.replicaSets, namespace) as readonly ReplicaSet[];
  const mine: ReplicaSet[] = [];
  for (const set of all) {
    const owner = set.metadata.ownerReferences?.find((ref) => ref.controller);
    if (owner?.uid === uid) mine.push(set);
    else if (owner === undefined && selectorMatches(deployment.spec.selector, set.metadata.labels)) {
      const patch = {
        metadata: { ownerReferences: [...(set.metadata.ownerReferences ?? []), ownerReference(deployment)] },
      };
      mine.push(
        (await context.client.patch(coreResources.replicaSets, set.metadata.name, 'merge', patch, {
          namespace,
        })) as ReplicaSet,
      );
    }
  }
  return mine.sort((a, b) => revisionOf(a) - revisionOf(b));
}

function revisionOf(object: ApiObject): number {
  return Number(object.metadata.annotations?.[revisionKey] ?? 0);
}

export function sameTemplate(set: ReplicaSet, deployment: Deployment): boolean {
  const { [hashKey]: _hash, ...labels } = set.spec.template.metadata?.labels ?? {};
  const plain = { ...set.spec.template, metadata: { ...set.spec.template.metadata, labels } };
  const wanted = {
    ...deployment.spec.template,
    metadata: { labels: {}, ...deployment.spec.template.metadata },
  };
  return stableJson(plain) === stableJson(wanted);
}

async function createSet(
  context: ControllerContext,
  deployment: Deployment,
  old: readonly ReplicaSet[],
): Promise<ReplicaSet | undefined> {
  const { namespace = '', name } = deployment.metadata;
  const { template } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [hashKey]: hash };
  const desired = deployment.spec.replicas ?? 1;
  const { maxSurge } = rolloutBounds(deployment);
  const total = old.reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0);
  const recreate = deployment.spec.strategy?.type === 'Recreate';
  const replicas =
    total === 0 ? desired : recreate ? 0 : Math.min(desired, Math.max(0, desired + maxSurge - total));
  const set = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: {
        ...handedDown(deployment),
        ...sizeAnnotations(deployment),
        [revisionKey]: String(nextRevision(old)),
      },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: {
      replicas,
      minReadySeconds: deployment.spec.minReadySeconds ?? 0,
      selector: {
        ...deployment.spec.selector,
        matchLabels: { ...deployment.spec.selector.matchLabels, [hashKey]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  try {
    const made = (await context.client.create(coreResources.replicaSets, set)) as ReplicaSet;
    context.events.normal(
      deployment,
      'ScalingReplicaSet',
      `Scaled up replica set ${made.metadata.name} from 0 to ${replicas}`,
    );
    return made;
  } catch (error) {
    if ((error as { reason?: string }).reason !== 'AlreadyExists') throw error;
    // Another template has this name: count the collision, which changes the hash.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await writeStatus(context, coreResources.deployments, deployment, { collisionCount });
    return undefined;
  }
}

function handedDown(deployment: Deployment): Record<string, string> {
  const entries = Object.entries(deployment.metadata.annotations ?? {});
  return Object.fromEntries(entries.filter(([key]) => !ownAnnotations.includes(key)));
}

function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const desired = deployment.spec.replicas ?? 1;
  const { maxSurge } = rolloutBounds(deployment);
  return {
    'deployment.kubernetes.io/desired-replicas': String(desired),
    'deployment.kubernetes.io/max-replicas': String(
      desired + (deployment.spec.strategy?.type === 'Recreate' ? 0 : maxSurge),
    ),
  };
}

function nextRevision(sets: readonly ReplicaSet[]): number {
  return Math.max(0, ...sets.map(revisionOf)) + 1;
}

/** The current ReplicaSet carries the highest revision; the Deployment shows it. */
async function keepRevision(
  context: ControllerContext,
  deployment: Deployment,
  fresh: ReplicaSet,
  old: readonly ReplicaSet[],
): Promise<void> {
  const { namespace = '' } = deployment.metadata;
  const highestOld = Math.max(0, ...old.map(revisionOf));
  const revision = revisionOf(fresh) > highestOld ? revisionOf(fresh) : highestOld + 1;
  const wanted: Record<string, string> = {
    ...handedDown(deployment),
    ...sizeAnnotations(deployment),
    [revisionKey]: String(revision),
  };
  const changed = Object.entries(wanted).filter(
    ([key, value]) => fresh.metadata.annotations?.[key] !== value,
  );
  if (changed.length > 0) {
    const patch = { metadata: { annotations: Object.fromEntries(changed) } };
    await context.client.patch(coreResources.replicaSets, fresh.metadata.name, 'merge', patch, { namespace });
  }
  if (deployment.metadata.annotations?.[revisionKey] === String(revision)) return;
  const patch = { metadata: { annotations: { [revisionKey]: String(revision) } } };
  await context.client.patch(coreResources.deployments, deployment.metadata.name, 'merge', patch, {
    namespace,
  });
}

async function scaleSet(
  context: ControllerContext,
  deployment: Deployment,
  set: ReplicaSet,
  replicas: number,
): Promise<void> {
  const before = set.spec.replicas ?? 0;
  if (before === replicas) return;
  const { namespace = '' } = set.metadata;
  const patch = { spec: { replicas }, metadata: { annotations: sizeAnnotations(deployment) } };
  await context.client.patch(coreResources.replicaSets, set.metadata.name, 'merge', patch, { namespace });
  const direction = replicas > before ? 'up' : 'down';
  context.events.normal(
    deployment,
    'ScalingReplicaSet',
    `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`,
  );
}

/** A paused Deployment rolls nothing out but still follows `spec.replicas`, on its largest ReplicaSet. */
async function scaleProportionally(
  context: ControllerContext,
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): Promise<void> {
  const active = sets
    .filter((set) => (set.spec.replicas ?? 0) > 0)
    .sort((a, b) => (b.spec.replicas ?? 0) - (a.spec.replicas ?? 0));
  const target = active[0] ?? sets.at(-1);
  if (target === undefined) return;
  const others = active.slice(1).reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0);
  await scaleSet(context, deployment, target, Math.max(0, (deployment.spec.replicas ?? 1) - others));
}

async function pruneHistory(
  context: ControllerContext,
  deployment: Deployment,
  old: readonly ReplicaSet[],
): Promise<void> {
  const keep = deployment.spec.revisionHistoryLimit ?? 10;
  const idle = old.filter((set) => (set.spec.replicas ?? 0) === 0 && (set.status?.replicas ?? 0) === 0);
  for (const set of idle.slice(0, Math.max(0, idle.length - keep))) {
    const { name, namespace = '' } = set.metadata;
    await context.client.delete(coreResources.replicaSets, name, {
      namespace,
      propagationPolicy: 'Background',
    });
  }
}

async function report(
  context: ControllerContext,
  namespace: string,
  name: string,
): Promise<number | undefined> {
  const deployment = context.api.read(coreResources.deployments, name, namespace) as Deployment | undefined;
  if (deployment === undefined) return undefined;
  const all = context.api.readAll(coreResources.replicaSets, namespace) as readonly ReplicaSet[];
  const sets = all.filter((set) =>
    set.metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === deployment.metadata.uid),
  );
  const { status, againMs } = deploymentStatus(deployment, sets, context.clock.now());
  await writeStatus(context, coreResources.deployments, deployment, status);
  return againMs;
}
