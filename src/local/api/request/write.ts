import { randomBytes, randomUUID } from 'node:crypto';
import { recordUpdate, type Writer } from '../apply/managed-fields.ts';
import { type ApiCore, timestamp } from '../core.ts';
import { validateCustom } from '../crd/validate.ts';
import { type FieldError, invalidObject } from '../field-error.ts';
import type { ApiObject, Fields } from '../object.ts';
import { type ApiResource, apiVersionOf, keyOf } from '../resources/resource.ts';
import { storedForm, viewOf } from '../resources/version.ts';
import { applyDefaults } from '../schema/apply-defaults.ts';
import { checkTyped } from '../schema/check-typed.ts';
import { cloneJson, equalJson } from '../schema/json-value.ts';
import { alreadyExists, badRequest, conflict, modifiedMessage, notFound, StatusError } from '../status.ts';
import type { Entry } from '../store/table.ts';
import { strategyOf } from '../strategy/strategies.ts';
import { checkMetadata, checkMetadataUpdate } from '../validation/metadata.ts';
import type { ApiRequest, WriteParameters } from './request.ts';

/** What a write ended in: the object in the request's version, and whether it was made now. */
export interface Written {
  readonly object: Readonly<ApiObject>;
  readonly created: boolean;
  /** The stored entry, for its cached JSON; absent after a dry run. */
  readonly entry?: Entry;
}

/** The strategic steps of every create, in Kubernetes' order. `object` is a draft of the request's version. */
export async function createObject(
  core: ApiCore,
  request: ApiRequest,
  object: ApiObject,
  parameters: WriteParameters,
): Promise<Written> {
  const { resource } = request;
  const strategy = strategyOf(resource);
  nameObject(request, object);
  resetServerFields(object);
  checkNamespace(core, request);
  fillDefaults(resource, object);
  strategy.admit?.(object, core, undefined);
  const admitted = await core.admission.mutate(request, 'CREATE', object, undefined, parameters);
  const draft = admitted === object ? object : reshape(resource, admitted);
  prepareNew(core, request, draft);
  throwFaults(core, resource, draft, undefined);
  draft.metadata.uid = randomUUID();
  draft.metadata.creationTimestamp = timestamp(core.clock);
  if (resource.hasGeneration) draft.metadata.generation = 1;
  setManagedFields(core, request, undefined, draft, parameters);
  await core.admission.validate(request, 'CREATE', draft, undefined, parameters);
  const key = keyOf(draft.metadata.namespace, draft.metadata.name);
  if (core.store.table(resource.table).get(key) !== undefined) {
    throw alreadyExists(resource, draft.metadata.name);
  }
  if (parameters.dryRun) return { object: draft, created: true };
  checkNamespace(core, request);
  const entry = core.store.write({ table: resource.table, key, object: storedForm(resource, draft) });
  return { object: viewOf(resource, entry.object), created: true, entry };
}

/** Turns the present state into the next one; called again when another write came between (unless the caller named a resourceVersion). */
export type Transform = (current: Readonly<ApiObject>) => ApiObject;

/** The steps of every update: PUT, the patches and apply differ only in `transform`. */
export async function updateObject(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  transform: Transform,
  parameters: WriteParameters,
  options: { managed?: boolean } = {},
): Promise<Written> {
  const { resource } = request;
  const table = core.store.table(resource.table);
  const key = keyOf(request.namespace, name);
  for (let attempt = 0; ; attempt++) {
    const stored = table.get(key);
    if (stored === undefined) throw notFound(resource, name);
    const old = viewOf(resource, stored.object);
    const draft = transform(old);
    checkPreconditions(request, old, draft);
    const next = await admitUpdate(core, request, old, draft, parameters, options.managed ?? false);
    if (table.get(key) !== stored) {
      if (attempt < 5 && !namesRevision(draft, old)) continue;
      throw conflict(resource, name, modifiedMessage);
    }
    if (equalJson(next, old)) return { object: old, created: false, entry: stored };
    if (parameters.dryRun) return { object: next, created: false };
    const remove = isFinished(resource, next);
    const entry = core.store.write({
      table: resource.table,
      key,
      object: storedForm(resource, next),
      remove,
    });
    return { object: viewOf(resource, entry.object), created: false, entry };
  }
}

