import type { KubeObject } from '../../api/object.ts';
import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  PatchType,
  Resource,
  Subresource,
  WatchEvent,
  WriteOptions,
} from '../client.ts';
import { ApiError } from '../client.ts';
import { apiVersionOf, keyOf, resources } from '../resource.ts';

type Json = Record<string, unknown>;

interface Watcher {
  readonly collection: string;
  readonly matches: (object: KubeObject) => boolean;
  readonly send: (event: WatchEvent) => void;
}

/** One call as the fake saw it: `apply apps/deployments istio-system/istiod`. */
export interface SeenCall {
  readonly verb: string;
  readonly collection: string;
  readonly key: string;
  readonly dryRun: boolean;
}

/**
 * A small API server in memory for unit tests: versions, conflicts, watches with history, merge patch, status subresource, finalizers,
 * owner-reference garbage collection, and server-side apply that removes what its manager no longer sends. No schemas, no admission.
 */
export class FakeKubeClient implements KubeClient {
  readonly calls: SeenCall[] = [];
  /** Throws from here fail the call that is about to run. */
  beforeCall: ((call: SeenCall) => void) | undefined;
  /** Answer of `raw`; by default discovery of the kinds in `served`. */
  served: Resource[] = Object.values(resources);
  readonly #collections = new Map<string, Map<string, KubeObject>>();
  readonly #applied = new Map<string, Json>();
  readonly #watchers = new Set<Watcher>();
  readonly #history: { collection: string; version: number; event: WatchEvent }[] = [];
  #version = 0;
  #oldest = 0;

  /** Puts an object there as another client would. */
  seed(resource: Resource, object: KubeObject): KubeObject {
    return this.#store(resource, structuredClone(object), undefined);
  }

  /** The object as stored, or undefined. */
  peek(resource: Resource, name: string, namespace?: string): KubeObject | undefined {
    return this.#collection(resource).get(namespace === undefined ? name : `${namespace}/${name}`);
  }

