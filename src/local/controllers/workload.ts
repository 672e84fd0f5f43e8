import { sha256Hex, stableJson } from '../../base/hash.ts';
import type { ApiObject, Meta } from '../api/object.ts';
import type { Pod, PodSpec } from '../node/pod-spec.ts';
import { coreResources } from '../resources.ts';
import type { ControllerContext } from './controller.ts';
import { type LabelSelector, selectorMatches } from './selector.ts';

/** `core/v1 PodTemplateSpec`. */
export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly [field: string]: unknown;
  };
  readonly spec: PodSpec;
}

/** What the workload controllers have in common: an owner with a selector and a template. */
export interface Workload extends ApiObject {
  spec: { selector: LabelSelector; template: PodTemplate };
}

/** Pods that count: not on their way out and not finished. */
export function isActive(pod: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined &&
    pod.status?.phase !== 'Failed' &&
    pod.status?.phase !== 'Succeeded'
  );
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** When a pod became ready, in milliseconds; undefined when it is not. */
export function readySince(pod: Pod): number | undefined {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready && Date.parse(ready.lastTransitionTime ?? '');
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const since = readySince(pod);
  return since !== undefined && (minReadySeconds === 0 || now - since >= minReadySeconds * 1000);
}

/** Milliseconds until the next of these pods becomes available; undefined when none is on the way. */
export function nextAvailable(
  pods: readonly Pod[],
  minReadySeconds: number,
  now: number,
): number | undefined {
  if (minReadySeconds === 0) return undefined;
  const waits = pods
    .map(readySince)
    .filter((since): since is number => since !== undefined)
    .map((since) => since + minReadySeconds * 1000 - now)
    .filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : Math.min(...waits) + 10;
}

/**
 * The pods an owner controls, terminating ones included. Orphans that match its selector are adopted first, as the garbage collector and
 * `kubectl delete --cascade=orphan` expect.
 */
export async function controlledPods(context: ControllerContext, owner: Workload): Promise<Pod[]> {
  const { namespace = '', uid } = owner.metadata;
  const pods = context.api.readAll(coreResources.pods, namespace) as readonly Pod[];
  const mine: Pod[] = [];
  for (const pod of pods) {
    const controller = pod.metadata.ownerReferences?.find((ref) => ref.controller);
    if (controller?.uid === uid) mine.push(pod);
    else if (
      controller === undefined &&
      isActive(pod) &&
      selectorMatches(owner.spec.selector, pod.metadata.labels)
    ) {
      const ownerReferences = [...(pod.metadata.ownerReferences ?? []), ownerReference(owner)];
      const patch = { metadata: { uid: pod.metadata.uid, ownerReferences } };
      mine.push(
        (await context.client.patch(coreResources.pods, pod.metadata.name, 'merge', patch, {
          namespace,
        })) as Pod,
      );
    }
  }
  return mine;
}

export function ownerReference(owner: ApiObject) {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Creates a pod of the template; `name` fixes its name, otherwise the owner's name gets a random tail. */
export async function createPod(
  context: ControllerContext,
  owner: Workload,
  options: {
    name?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    spec?: Partial<PodSpec>;
  } = {},
): Promise<void> {
  const { template } = owner.spec;
  const base = owner.metadata.name;
  const metadata: Partial<Meta> = {
    namespace: owner.metadata.namespace ?? '',
    labels: { ...template.metadata?.labels, ...options.labels },
    annotations: { ...template.metadata?.annotations, ...options.annotations },
    ownerReferences: [ownerReference(owner)],
    ...(options.name ? { name: options.name } : { generateName: `${base}-` }),
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata as Meta,
    spec: { ...template.spec, ...options.spec },
  };
  try {
    const made = await context.client.create(coreResources.pods, pod);
    context.events.normal(owner, 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    context.events.warning(owner, 'FailedCreate', `Error creating: ${message}`);
    throw error;
  }
}

export async function deletePod(context: ControllerContext, owner: ApiObject, pod: Pod): Promise<void> {
  const { name, namespace = '', uid = '' } = pod.metadata;
  await context.client.delete(coreResources.pods, name, { namespace, preconditions: { uid } });
  context.events.normal(owner, 'SuccessfulDelete', `Deleted pod: ${name}`);
}

/** Which pods to give up first: unscheduled, pending, unready, then the youngest (the order of kube-controller-manager). */
export function deletionOrder(pods: readonly Pod[]): Pod[] {
  const rank = (pod: Pod): number =>
    pod.spec.nodeName === undefined ? 0 : pod.status?.phase === 'Pending' ? 1 : isReady(pod) ? 3 : 2;
  const cost = (pod: Pod) =>
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0);
  const age = (pod: Pod) => Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
  return [...pods].sort((a, b) => rank(a) - rank(b) || cost(a) - cost(b) || age(b) - age(a));
}

/** A short name for a template, of letters and digits that spell no words; equal templates have equal names. */
export function templateHash(template: unknown, collisions = 0): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const hex = sha256Hex(`${stableJson(template)}${collisions === 0 ? '' : collisions}`, 40);
  let text = '';
  for (let i = 0; i < 20; i += 2)
    text += alphabet[Number.parseInt(hex.slice(i, i + 2), 16) % alphabet.length];
  return text;
}

/** Writes `status` when it differs from what is there. Members that are undefined are removed. */
export async function writeStatus(
  context: ControllerContext,
  resource: (typeof coreResources)[keyof typeof coreResources],
  object: ApiObject,
  status: Record<string, unknown>,
): Promise<void> {
  const before = (object.status ?? {}) as Record<string, unknown>;
  const changed = Object.entries(status).filter(
    ([key, value]) => stableJson(before[key] ?? null) !== stableJson(value ?? null),
  );
  if (changed.length === 0) return;
  const patch = { status: Object.fromEntries(changed.map(([key, value]) => [key, value ?? null])) };
  const { name, namespace } = object.metadata;
  const options = { subresource: 'status' as const, ...(namespace === undefined ? {} : { namespace }) };
  await context.client.patch(resource, name, 'merge', patch, options);
}

/** The present time as the API writes it, whole seconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19) + 'Z';
}
