import type { ApiObject, Fields } from '../object.ts';
import { freezeJson } from '../schema/json-value.ts';
import { type ApiResource, apiVersionOf } from './resource.ts';

const views = new WeakMap<object, Map<string, Readonly<ApiObject>>>();

/** A stored object in the version of a resource. Frozen; the same object gives the same view. */
export function viewOf(resource: ApiResource, stored: Readonly<ApiObject>): Readonly<ApiObject> {
  const apiVersion = apiVersionOf(resource);
  if (stored.apiVersion === apiVersion) return stored;
  const known = views.get(stored) ?? new Map<string, Readonly<ApiObject>>();
  views.set(stored, known);
  let view = known.get(apiVersion);
  if (view === undefined) {
    const converted =
      resource.fromStorage?.(stored as unknown as Fields) ?? ({ ...stored, apiVersion } as Fields);
    view = freezeJson(converted as unknown as ApiObject);
    known.set(apiVersion, view);
  }
  return view;
}

/** An object of a resource's version in the form that is stored. */
export function storedForm(resource: ApiResource, object: ApiObject): ApiObject {
  if (object.apiVersion === resource.storageVersion) return object;
  const converted = resource.toStorage?.(object as unknown as Fields);
  return (converted ?? { ...object, apiVersion: resource.storageVersion }) as ApiObject;
}