/** Whether the caller's own resourceVersion is what the write depends on: then a change in between is the caller's to solve. */
function namesRevision(draft: ApiObject, old: Readonly<ApiObject>): boolean {
  return draft.metadata.resourceVersion !== old.metadata.resourceVersion;
}

async function admitUpdate(
  core: ApiCore,
  request: ApiRequest,
  old: Readonly<ApiObject>,
  draft: ApiObject,
  parameters: WriteParameters,
  managedAlready: boolean,
): Promise<ApiObject> {
  const { resource } = request;
  const strategy = strategyOf(resource);
  keepSystemFields(request, old, draft);
  fillDefaults(resource, draft);
  strategy.admit?.(draft, core, old);
  const admitted = await core.admission.mutate(request, 'UPDATE', draft, old, parameters);
  const next = admitted === draft ? draft : reshape(resource, admitted);
  keepSystemFields(request, old, next);
  strategy.prepareUpdate?.(next, old, core, request);
  raiseGeneration(resource, old, next);
  throwFaults(core, resource, next, old);
  if (!managedAlready || admitted !== draft) setManagedFields(core, request, old, next, parameters);
  await core.admission.validate(request, 'UPDATE', next, old, parameters);
  return next;
}

function nameObject(request: ApiRequest, object: ApiObject): void {
  const { metadata } = object;
  const { resource } = request;
  if (resource.namespaced) {
    if (metadata.namespace && metadata.namespace !== request.namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    if (request.namespace !== undefined) metadata.namespace = request.namespace;
  } else delete metadata.namespace;
  if (!metadata.name && metadata.generateName) {
    const base = metadata.generateName.slice(0, 58);
    metadata.name = `${base}${randomSuffix()}`;
  }
}

/** Five characters that form no words, as generateName appends them. */
function randomSuffix(): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  return [...randomBytes(5)].map((byte) => letters[byte % letters.length]).join('');
}

function resetServerFields(object: ApiObject): void {
  const { metadata } = object;
  if (metadata.resourceVersion) {
    throw new StatusError(400, 'BadRequest', 'resourceVersion should not be set on objects to be created');
  }
  delete metadata.uid;
  delete metadata.resourceVersion;
  delete metadata.creationTimestamp;
  delete metadata.generation;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.managedFields;
  delete (metadata as unknown as Fields)['selfLink'];
}

