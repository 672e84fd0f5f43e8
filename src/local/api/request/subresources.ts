import type { ApiCore } from '../core.ts';
import { timestamp } from '../core.ts';
import { type FieldError, invalid, invalidObject } from '../field-error.ts';
import { type ApiObject, asObject, at, ensureObject, type Fields } from '../object.ts';
import type { ApiResource, ScalePaths } from '../resources/resource.ts';
import { viewOf } from '../resources/version.ts';
import { cloneJson } from '../schema/json-value.ts';
import {
  formatLabelSelector,
  labelSelectorOf,
  labelsOfSelector,
  matchesLabels,
} from '../selector/label-selector.ts';
import { badRequest, conflict, StatusError } from '../status.ts';
import { type PatchKind, patchValue } from './patch.ts';
import { getEntry } from './read.ts';
import { removeObject } from './remove.ts';
import type { ApiRequest, WriteParameters } from './request.ts';
import { updateObject } from './write.ts';

/** The Scale of an object, read by its resource's paths. */
export function scaleOf(resource: ApiResource, object: Readonly<ApiObject>): ApiObject {
  const paths = resource.scale as ScalePaths;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector === undefined ? undefined : at(object, ...paths.selector);
  const text =
    typeof selector === 'string'
      ? selector
      : selector === undefined
        ? undefined
        : formatLabelSelector(
            isLabelSelector(selector) ? labelSelectorOf(selector) : labelsOfSelector(selector),
          );
  const replicas = at(object, ...paths.specReplicas);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: compact({
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
    }) as unknown as ApiObject['metadata'],
    spec: replicas === undefined ? {} : { replicas },
    status: compact({ replicas: at(object, ...paths.statusReplicas) ?? 0, selector: text }),
  };
}

function isLabelSelector(selector: unknown): boolean {
  const fields = asObject(selector) ?? {};
  return 'matchLabels' in fields || 'matchExpressions' in fields;
}

function compact(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Sets spec.replicas through the scale subresource, by PUT (`value` is a Scale) or a patch of the Scale. */
export async function writeScale(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  change: { kind: 'put' | PatchKind; value: unknown },
  parameters: WriteParameters,
): Promise<ApiObject> {
  const { resource } = request;
  if (change.kind === 'apply')
    throw badRequest('apply is not supported on the scale subresource of this server; use a merge patch');
  const written = await updateObject(
    core,
    { ...request, subresource: 'scale' },
    name,
    (current) => {
      const now = scaleOf(resource, current);
      const next =
        change.kind === 'put'
          ? (asObject(change.value) as unknown as ApiObject)
          : (patchValue(
              { ...resource, custom: true },
              change.kind === 'apply' ? 'merge' : change.kind,
              now,
              change.value,
            ) as unknown as ApiObject);
      const replicas = checkReplicas(name, next);
      const draft = cloneJson(current) as ApiObject;
      setPath(draft as unknown as Fields, (resource.scale as ScalePaths).specReplicas, replicas);
      const revision = next.metadata?.resourceVersion;
      if (revision) draft.metadata.resourceVersion = revision;
      return draft;
    },
    parameters,
  );
  return scaleOf(resource, written.object);
}

function checkReplicas(name: string, scale: ApiObject): number {
  const replicas = at(scale, 'spec', 'replicas') ?? 0;
  const errors: FieldError[] = [];
  if (typeof replicas !== 'number' || replicas < 0) {
    errors.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'));
  }
  if (errors.length > 0) throw invalidObject({ group: 'autoscaling', kind: 'Scale' }, name, errors);
  return replicas as number;
}

function setPath(object: Fields, path: readonly string[], value: unknown): void {
  let here = object;
  for (const key of path.slice(0, -1)) here = ensureObject(here, key);
  here[path.at(-1) as string] = value;
}

/** Binds a pod to a node, as the scheduler does. */
export async function bindPod(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  binding: unknown,
  parameters: WriteParameters,
): Promise<void> {
  const node = at(binding, 'target', 'name');
  if (typeof node !== 'string' || node === '') throw badRequest('target.name: Required value');
  await updateObject(
    core,
    request,
    name,
    (current) => {
      const draft = cloneJson(current) as ApiObject;
      const spec = draft.spec as Fields;
      if (spec['nodeName']) {
        throw conflict(
          request.resource,
          name,
          `pod ${name} is already assigned to node ${JSON.stringify(spec['nodeName'])}`,
        );
      }
      spec['nodeName'] = node;
      return draft;
    },
    parameters,
  );
  await updateObject(
    core,
    { ...request, subresource: 'status' },
    name,
    (current) => {
      const draft = cloneJson(current) as ApiObject;
      const status = (draft.status ?? {}) as Fields;
      const others = ((status['conditions'] ?? []) as Fields[]).filter(({ type }) => type !== 'PodScheduled');
      status['conditions'] = [
        ...others,
        {
          type: 'PodScheduled',
          status: 'True',
          lastProbeTime: undefined,
          lastTransitionTime: timestamp(core.clock),
        },
      ];
      draft.status = cloneJson(status);
      return draft;
    },
    parameters,
  );
}

/** Evicts a pod: a delete that PodDisruptionBudgets may refuse with 429. */
export async function evictPod(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  eviction: unknown,
  parameters: WriteParameters,
): Promise<void> {
  const pod = viewOf(request.resource, getEntry(core, request, name).object);
  for (const { object: budget } of core.store.table('policy/poddisruptionbudgets').list(request.namespace)) {
    const selector = labelSelectorOf(at(budget, 'spec', 'selector'));
    if (!matchesLabels(selector, pod.metadata.labels)) continue;
    const allowed = Number(at(budget, 'status', 'disruptionsAllowed') ?? 0);
    if (allowed > 0 || at(pod, 'status', 'phase') === 'Pending') continue;
    throw new StatusError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: `The disruption budget ${budget.metadata.name} needs ${at(budget, 'status', 'desiredHealthy') ?? 0} healthy pods and has ${at(budget, 'status', 'currentHealthy') ?? 0} currently`,
          },
        ],
      },
    );
  }
  const options = (asObject(at(eviction, 'deleteOptions')) ?? {}) as object;
  await removeObject(core, request, name, options, parameters);
}
