import { pruneUnknown } from '../crd/prune.ts';
import { type ApiObject, asObject, type Fields } from '../object.ts';
import { builtinTypes } from '../resources/builtin.ts';
import { type ApiResource, apiVersionOf } from '../resources/resource.ts';
import { decodeTyped } from '../schema/decode.ts';
import { duplicateFields } from '../schema/duplicate-fields.ts';
import { cloneJson } from '../schema/json-value.ts';
import { badRequest } from '../status.ts';
import type { ApiRequest, FieldValidation, RequestBody } from './request.ts';

const objectMeta = builtinTypes.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');

/** Reads a whole object of the request's kind; unknown and duplicate fields are dropped, warned of or refused as the caller wants. */
export function readObject(request: ApiRequest, body: RequestBody, validation: FieldValidation): ApiObject {
  const { resource } = request;
  const fields = requireObject(body.value);
  checkKind(resource, fields);
  const strictFaults = strictProblems(body, validation);
  const unknown: string[] = [];
  const object = shapeObject(resource, fields, unknown);
  strictFaults.unshift(...unknown.map((path) => `unknown field ${JSON.stringify(path)}`));
  report(request, validation, strictFaults, (faults) => {
    const what = faults.join(', ');
    return resource.custom
      ? `strict decoding error: ${what}`
      : `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: strict decoding error: ${what}`;
  });
  return object;
}

/** A draft of the resource's kind from raw JSON: built-in kinds decoded, custom ones pruned. Paths of unknown fields go to `unknown`. */
export function shapeObject(resource: ApiResource, fields: Fields, unknown: string[]): ApiObject {
  const metadata = asObject(fields['metadata']);
  if (!resource.custom) {
    try {
      const object = decodeTyped(resource.schema, fields, unknown) as ApiObject;
      return { ...object, metadata: object.metadata ?? {} };
    } catch (error) {
      throw badRequest(
        `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: ${(error as Error).message}`,
      );
    }
  }
  const unknownMeta: string[] = [];
  const meta = decodeTyped(objectMeta, metadata ?? {}, unknownMeta) as ApiObject['metadata'];
  const object = cloneJson(fields) as unknown as ApiObject;
  pruneUnknown(resource.schema, object as unknown as Fields, unknown);
  unknown.push(...unknownMeta.map((path) => `metadata.${path}`));
  object.metadata = meta;
  return object;
}

/** Warns of or refuses what strict decoding found. */
export function report(
  request: ApiRequest,
  validation: FieldValidation,
  faults: readonly string[],
  message: (faults: readonly string[]) => string,
): void {
  if (faults.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') throw badRequest(message(faults));
  request.warnings.push(...faults);
}

/** Duplicate fields of the body's text. */
export function strictProblems(body: RequestBody, validation: FieldValidation): string[] {
  if (validation === 'Ignore' || body.text === undefined) return [];
  return duplicateFields(body.text).map((path) => `duplicate field ${JSON.stringify(path)}`);
}

export function requireObject(value: unknown): Fields {
  const fields = asObject(value);
  if (fields === undefined) {
    throw badRequest(
      'couldn\'t get version/kind; json parse error: json: cannot unmarshal into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
    );
  }
  return fields;
}

function checkKind(resource: ApiResource, fields: Fields): void {
  const apiVersion = apiVersionOf(resource);
  if (fields['kind'] === undefined || fields['kind'] === '') {
    if (!resource.custom) fields = Object.assign(fields, { kind: resource.kind });
    else throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(fields)}'`);
  }
  if ((fields['apiVersion'] === undefined || fields['apiVersion'] === '') && !resource.custom) {
    Object.assign(fields, { apiVersion });
  }
  if (fields['apiVersion'] !== apiVersion || fields['kind'] !== resource.kind) {
    throw badRequest(
      resource.custom
        ? `the API version in the data (${fields['apiVersion']}) does not match the expected API version (${apiVersion})`
        : `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind; expected ${apiVersion}, Kind=${resource.kind}, got ${fields['apiVersion']}, Kind=${fields['kind']}`,
    );
  }
}