/** Refuses new content for a namespace that is missing or on its way out. */
function checkNamespace(core: ApiCore, request: ApiRequest): void {
  const { resource, namespace } = request;
  if (!resource.namespaced || namespace === undefined) return;
  const found = core.store.table('/namespaces').get(namespace)?.object;
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const who = `${resource.plural}${resource.group === '' ? '' : `.${resource.group}`} ${JSON.stringify(request.name ?? '')}`;
  throw new StatusError(403, 'Forbidden', `${who} is forbidden: ${message}`, {
    ...(request.name === undefined ? {} : { name: request.name }),
    kind: resource.plural,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}

function fillDefaults(resource: ApiResource, object: ApiObject): void {
  applyDefaults(resource.schema, object);
  strategyOf(resource).default?.(object);
}

/** What webhooks gave back, read again as the kind it is. */
function reshape(resource: ApiResource, admitted: ApiObject): ApiObject {
  fillDefaults(resource, admitted);
  return admitted;
}

function prepareNew(core: ApiCore, request: ApiRequest, object: ApiObject): void {
  const { resource } = request;
  if (resource.subresources.includes('status')) {
    delete object.status;
    if (!resource.custom) {
      object.status = {};
      applyDefaults(resource.schema.properties?.['status'], object.status);
    }
  }
  strategyOf(resource).prepareCreate?.(object, core, request);
}

function checkPreconditions(request: ApiRequest, old: Readonly<ApiObject>, draft: ApiObject): void {
  const { resource } = request;
  const { uid, resourceVersion, name } = draft.metadata;
  if (name !== undefined && name !== old.metadata.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${old.metadata.name})`,
    );
  }
  if (draft.metadata.namespace && draft.metadata.namespace !== (old.metadata.namespace ?? '')) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (uid !== undefined && uid !== old.metadata.uid) {
    throw conflict(
      resource,
      old.metadata.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(resource, old.metadata.name, modifiedMessage);
  }
}

const systemFields = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
] as const;

/** Puts back what an update may not change: the server's metadata, and the part the other endpoint owns. */
function keepSystemFields(request: ApiRequest, old: Readonly<ApiObject>, draft: ApiObject): void {
  const { resource, subresource } = request;
  const metadata = draft.metadata as unknown as Fields;
  for (const field of systemFields) {
    const value = old.metadata[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
  delete metadata['selfLink'];
  if (subresource === 'status') keepAllButStatus(resource, old, draft);
  else if (resource.subresources.includes('status')) {
    if (old.status === undefined) delete draft.status;
    else draft.status = cloneJson(old.status);
  }
}

function keepAllButStatus(resource: ApiResource, old: Readonly<ApiObject>, draft: ApiObject): void {
  const { managedFields, labels, annotations } = draft.metadata;
  for (const field of Object.keys(draft)) if (field !== 'status') delete draft[field];
  Object.assign(
    draft,
    cloneJson(Object.fromEntries(Object.entries(old).filter(([key]) => key !== 'status'))),
  );
  if (managedFields !== undefined) draft.metadata.managedFields = managedFields;
  if (resource.custom) return;
  if (labels !== undefined) draft.metadata.labels = labels;
  if (annotations !== undefined) draft.metadata.annotations = annotations;
}

/** A change of anything but metadata and status is a new generation. */
function raiseGeneration(resource: ApiResource, old: Readonly<ApiObject>, next: ApiObject): void {
  if (!resource.hasGeneration) return;
  const hasStatus = resource.subresources.includes('status');
  const same = (key: string) =>
    key === 'metadata' || (key === 'status' && hasStatus) || equalJson(old[key], next[key]);
  const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
  if ([...keys].every(same)) return;
  next.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

function throwFaults(
  core: ApiCore,
  resource: ApiResource,
  object: ApiObject,
  old: Readonly<ApiObject> | undefined,
): void {
  const errors: FieldError[] = [];
  const strategy = strategyOf(resource);
  if (old === undefined) checkMetadata(resource, object, strategy.nameRule ?? 'subdomain', errors);
  else {
    checkMetadata(resource, object, 'path', errors);
    checkMetadataUpdate(object, old, errors);
  }
  if (resource.custom) validateCustom(resource.schema, object, old, errors);
  else checkTyped(resource.schema, object, '', errors);
  strategy.validate?.(object, errors, core);
  if (old !== undefined) strategy.validateUpdate?.(object, old, errors);
  if (errors.length > 0) throw invalidObject(resource, object.metadata.name ?? '', errors);
}

/** Records who owns what after an ordinary write. */
function setManagedFields(
  core: ApiCore,
  request: ApiRequest,
  old: Readonly<ApiObject> | undefined,
  next: ApiObject,
  parameters: WriteParameters,
): void {
  const wantsReset =
    Array.isArray(next.metadata.managedFields) &&
    next.metadata.managedFields.length === 0 &&
    old !== undefined;
  if (parameters.appliedFields !== undefined) {
    next.metadata.managedFields = [...parameters.appliedFields];
    return;
  }
  const writer = writerOf(core, request, parameters);
  const before = wantsReset ? { ...old, metadata: { ...old.metadata, managedFields: [] } } : old;
  const entries = recordUpdate(request.resource.schema, before, next, writer);
  if (entries === undefined || entries.length === 0) delete next.metadata.managedFields;
  else next.metadata.managedFields = entries;
}

export function writerOf(core: ApiCore, request: ApiRequest, parameters: WriteParameters): Writer {
  return {
    manager: parameters.fieldManager,
    apiVersion: apiVersionOf(request.resource),
    subresource: request.subresource ?? '',
    time: timestamp(core.clock),
  };
}

/** An object that was only waiting for its finalizers, and has none left. */
function isFinished(resource: ApiResource, object: Readonly<ApiObject>): boolean {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata;
  if (deletionTimestamp === undefined || (finalizers?.length ?? 0) > 0) return false;
  const spec = object.spec as Fields | undefined;
  if (resource.table === '/namespaces') return ((spec?.['finalizers'] as unknown[])?.length ?? 0) === 0;
  return (deletionGracePeriodSeconds ?? 0) === 0;
}
