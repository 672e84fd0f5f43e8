import { type ApiResource, apiVersionOf } from './resource.ts';

/** The resources served at present: built-in ones, and custom ones as their definitions come and go. */
export class ResourceRegistry {
  readonly #byPath = new Map<string, ApiResource>();
  readonly #byKind = new Map<string, ApiResource>();
  readonly #listeners = new Set<() => void>();
  /** Raised by every change; caches of discovery and OpenAPI compare it. */
  generation = 0;

  constructor(resources: readonly ApiResource[]) {
    for (const resource of resources) this.#add(resource);
  }

  /** By `group/version/plural` parts; undefined when it is not served. */
  find(group: string, version: string, plural: string): ApiResource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  byKind(apiVersion: string, kind: string): ApiResource | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** Any served version of a kind of a group. */
  byGroupKind(group: string, kind: string): ApiResource | undefined {
    return this.all().find((resource) => resource.group === group && resource.kind === kind);
  }

  all(): ApiResource[] {
    return [...this.#byPath.values()];
  }

  /** One resource per store table, for walks over every object: the version that objects are stored in, where it is served. */
  stored(): ApiResource[] {
    const byTable = new Map<string, ApiResource>();
    for (const resource of this.#byPath.values()) {
      if (!resource.verbs.includes('list')) continue;
      const isStorage = apiVersionOf(resource) === resource.storageVersion;
      if (isStorage || !byTable.has(resource.table)) byTable.set(resource.table, resource);
    }
    return [...byTable.values()];
  }

  /** Replaces the served versions of one custom kind; an empty list takes it away. */
  setCustom(group: string, plural: string, resources: readonly ApiResource[]): void {
    for (const [path, resource] of this.#byPath) {
      if (resource.custom && resource.group === group && resource.plural === plural) {
        this.#byPath.delete(path);
        this.#byKind.delete(`${apiVersionOf(resource)}/${resource.kind}`);
      }
    }
    for (const resource of resources) this.#add(resource);
    this.generation++;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #add(resource: ApiResource): void {
    this.#byPath.set(`${apiVersionOf(resource)}/${resource.plural}`.replace(/^(v\d+)\//, '/$1/'), resource);
    this.#byKind.set(`${apiVersionOf(resource)}/${resource.kind}`, resource);
  }
}
