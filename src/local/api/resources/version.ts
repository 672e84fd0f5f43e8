import type { ApiObject, Fields } from '../object.ts';
import { applyDefaults } from '../schema/apply-defaults.ts';
import { cloneJson, equalJson, freezeJson } from '../schema/json-value.ts';
import type { Schema } from '../schema/schema.ts';
import { type ApiResource, apiVersionOf } from './resource.ts';

const views = new WeakMap<object, WeakMap<ApiResource, Readonly<ApiObject>>>();

/** A stored object in the version of a resource, with defaults that its definition gained since. Frozen; the same object gives the same view. */
export function viewOf(resource: ApiResource, stored: Readonly<ApiObject>): Readonly<ApiObject> {
  const apiVersion = apiVersionOf(resource);
  const needsDefaults = resource.custom && hasDefaults(resource.schema);
  if (stored.apiVersion === apiVersion && !needsDefaults) return stored;
  const known = views.get(stored) ?? new WeakMap<ApiResource, Readonly<ApiObject>>();
  views.set(stored, known);
  let view = known.get(resource);
  if (view === undefined) {
    view = makeView(resource, stored, apiVersion, needsDefaults);
    known.set(resource, view);
  }
  return view;
}

function makeView(
  resource: ApiResource,
  stored: Readonly<ApiObject>,
  apiVersion: string,
  needsDefaults: boolean,
): Readonly<ApiObject> {
  const converted =
    resource.fromStorage?.(stored as unknown as Fields) ?? ({ ...stored, apiVersion } as Fields);
  if (!needsDefaults) return freezeJson(converted as unknown as ApiObject);
  const filled = cloneJson(converted);
  applyDefaults(resource.schema, filled);
  return equalJson(filled, stored) ? stored : freezeJson(filled as unknown as ApiObject);
}

const defaulted = new WeakMap<Schema, boolean>();

function hasDefaults(schema: Schema): boolean {
  let found = defaulted.get(schema);
  if (found === undefined) {
    const inner = [
      ...Object.values(schema.properties ?? {}).filter((one) => one.name === undefined),
      ...(schema.items === undefined ? [] : [schema.items]),
      ...(typeof schema.additional === 'object' ? [schema.additional] : []),
    ];
    found = schema.default !== undefined || inner.some(hasDefaults);
    defaulted.set(schema, found);
  }
  return found;
}

/** An object of a resource's version in the form that is stored. */
export function storedForm(resource: ApiResource, object: ApiObject): ApiObject {
  if (object.apiVersion === resource.storageVersion) return object;
  const converted = resource.toStorage?.(object as unknown as Fields);
  return (converted ?? { ...object, apiVersion: resource.storageVersion }) as ApiObject;
}
