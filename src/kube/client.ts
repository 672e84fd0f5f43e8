import type { KubeObject } from '../api/object.ts';

/** Which collection a call speaks of: `{ group: 'apps', version: 'v1', plural: 'deployments', namespaced: true }`. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface WatchEvent<T = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export type PatchType = 'json' | 'merge' | 'strategic';
export type Subresource = 'status' | 'scale' | 'finalize' | 'eviction';

/**
 * The few verbs everything here needs, over plain HTTPS. Every failed call rejects with an ApiError that carries the Status' code and
 * reason (`NotFound`, `Conflict`, `AlreadyExists`, `Expired`, …). `node:https` underneath: agents must stay small, so
 * @kubernetes/client-node is loaded only to read kubeconfig files.
 */
export interface KubeClient {
  get(resource: Resource, name: string, namespace?: string, subresource?: Subresource): Promise<KubeObject>;
  list(
    resource: Resource,
    options?: ListOptions,
  ): Promise<{ items: KubeObject[]; resourceVersion: string; continue?: string }>;
  create(resource: Resource, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  replace(
    resource: Resource,
    object: KubeObject,
    options?: WriteOptions & { subresource?: Subresource },
  ): Promise<KubeObject>;
  patch(
    resource: Resource,
    name: string,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions & { namespace?: string; subresource?: Subresource },
  ): Promise<KubeObject>;
  /** Server-side apply. */
  apply(
    resource: Resource,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: Subresource },
  ): Promise<KubeObject>;
  delete(resource: Resource, name: string, options?: DeleteOptions): Promise<void>;
  /** Streams events until the server ends the watch or the signal aborts. Rejects on 410 (`Expired`) and transport errors. */
  watch(
    resource: Resource,
    options: ListOptions & { allowWatchBookmarks?: boolean; timeoutSeconds?: number },
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Any other path: discovery, `/version`, pod logs. */
  raw(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: string }>;
}

export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
}

export interface DeleteOptions {
  readonly namespace?: string;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { uid?: string; resourceVersion?: string };
}

/** A failed API call. `code` is the HTTP status, 0 when no answer came. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: unknown;

  constructor(code: number, reason: string, message: string, details?: unknown) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}
