import { randomUUID } from 'node:crypto';
import { ApiError, type KubeClient, type Resource } from '../../kube/client.ts';
import type { LocalApi, ObjectChange } from '../api/local-api.ts';
import type { ApiObject } from '../api/object.ts';
import { asObject } from '../api/object.ts';

/** Just enough of a LocalApi for tests of the controllers and the node: storage, subscriptions and merge patches, no validation. */
export class MemoryApi {
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #listeners = new Map<string, Set<(change: ObjectChange) => void>>();
  #version = 0;
  /** Every write, as `create pods/default/a`. */
  readonly writes: string[] = [];

  get api(): LocalApi {
    const unsupported = () => Promise.reject(new Error('not part of the test API'));
    return {
      url: 'https://127.0.0.1:1',
      caCertificate: '',
      kubeconfig: '',
      client: () => this.client,
      read: (resource, name, namespace) => this.#of(resource).get(key(name, namespace)),
      readAll: (resource, namespace) =>
        [...this.#of(resource).values()].filter(
          ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
        ),
      subscribe: (resource, onChange) => {
        for (const object of this.#of(resource).values()) onChange({ type: 'ADDED', object });
        const listeners = this.#listeners.get(resource.plural) ?? new Set();
        this.#listeners.set(resource.plural, listeners.add(onChange));
        return () => void listeners.delete(onChange);
      },
      resourceOf: (_apiVersion, kind) => ({
        group: 'apps',
        version: 'v1',
        kind,
        plural: `${kind.toLowerCase()}s`,
        namespaced: true,
      }),
      issueToken: async () => ({
        token: `token-${++this.#version}`,
        expirationTimestamp: '2040-01-01T00:00:00Z',
      }),
      setNodeBackend: () => undefined,
      setServiceResolver: () => undefined,
      close: unsupported as () => Promise<void>,
    };
  }

  get client(): KubeClient {
    const unsupported = () => Promise.reject(new Error('not part of the test API'));
    return {
      get: async (resource, name, namespace) => this.#need(resource, name, namespace) as never,
      list: async (resource) => ({
        items: [...this.#of(resource).values()] as never[],
        resourceVersion: String(this.#version),
      }),
      create: async (resource, object) => this.create(resource, object as ApiObject) as never,
      replace: async (resource, object) => {
        const { name, namespace } = object.metadata;
        this.#note('replace', resource, name, namespace);
        const old = this.#need(resource, name, namespace);
        const metadata = { ...old.metadata, ...object.metadata };
        return this.#store(resource, {
          ...old,
          ...object,
          status: old.status,
          metadata,
        } as ApiObject) as never;
      },
      patch: async (resource, name, _type, patch, options) => {
        this.#note(
          `patch${options?.subresource ? `-${options.subresource}` : ''}`,
          resource,
          name,
          options?.namespace,
        );
        return this.patch(resource, name, patch, options?.namespace) as never;
      },
      apply: unsupported,
      delete: async (resource, name, options) => {
        this.#note('delete', resource, name, options?.namespace);
        this.#need(resource, name, options?.namespace);
        this.remove(resource, name, options?.namespace);
      },
      watch: unsupported,
      raw: unsupported,
    };
  }

  create(resource: Resource, given: ApiObject): ApiObject {
    if (resource.plural === 'bindings') {
      const { name: pod, namespace } = given.metadata;
      const nodeName = (given['target'] as { name: string }).name;
      return this.patch({ ...resource, plural: 'pods' }, pod, { spec: { nodeName } }, namespace);
    }
    const name =
      given.metadata.name ??
      `${given.metadata.generateName}${(++this.#version).toString(36).padStart(5, '0')}`;
    this.#note('create', resource, name, given.metadata.namespace);
    if (this.#of(resource).has(key(name, given.metadata.namespace))) {
      throw new ApiError(409, 'AlreadyExists', `${resource.plural} "${name}" already exists`);
    }
    const metadata = {
      uid: randomUUID(),
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...given.metadata,
      name,
    };
    return this.#store(resource, { ...structuredClone(given), metadata });
  }

  /** A merge patch; a change of the spec counts the generation up. */
  patch(resource: Resource, name: string, patch: unknown, namespace?: string): ApiObject {
    const old = this.#need(resource, name, namespace);
    const next = mergePatch(old, patch) as ApiObject;
    if (JSON.stringify(old.spec) !== JSON.stringify(next.spec)) {
      next.metadata = { ...next.metadata, generation: (old.metadata.generation ?? 0) + 1 };
    }
    return this.#store(resource, next);
  }

  remove(resource: Resource, name: string, namespace?: string): void {
    const object = this.#of(resource).get(key(name, namespace));
    if (object === undefined) return;
    this.#of(resource).delete(key(name, namespace));
    this.#tell(resource, { type: 'DELETED', object, previous: object });
  }

  all(resource: Resource): ApiObject[] {
    return [...this.#of(resource).values()];
  }

  #of(resource: Resource): Map<string, ApiObject> {
    const objects = this.#objects.get(resource.plural) ?? new Map<string, ApiObject>();
    this.#objects.set(resource.plural, objects);
    return objects;
  }

  #need(resource: Resource, name: string, namespace?: string): ApiObject {
    const object = this.#of(resource).get(key(name, namespace));
    if (object === undefined) throw new ApiError(404, 'NotFound', `${resource.plural} "${name}" not found`);
    return object;
  }

  #store(resource: Resource, object: ApiObject): ApiObject {
    const { name, namespace } = object.metadata;
    const previous = this.#of(resource).get(key(name, namespace));
    object.metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#of(resource).set(key(name, namespace), object);
    this.#tell(resource, previous ? { type: 'MODIFIED', object, previous } : { type: 'ADDED', object });
    return object;
  }

  #tell(resource: Resource, change: ObjectChange): void {
    for (const listener of this.#listeners.get(resource.plural) ?? []) listener(change);
  }

  #note(verb: string, resource: Resource, name: string, namespace?: string): void {
    this.writes.push(`${verb} ${resource.plural}/${key(name, namespace)}`);
  }
}

function key(name: string, namespace?: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function mergePatch(target: unknown, patch: unknown): unknown {
  const changes = asObject(patch);
  if (changes === undefined) return patch;
  const out = { ...asObject(target) };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete out[name];
    else out[name] = mergePatch(out[name], value);
  }
  return out;
}
