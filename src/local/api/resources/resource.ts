import type { ApiObject, Fields } from '../object.ts';
import type { Schema } from '../schema/schema.ts';

export type Subresource =
  | 'status'
  | 'scale'
  | 'finalize'
  | 'eviction'
  | 'binding'
  | 'log'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'proxy'
  | 'token'
  | 'approval'
  | 'ephemeralcontainers'
  | 'resize';

/** A column of `kubectl get`: text from a function (built-in kinds) or a JSON path (custom ones). */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** 0 shows always, more only with `-o wide`. */
  readonly priority: number;
  readonly cell: (object: Readonly<ApiObject>, now: number) => unknown;
}

/** One kind in one served version: all the generic machinery needs to know about it. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** Name of the store's table; versions of a kind share one. */
  readonly table: string;
  /** apiVersion that stored objects carry. */
  readonly storageVersion: string;
  readonly schema: Schema;
  /** Custom resources are pruned and validated by their schema and keep null-free JSON as it is; built-in ones decode like Go structs. */
  readonly custom: boolean;
  readonly columns: readonly Column[];
  readonly selectableFields: readonly string[];
  /** Where `scale` finds its numbers, as paths. */
  readonly scale?: ScalePaths;
  /** A warning header for callers of a deprecated version. */
  readonly deprecation?: string;
  /** Has generation: a change outside metadata and status raises it. */
  readonly hasGeneration: boolean;
  /** Conversion between the stored version and this one, when they differ by more than apiVersion. */
  readonly fromStorage?: (object: Fields) => Fields;
  readonly toStorage?: (object: Fields) => Fields;
}

export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly selector?: readonly string[];
}

export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The store's key of an object. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

export const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;
