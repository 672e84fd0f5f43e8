import { type ApiCore, timestamp } from '../core.ts';
import { type ApiObject, asObject, type Fields } from '../object.ts';
import { keyOf } from '../resources/resource.ts';
import { viewOf } from '../resources/version.ts';
import { cloneJson } from '../schema/json-value.ts';
import { badRequest, conflict, notFound } from '../status.ts';
import type { Entry } from '../store/table.ts';
import { strategyOf } from '../strategy/strategies.ts';
import type { ApiRequest, WriteParameters } from './request.ts';

export interface RemoveOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
  readonly preconditions?: { uid?: string; resourceVersion?: string };
}

/** Reads DeleteOptions from the body (it may be absent) and the query. */
export function removeOptions(request: ApiRequest, body: unknown): RemoveOptions {
  const fields = asObject(body) ?? {};
  const grace = request.query['gracePeriodSeconds'];
  const policy = request.query['propagationPolicy'] ?? fields['propagationPolicy'];
  if (policy !== undefined && !['Orphan', 'Background', 'Foreground'].includes(String(policy))) {
    throw badRequest(
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    );
  }
  return {
    ...(fields as RemoveOptions),
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === undefined ? {} : { propagationPolicy: String(policy) }),
  };
}

export interface Removed {
  /** The object as it was, or as it waits for its finalizers. */
  readonly object: Readonly<ApiObject>;
  /** Nothing is left of it. */
  readonly gone: boolean;
}

/** Deletes one object: at once, or by marking it when finalizers or a grace period hold it. */
export async function removeObject(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  options: RemoveOptions,
  parameters: WriteParameters,
): Promise<Removed> {
  const { resource } = request;
  const table = core.store.table(resource.table);
  const key = keyOf(request.namespace, name);
  const first = table.get(key);
  if (first === undefined) throw notFound(resource, name);
  checkPreconditions(request, first, options);
  strategyOf(resource).checkDelete?.(first.object, core);
  await core.admission.validate(request, 'DELETE', undefined, viewOf(resource, first.object), parameters);
  const entry = table.get(key);
  if (entry === undefined) throw notFound(resource, name);
  checkPreconditions(request, entry, options);
  const next = markDeleted(core, request, entry, options);
  if (parameters.dryRun) return { object: viewOf(resource, entry.object), gone: true };
  if (next === undefined) {
    const last = cloneJson(entry.object);
    const gone = core.store.write({ table: resource.table, key, object: last, remove: true });
    return { object: viewOf(resource, gone.object), gone: true };
  }
  if (next === entry.object) return { object: viewOf(resource, next), gone: false };
  const written = core.store.write({ table: resource.table, key, object: next });
  return { object: viewOf(resource, written.object), gone: false };
}

function checkPreconditions(request: ApiRequest, entry: Entry, { preconditions }: RemoveOptions): void {
  const { uid, resourceVersion, name } = entry.object.metadata;
  const fail = (what: string, wanted: string, found: string | undefined) =>
    conflict(
      request.resource,
      name,
      `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`,
    );
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    throw fail('UID', preconditions.uid, uid);
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    throw fail('ResourceVersion', preconditions.resourceVersion, resourceVersion);
  }
}

/** The object marked for deletion; itself when nothing changes; undefined when it goes at once. */
function markDeleted(
  core: ApiCore,
  request: ApiRequest,
  entry: Entry,
  options: RemoveOptions,
): ApiObject | undefined {
  const old = entry.object;
  const finalizers = finalizersFor(old, options);
  const isNamespace = request.resource.table === '/namespaces';
  const grace = strategyOf(request.resource).gracePeriodSeconds?.(old, options.gracePeriodSeconds) ?? 0;
  const held = finalizers.length > 0 || (isNamespace && hasSpecFinalizers(old));
  if (!held && grace === 0) return undefined;
  const wasMarked = old.metadata.deletionTimestamp !== undefined;
  const shorter = grace < (old.metadata.deletionGracePeriodSeconds ?? 0);
  if (wasMarked && !shorter && finalizers.join() === (old.metadata.finalizers ?? []).join()) {
    return old as ApiObject;
  }
  const next = cloneJson(old) as ApiObject;
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
  if (!wasMarked || shorter) {
    next.metadata.deletionTimestamp = timestamp(core.clock, grace * 1000);
    next.metadata.deletionGracePeriodSeconds = grace;
  }
  if (isNamespace) delete next.metadata.deletionGracePeriodSeconds;
  if (next.metadata.generation !== undefined && !wasMarked) next.metadata.generation++;
  if (isNamespace) next.status = { ...(asObject(next.status) ?? {}), phase: 'Terminating' };
  return next;
}

function hasSpecFinalizers(object: Readonly<ApiObject>): boolean {
  return (((object.spec as Fields | undefined)?.['finalizers'] as unknown[] | undefined)?.length ?? 0) > 0;
}

/** The finalizers after the propagation policy has its say. */
function finalizersFor(old: Readonly<ApiObject>, options: RemoveOptions): string[] {
  const policy = options.propagationPolicy ?? (options.orphanDependents ? 'Orphan' : undefined);
  const present = old.metadata.finalizers ?? [];
  if (policy === undefined && options.orphanDependents === undefined) return [...present];
  const others = present.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  if (policy === 'Orphan') others.push('orphan');
  if (policy === 'Foreground') others.push('foregroundDeletion');
  return others;
}
