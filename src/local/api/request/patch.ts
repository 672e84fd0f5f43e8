import { parseYaml } from '../../../base/yaml.ts';
import type { FieldSet } from '../apply/field-set.ts';
import { applyConfiguration } from '../apply/managed-fields.ts';
import type { ApiCore } from '../core.ts';
import type { ApiObject, Fields } from '../object.ts';
import { jsonPatch } from '../patch/json.ts';
import { mergePatch } from '../patch/merge.ts';
import { strategicMerge } from '../patch/strategic.ts';
import { type ApiResource, apiVersionOf, keyOf } from '../resources/resource.ts';
import { cloneJson } from '../schema/json-value.ts';
import { badRequest, StatusError } from '../status.ts';
import { readObject, report, requireObject, shapeObject, strictProblems } from './body.ts';
import { type ApiRequest, type RequestBody, type WriteParameters, writeParameters } from './request.ts';
import { createObject, updateObject, type Written, writerOf } from './write.ts';

export type PatchKind = 'json' | 'merge' | 'strategic' | 'apply';

export const patchContentTypes: Record<string, PatchKind> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** PATCH of any kind on an object or its status. */
export async function patchObject(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  kind: PatchKind,
  body: RequestBody,
): Promise<Written> {
  if (kind === 'strategic' && request.resource.custom) throw unsupportedPatch();
  const parameters = writeParameters(request);
  if (kind === 'apply') return applyObject(core, request, name, body, parameters);
  const faults = kind === 'json' ? [] : strictProblems(body, parameters.fieldValidation);
  return updateObject(
    core,
    request,
    name,
    (current) => {
      const patched = patchValue(request.resource, kind, current, body.value);
      return readPatched(request, patched, faults, parameters);
    },
    parameters,
  );
}

export function unsupportedPatch(): StatusError {
  return new StatusError(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
  );
}

/** Applies a patch to plain JSON. */
export function patchValue(
  resource: ApiResource,
  kind: Exclude<PatchKind, 'apply'>,
  current: unknown,
  patch: unknown,
): Fields {
  switch (kind) {
    case 'json':
      return jsonPatch(current, patch) as Fields;
    case 'merge':
      return mergePatch(current, requireObject(patch)) as Fields;
    case 'strategic':
      return strategicMerge(resource.schema, current, requireObject(patch));
  }
}

function readPatched(
  request: ApiRequest,
  patched: Fields,
  duplicates: readonly string[],
  parameters: WriteParameters,
): ApiObject {
  const { resource } = request;
  const unknown: string[] = [];
  if (patched['kind'] !== resource.kind || patched['apiVersion'] !== apiVersionOf(resource)) {
    throw badRequest(
      `unable to parse patch: apiVersion and kind cannot change (${patched['apiVersion']}, ${patched['kind']})`,
    );
  }
  const object = shapeObject(resource, patched, unknown);
  const faults = [...unknown.map((path) => `unknown field ${JSON.stringify(path)}`), ...duplicates];
  report(request, parameters.fieldValidation, faults, (all) => {
    const what = `strict decoding error: ${all.join(', ')}`;
    return ` "" is invalid: patch: Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${what}`;
  });
  return object;
}

/** Server-side apply; creates the object when it is missing. */
async function applyObject(
  core: ApiCore,
  request: ApiRequest,
  name: string,
  body: RequestBody,
  parameters: WriteParameters,
): Promise<Written> {
  if (!request.query['fieldManager']) {
    throw new StatusError(
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value: is required for apply patch',
            field: 'fieldManager',
          },
        ],
      },
    );
  }
  const config = readConfiguration(request, name, body, parameters);
  const key = keyOf(request.namespace, name);
  if (core.store.table(request.resource.table).get(key) === undefined && request.subresource === undefined) {
    return applyNew(core, request, config, parameters);
  }
  const schema = request.resource.schema;
  const writer = writerOf(core, request, parameters);
  const options = { force: parameters.force, ignored: (set: FieldSet) => writable(request, set) };
  return updateObject(
    core,
    request,
    name,
    (live) => {
      const { object, managedFields } = applyConfiguration(schema, live, config, writer, options);
      const next = cloneJson(object);
      next.metadata.managedFields = managedFields;
      return next;
    },
    parameters,
    { managed: true },
  );
}

async function applyNew(
  core: ApiCore,
  request: ApiRequest,
  config: ApiObject,
  parameters: WriteParameters,
): Promise<Written> {
  const writer = writerOf(core, request, parameters);
  const empty = {
    apiVersion: config.apiVersion,
    kind: config.kind,
    metadata: { name: config.metadata.name },
  };
  const { managedFields } = applyConfiguration(request.resource.schema, empty, config, writer, {
    force: true,
    ignored: (set) => writable(request, set),
  });
  return createObject(core, request, cloneJson(config), { ...parameters, appliedFields: managedFields });
}

function readConfiguration(
  request: ApiRequest,
  name: string,
  body: RequestBody,
  parameters: WriteParameters,
): ApiObject {
  const object = readApplied(request, name, body, parameters);
  if (object.metadata.managedFields !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  object.metadata.name ??= name;
  if (object.metadata.name !== name) {
    throw badRequest(
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  if (request.namespace !== undefined) object.metadata.namespace ??= request.namespace;
  return object;
}

/** Apply refuses fields without a schema whatever the caller's field validation says; duplicate ones follow it. */
function readApplied(
  request: ApiRequest,
  name: string,
  body: RequestBody,
  parameters: WriteParameters,
): ApiObject {
  const { resource } = request;
  const faults = strictProblems(body, parameters.fieldValidation);
  report(
    request,
    parameters.fieldValidation,
    faults,
    (all) => `error strict decoding YAML: ${all.join(', ')}`,
  );
  const fields = requireObject(body.value);
  const object = readObject(request, { value: fields }, 'Ignore');
  const unknown: string[] = [];
  shapeObject(resource, fields, unknown);
  if (unknown.length === 0) return object;
  const lines = unknown.map((path) => `.${path}: field not declared in schema`);
  const who = `${request.namespace ? `${request.namespace}/` : ''}${name}; ${apiVersionOf(resource)}, Kind=${resource.kind}`;
  const what = lines.length === 1 ? lines[0] : `errors:\n  ${lines.join('\n  ')}`;
  throw new StatusError(500, '', `failed to create typed patch object (${who}): ${what}`);
}

/** Drops from an applied set what this endpoint does not write. */
function writable(request: ApiRequest, set: FieldSet): FieldSet {
  const { 'f:status': status, ...rest } = set;
  if (request.subresource === 'status') return status === undefined ? {} : { 'f:status': status };
  return request.resource.subresources.includes('status') ? rest : set;
}

/** The value of an apply body, which may be YAML. */
export function readApplyBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return parseYaml(text);
    } catch (error) {
      throw badRequest(`error decoding YAML: ${yamlFault(text, error)}`);
    }
  }
}

/** The reader's message; a key given twice is told as Kubernetes' YAML reader tells it. */
function yamlFault(text: string, error: unknown): string {
  const { message, reason, mark } = error as Error & { reason?: string; mark?: { line?: number } };
  if (mark?.line === undefined || !/duplicat/.test(reason ?? message)) return message;
  const key =
    text
      .split('\n')
      [mark.line]?.split(':')[0]
      ?.replace(/^[\s-]+/, '') ?? '';
  return `error converting YAML to JSON: yaml: unmarshal errors:\n  line ${mark.line + 1}: key ${JSON.stringify(key)} already set in map`;
}
