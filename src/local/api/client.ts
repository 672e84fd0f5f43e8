import {
  ApiError,
  type DeleteOptions,
  type KubeClient,
  type ListOptions,
  type PatchType,
  type Resource,
  type Subresource,
  type WatchEvent,
  type WriteOptions,
} from '../../kube/client.ts';
import type { ApiCore } from './core.ts';
import type { UserInfo } from './local-api.ts';
import { listEntries } from './request/read.ts';
import type { ApiRequest } from './request/request.ts';
import * as verbs from './request/verbs.ts';
import { startWatch } from './request/watch.ts';
import { apiVersionOf } from './resources/resource.ts';
import { viewOf } from './resources/version.ts';
import { pathNotFound, StatusError } from './status.ts';
import type { Entry } from './store/table.ts';

type KubeObject = WatchEvent['object'];

type Place = {
  name?: string | undefined;
  namespace?: string | undefined;
  subresource?: Subresource | undefined;
  query?: Record<string, string | undefined>;
};

/**
 * KubeClient straight on the server: the same validation, defaulting, admission and conflicts as over HTTPS, without sockets or JSON
 * text. What it returns are the stored, frozen objects.
 */
export class InProcessClient implements KubeClient {
  readonly #core: ApiCore;
  readonly #user: UserInfo;
  readonly #fieldManager: string;

  constructor(core: ApiCore, user: UserInfo, fieldManager: string) {
    this.#core = core;
    this.#user = user;
    this.#fieldManager = fieldManager;
  }

  get(resource: Resource, name: string, namespace?: string, subresource?: Subresource): Promise<KubeObject> {
    return this.#run(() => {
      const request = this.#request(resource, { name, namespace, subresource });
      return verbs.get(this.#core, request, name).object as KubeObject;
    });
  }

  list(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<{ items: KubeObject[]; resourceVersion: string; continue?: string }> {
    return this.#run(() => {
      const request = this.#request(resource, { namespace: options.namespace, query: listQuery(options) });
      const page = listEntries(this.#core, request);
      return {
        items: page.entries.map((entry) => viewOf(request.resource, entry.object) as KubeObject),
        resourceVersion: String(page.revision),
        ...(page.continueToken === undefined ? {} : { continue: page.continueToken }),
      };
    });
  }

  create(resource: Resource, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#run(async () => {
      const query = this.#writeQuery(options);
      const request = this.#request(resource, { namespace: object.metadata.namespace, query });
      const { written } = await verbs.post(this.#core, request, { value: object });
      return written.object as KubeObject;
    });
  }

  replace(
    resource: Resource,
    object: KubeObject,
    options: WriteOptions & { subresource?: Subresource } = {},
  ): Promise<KubeObject> {
    return this.#run(async () => {
      const { name, namespace } = object.metadata;
      const request = this.#request(resource, {
        name,
        namespace,
        subresource: options.subresource,
        query: this.#writeQuery(options),
      });
      const { written } = await verbs.put(this.#core, request, name, { value: object });
      return written.object as KubeObject;
    });
  }

  patch(
    resource: Resource,
    name: string,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { namespace?: string; subresource?: Subresource } = {},
  ): Promise<KubeObject> {
    return this.#run(async () => {
      const request = this.#request(resource, {
        name,
        namespace: options.namespace,
        subresource: options.subresource,
        query: this.#writeQuery(options),
      });
      const { written } = await verbs.patch(this.#core, request, name, type, { value: patch });
      return written.object as KubeObject;
    });
  }

  apply(
    resource: Resource,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: Subresource },
  ): Promise<KubeObject> {
    return this.#run(async () => {
      const { name, namespace } = object.metadata;
      const query = { ...this.#writeQuery(options), force: options.force ? 'true' : undefined };
      const request = this.#request(resource, { name, namespace, subresource: options.subresource, query });
      const { written } = await verbs.patch(this.#core, request, name, 'apply', { value: object });
      return written.object as KubeObject;
    });
  }

  delete(resource: Resource, name: string, options: DeleteOptions = {}): Promise<void> {
    return this.#run(async () => {
      const { namespace, ...body } = options;
      await verbs.remove(this.#core, this.#request(resource, { name, namespace }), name, body);
    });
  }

  watch(
    resource: Resource,
    options: ListOptions & { allowWatchBookmarks?: boolean; timeoutSeconds?: number },
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let stop = () => {};
      const end = () => {
        stop();
        resolve();
      };
      if (signal.aborted) return resolve();
      try {
        const request = this.#request(resource, { namespace: options.namespace, query: listQuery(options) });
        const shown = (entry: Entry) => viewOf(request.resource, entry.object) as KubeObject;
        stop = startWatch(this.#core, request, {
          event: (type, entry) => onEvent({ type, object: shown(entry) }),
          bookmark: (revision) => onEvent({ type: 'BOOKMARK', object: bookmarkOf(resource, revision) }),
          error: (status) => reject(apiError(status)),
        });
        signal.addEventListener('abort', end, { once: true });
        if (options.timeoutSeconds !== undefined) {
          this.#core.clock.after(options.timeoutSeconds * 1000, end);
        }
      } catch (error) {
        reject(apiError(error));
      }
    });
  }

  raw(_method: string, path: string): Promise<{ status: number; body: string }> {
    return Promise.reject(
      new ApiError(501, 'NotImplemented', `the in-process client has no raw calls (${path})`),
    );
  }

  #request(resource: Resource, place: Place): ApiRequest {
    const found = this.#core.registry.find(resource.group, resource.version, resource.plural);
    if (found === undefined) throw pathNotFound();
    const { namespace, name, subresource } = place;
    return {
      resource: found,
      ...(namespace !== undefined && found.namespaced ? { namespace } : {}),
      ...(name === undefined ? {} : { name }),
      ...(subresource === undefined ? {} : { subresource }),
      user: this.#user,
      query: place.query ?? {},
      userAgent: this.#fieldManager,
      warnings: [],
    };
  }

  #writeQuery(options: WriteOptions): Record<string, string | undefined> {
    return {
      fieldManager: options.fieldManager ?? this.#fieldManager,
      dryRun: options.dryRun ? 'All' : undefined,
      fieldValidation: options.fieldValidation ?? 'Ignore',
    };
  }

  async #run<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw apiError(error);
    }
  }
}

function listQuery(options: ListOptions): Record<string, string | undefined> {
  return {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit === undefined ? undefined : String(options.limit),
    continue: options.continue,
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch,
  };
}

function bookmarkOf(resource: Resource, revision: number): KubeObject {
  const metadata = { name: '', resourceVersion: String(revision) };
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
}

function apiError(error: unknown): unknown {
  if (!(error instanceof StatusError)) return error;
  return new ApiError(error.code, error.reason, error.message, error.details);
}
