import type { ApiCore } from '../core.ts';
import { type ApiObject, asObject, type Fields } from '../object.ts';
import { apiVersionOf } from '../resources/resource.ts';
import { viewOf } from '../resources/version.ts';
import { cloneJson } from '../schema/json-value.ts';
import { badRequest, methodNotSupported, notFound } from '../status.ts';
import { readObject } from './body.ts';
import { type PatchKind, patchObject } from './patch.ts';
import { getEntry, listEntries } from './read.ts';
import { type Removed, removeObject, removeOptions } from './remove.ts';
import { type ApiRequest, type RequestBody, writeParameters } from './request.ts';
import { reviewKinds } from './reviews.ts';
import { bindPod, evictPod, scaleOf, writeScale } from './subresources.ts';
import { createObject, updateObject, type Written } from './write.ts';

/** What a write answers with. */
export interface Answer {
  readonly code: number;
  readonly written: Written;
}

/** POST to a collection, or to a subresource that takes one. */
export async function post(core: ApiCore, request: ApiRequest, body: RequestBody): Promise<Answer> {
  const { resource, name, subresource } = request;
  const parameters = writeParameters(request);
  if (subresource !== undefined) return postSubresource(core, request, body);
  if (name !== undefined) throw methodNotSupported();
  const review = reviewKinds[resource.kind];
  if (review !== undefined) {
    const object = readObject(request, body, parameters.fieldValidation);
    return { code: 201, written: { object: await review(core, object, request), created: true } };
  }
  if (resource.kind === 'Binding') {
    const target = String(asObject(asObject(body.value)?.['metadata'])?.['name'] ?? '');
    const pods = core.registry.find('', 'v1', 'pods');
    if (pods === undefined) throw methodNotSupported();
    await bindPod(core, { ...request, resource: pods }, target, body.value, parameters);
    return success(201);
  }
  const object = readObject(request, body, parameters.fieldValidation);
  const named = object.metadata.name ? { ...request, name: object.metadata.name } : request;
  return { code: 201, written: await createObject(core, named, object, parameters) };
}

async function postSubresource(core: ApiCore, request: ApiRequest, body: RequestBody): Promise<Answer> {
  const name = request.name as string;
  const parameters = writeParameters(request);
  switch (request.subresource) {
    case 'binding':
      await bindPod(core, request, name, body.value, parameters);
      return success(201);
    case 'eviction':
      await evictPod(core, request, name, body.value, parameters);
      return success(201);
    default:
      throw methodNotSupported();
  }
}

function success(code: number): Answer {
  const object = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    code,
  } as unknown as ApiObject;
  return { code, written: { object, created: true } };
}

/** PUT of an object, its status, or its scale. Leases and the like may be created by PUT: Kubernetes allows it for none of the kinds here. */
export async function put(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  body: RequestBody,
): Promise<Answer> {
  const parameters = writeParameters(request);
  if (request.subresource === 'scale') {
    const object = await writeScale(core, request, name, { kind: 'put', value: body.value }, parameters);
    return { code: 200, written: { object, created: false } };
  }
  const object = readObject(request, body, parameters.fieldValidation);
  checkName(name, object);
  const written = await updateObject(core, request, name, () => cloneJson(object), parameters);
  return { code: 200, written };
}

function checkName(name: string, object: ApiObject): void {
  if (object.metadata.name === undefined || object.metadata.name === '') {
    throw badRequest('name must be provided');
  }
  if (object.metadata.name === name) return;
  throw badRequest(
    `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`,
  );
}

export async function patch(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  kind: PatchKind,
  body: RequestBody,
): Promise<Answer> {
  if (request.subresource === 'scale') {
    const parameters = writeParameters(request);
    const object = await writeScale(core, request, name, { kind, value: body.value }, parameters);
    return { code: 200, written: { object, created: false } };
  }
  const written = await patchObject(core, request, name, kind, body);
  return { code: written.created ? 201 : 200, written };
}

/** GET of one object or its scale, as a value; plain objects come with their entry for the cached text. */
export function get(core: ApiCore, request: ApiRequest, name: string): Written {
  const entry = getEntry(core, request, name);
  const object = viewOf(request.resource, entry.object);
  if (request.subresource === 'scale') return { object: scaleOf(request.resource, object), created: false };
  return { object, created: false, entry };
}

/** DELETE of one object: the Status or the object that waits. */
export async function remove(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  body: unknown,
): Promise<{ removed: Removed; answer: Fields | undefined }> {
  const options = removeOptions(request, body);
  const dryRun = (options as { dryRun?: string[] }).dryRun?.[0];
  const query = dryRun === undefined ? request.query : { ...request.query, dryRun };
  const removed = await removeObject(core, request, name, options, writeParameters({ ...request, query }));
  return {
    removed,
    answer: removed.gone && request.resource.table !== '/pods' ? goneStatus(request, removed) : undefined,
  };
}

function goneStatus(request: ApiRequest, { object }: Removed): Fields {
  const { group, plural } = request.resource;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name,
      ...(group === '' ? {} : { group }),
      kind: plural,
      uid: object.metadata.uid,
    },
  };
}

/** DELETE of a collection: everything the selectors match. */
export async function removeCollection(
  core: ApiCore,
  request: ApiRequest,
  body: unknown,
): Promise<ApiObject[]> {
  const options = removeOptions(request, body);
  const dryRun = (options as { dryRun?: string[] }).dryRun?.[0];
  const query = dryRun === undefined ? request.query : { ...request.query, dryRun };
  const parameters = writeParameters({ ...request, query });
  const { limit: _limit, continue: _continue, ...listQuery } = request.query;
  const removed: ApiObject[] = [];
  for (const { object } of listEntries(core, { ...request, query: listQuery }).entries) {
    const one = {
      ...request,
      ...(object.metadata.namespace ? { namespace: object.metadata.namespace } : {}),
    };
    try {
      const result = await removeObject(core, one, object.metadata.name, options, parameters);
      removed.push(result.object as ApiObject);
    } catch (error) {
      if ((error as { code?: number }).code !== notFound(request.resource, '').code) throw error;
    }
  }
  return removed;
}

/** Head of a list as JSON text, up to the items. */
export function listHead(
  request: ApiRequest,
  meta: { revision: number; continueToken?: string; remaining?: number },
): Fields {
  return {
    kind: request.resource.listKind,
    apiVersion: apiVersionOf(request.resource),
    metadata: {
      resourceVersion: String(meta.revision),
      ...(meta.continueToken === undefined ? {} : { continue: meta.continueToken }),
      ...(meta.remaining === undefined ? {} : { remainingItemCount: meta.remaining }),
    },
  };
}