  all(resource: Resource): KubeObject[] {
    return [...this.#collection(resource).values()];
  }

  /** Ends all watches as a restarting server does. */
  dropWatches(failure?: Error): void {
    for (const watcher of [...this.#watchers])
      (watcher as Watcher & { end: (f?: Error) => void }).end(failure);
  }

  /** Forgets the history, so that watches from an old version get 410 Gone. */
  compact(): void {
    this.#oldest = this.#version;
    this.#history.length = 0;
  }

  async get(
    resource: Resource,
    name: string,
    namespace?: string,
    _subresource?: Subresource,
  ): Promise<KubeObject> {
    this.#seen('get', resource, key(resource, name, namespace));
    return structuredClone(this.#must(resource, name, namespace));
  }

  async list(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<{ items: KubeObject[]; resourceVersion: string }> {
    this.#seen('list', resource, '');
    const items = this.all(resource).filter((object) => selects(options, object));
    return { items: structuredClone(items), resourceVersion: String(this.#version) };
  }

  async create(resource: Resource, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    this.#seen('create', resource, keyOf(object), options);
    if (this.#collection(resource).has(keyOf(object))) {
      throw new ApiError(409, 'AlreadyExists', `${resource.plural} "${object.metadata.name}" already exists`);
    }
    return structuredClone(this.#store(resource, structuredClone(object), undefined, options));
  }

  async replace(
    resource: Resource,
    object: KubeObject,
    options: WriteOptions & { subresource?: Subresource } = {},
  ): Promise<KubeObject> {
    this.#seen(
      options.subresource === 'status' ? 'replace-status' : 'replace',
      resource,
      keyOf(object),
      options,
    );
    const old = this.#must(resource, object.metadata.name, object.metadata.namespace);
    const sent = object.metadata.resourceVersion;
    if (sent !== undefined && sent !== old.metadata.resourceVersion) {
      throw new ApiError(
        409,
        'Conflict',
        'the object has been modified; please apply your changes to the latest version',
      );
    }
    return structuredClone(
      this.#store(resource, narrowed(old, structuredClone(object), options.subresource), old, options),
    );
  }

  async patch(
    resource: Resource,
    name: string,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { namespace?: string; subresource?: Subresource } = {},
  ): Promise<KubeObject> {
    this.#seen(
      options.subresource === 'status' ? 'patch-status' : 'patch',
      resource,
      key(resource, name, options.namespace),
      options,
    );
    if (type !== 'merge') throw new Error(`the fake speaks merge patches only, not ${type}`);
    const old = this.#must(resource, name, options.namespace);
    const sent = (patch as KubeObject).metadata?.resourceVersion;
    if (sent !== undefined && sent !== old.metadata.resourceVersion)
      throw new ApiError(409, 'Conflict', 'the object has been modified');
    const merged = mergePatch(
      structuredClone(old) as unknown as Json,
      patch as Json,
    ) as unknown as KubeObject;
    return structuredClone(this.#store(resource, narrowed(old, merged, options.subresource), old, options));
  }

  async apply(
    resource: Resource,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: Subresource },
  ): Promise<KubeObject> {
    this.#seen('apply', resource, keyOf(object), options);
    const id = `${collectionOf(resource)} ${keyOf(object)} ${options.fieldManager}`;
    const old = this.#collection(resource).get(keyOf(object));
    const sent = structuredClone(object) as unknown as Json;
    const base = old === undefined ? {} : (structuredClone(old) as unknown as Json);
    const before = old === undefined ? undefined : this.#applied.get(id);
    if (before !== undefined) removeUnsent(base, before, sent);
    const merged = mergeApplied(base, sent) as unknown as KubeObject;
    if (options.dryRun !== true) this.#applied.set(id, sent);
    return structuredClone(this.#store(resource, merged, old, options));
  }

  async delete(resource: Resource, name: string, options: DeleteOptions = {}): Promise<void> {
    this.#seen('delete', resource, key(resource, name, options.namespace));
    const old = this.#must(resource, name, options.namespace);
    if (options.preconditions?.uid !== undefined && options.preconditions.uid !== old.metadata.uid) {
      throw new ApiError(409, 'Conflict', 'the UID in the precondition does not match');
    }
    if ((old.metadata.finalizers ?? []).length > 0) {
      if (old.metadata.deletionTimestamp !== undefined) return;
      const marked = structuredClone(old);
      marked.metadata.deletionTimestamp = new Date(0).toISOString();
      this.#store(resource, marked, old);
      return;
    }
    this.#remove(resource, old);
  }

  async watch(
    resource: Resource,
    options: ListOptions & { allowWatchBookmarks?: boolean; timeoutSeconds?: number },
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#seen('watch', resource, '');
    const from = Number(options.resourceVersion ?? this.#version);
    if (from < this.#oldest) throw new ApiError(410, 'Expired', 'too old resource version');
    const collection = collectionOf(resource);
    const matches = (object: KubeObject) => selects(options, object);
    for (const entry of this.#history) {
      if (entry.version > from && entry.collection === collection && matches(entry.event.object))
        onEvent(structuredClone(entry.event));
    }
    return new Promise((resolve, reject) => {
      const watcher = { collection, matches, send: onEvent, end: (failure?: Error) => end(failure) };
      const end = (failure?: Error) => {
        this.#watchers.delete(watcher);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      signal.addEventListener('abort', () => end(), { once: true });
      this.#watchers.add(watcher);
    });
  }

  async raw(_method: string, path: string): Promise<{ status: number; body: string }> {
    const version = path.replace(/^\/apis?\//, '');
    const found = this.served.filter((resource) => apiVersionOf(resource) === version);
    if (found.length === 0) return { status: 404, body: '' };
    const list = found.map(({ plural, kind, namespaced }) => ({ name: plural, kind, namespaced }));
    return { status: 200, body: JSON.stringify({ kind: 'APIResourceList', resources: list }) };
  }

  #seen(verb: string, resource: Resource, objectKey: string, options: WriteOptions = {}): void {
    const call = {
      verb,
      collection: collectionOf(resource),
      key: objectKey,
      dryRun: options.dryRun === true,
    };
    this.calls.push(call);
    this.beforeCall?.(call);
  }

  #collection(resource: Resource): Map<string, KubeObject> {
    const name = collectionOf(resource);
    let found = this.#collections.get(name);
    if (found === undefined) {
      found = new Map();
      this.#collections.set(name, found);
    }
    return found;
  }

  #must(resource: Resource, name: string, namespace?: string): KubeObject {
    const found = this.peek(resource, name, namespace);
    if (found === undefined) throw new ApiError(404, 'NotFound', `${resource.plural} "${name}" not found`);
    return found;
  }

  #store(
    resource: Resource,
    object: KubeObject,
    old: KubeObject | undefined,
    options: WriteOptions = {},
  ): KubeObject {
    const { metadata } = object;
    metadata.uid = old?.metadata.uid ?? `uid-${this.#version + 1}`;
    metadata.creationTimestamp = old?.metadata.creationTimestamp ?? new Date(0).toISOString();
    const changed = old === undefined || JSON.stringify(specOf(old)) !== JSON.stringify(specOf(object));
    metadata.generation = (old?.metadata.generation ?? 0) + (changed ? 1 : 0);
    if (old !== undefined) metadata.resourceVersion = old.metadata.resourceVersion as string;
    if (old !== undefined && JSON.stringify(old) === JSON.stringify(object)) return old;
    if (options.dryRun === true) return object;
    metadata.resourceVersion = String(++this.#version);
    if (metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0) {
      this.#remove(resource, object);
      return object;
    }
    this.#collection(resource).set(keyOf(object), object);
    this.#publish(resource, { type: old === undefined ? 'ADDED' : 'MODIFIED', object });
    return object;
  }

  #remove(resource: Resource, object: KubeObject): void {
    this.#collection(resource).delete(keyOf(object));
    const gone = structuredClone(object);
    gone.metadata.resourceVersion = String(++this.#version);
    this.#publish(resource, { type: 'DELETED', object: gone });
    for (const served of this.served) {
      for (const other of this.all(served)) {
        if (other.metadata.ownerReferences?.some((owner) => owner.uid === object.metadata.uid))
          this.#remove(served, other);
      }
    }
  }

  #publish(resource: Resource, event: WatchEvent): void {
    const collection = collectionOf(resource);
    this.#history.push({ collection, version: this.#version, event: structuredClone(event) });
    for (const watcher of [...this.#watchers]) {
      if (watcher.collection === collection && watcher.matches(event.object))
        watcher.send(structuredClone(event));
    }
  }
}

function collectionOf(resource: Resource): string {
  return `${apiVersionOf(resource)}/${resource.plural}`;
}

function key(resource: Resource, name: string, namespace?: string): string {
  return resource.namespaced && namespace !== undefined ? `${namespace}/${name}` : name;
}

function specOf(object: KubeObject): unknown {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}

/** A status write changes the status only, any other write everything but the status. */
function narrowed(old: KubeObject, sent: KubeObject, subresource: Subresource | undefined): KubeObject {
  if (subresource === 'status') return { ...structuredClone(old), status: sent.status };
  return old.status === undefined ? sent : { ...sent, status: old.status };
}

function selects(options: ListOptions, object: KubeObject): boolean {
  if (options.namespace !== undefined && object.metadata.namespace !== options.namespace) return false;
  if (
    options.fieldSelector !== undefined &&
    options.fieldSelector !== `metadata.name=${object.metadata.name}`
  )
    return false;
  const labels = object.metadata.labels ?? {};
  return (options.labelSelector ?? '')
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [name, value] = term.split('=') as [string, string | undefined];
      return value === undefined ? name in labels : labels[name] === value;
    });
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mergePatch(target: Json, patch: Json): Json {
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete target[name];
    else if (isMap(value)) target[name] = mergePatch(isMap(target[name]) ? target[name] : {}, value);
    else target[name] = value;
  }
  return target;
}

/** Lists whose entries have names are merged by name, all others replaced. */
function mergeApplied(target: Json, sent: Json): Json {
  for (const [name, value] of Object.entries(sent)) {
    const old = target[name];
    if (isMap(value)) target[name] = mergeApplied(isMap(old) ? old : {}, value);
    else if (isNamedList(value) && isNamedList(old)) target[name] = mergeNamed(old, value);
    else target[name] = structuredClone(value);
  }
  return target;
}

function isNamedList(value: unknown): value is (Json & { name: string })[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((entry) => isMap(entry) && typeof entry['name'] === 'string')
  );
}

function mergeNamed(old: (Json & { name: string })[], sent: (Json & { name: string })[]): Json[] {
  const merged = old.map((entry) => {
    const found = sent.find((other) => other.name === entry.name);
    return found === undefined ? entry : mergeApplied(entry, found);
  });
  return [
    ...merged,
    ...sent.filter((entry) => !old.some((other) => other.name === entry.name)).map((e) => structuredClone(e)),
  ];
}

function removeUnsent(target: Json, before: Json, sent: Json): void {
  for (const [name, value] of Object.entries(before)) {
    if (!(name in sent)) delete target[name];
    else if (isMap(value) && isMap(sent[name]) && isMap(target[name]))
      removeUnsent(target[name], value, sent[name]);
    else if (isNamedList(value) && isNamedList(sent[name]) && isNamedList(target[name])) {
      const kept = sent[name];
      const dropped = value.filter((entry) => !kept.some((other) => other.name === entry.name));
      target[name] = target[name].filter((entry) => !dropped.some((other) => other.name === entry.name));
    }
  }
}
