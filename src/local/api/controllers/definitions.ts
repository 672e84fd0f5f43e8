import { errorMessage, type Logger } from '../../../base/log.ts';
import { type ApiCore, timestamp } from '../core.ts';
import { customResources } from '../crd/custom-resource.ts';
import { type ApiObject, asList, type Fields } from '../object.ts';
import { removeObject } from '../request/remove.ts';
import type { ApiRequest, WriteParameters } from '../request/request.ts';
import { updateObject } from '../request/write.ts';
import type { ApiResource } from '../resources/resource.ts';
import { cloneJson, equalJson } from '../schema/json-value.ts';
import { systemUser } from './system-user.ts';

const tableName = 'apiextensions.k8s.io/customresourcedefinitions';
const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

const parameters: WriteParameters = {
  dryRun: false,
  fieldManager: 'kube-apiserver',
  fieldValidation: 'Ignore',
  force: true,
};

/** Serves what CustomResourceDefinitions define, tells so in their status, and empties them when they are deleted. */
export class DefinitionController {
  readonly #core: ApiCore;
  readonly #log: Logger;
  readonly #onGone: (table: string) => void;
  readonly #served = new Map<string, readonly ApiResource[]>();
  readonly #specs = new Map<string, unknown>();

  constructor(core: ApiCore, log: Logger, onGone: (table: string) => void) {
    this.#core = core;
    this.#log = log;
    this.#onGone = onGone;
  }

  start(): void {
    const table = this.#core.store.table(tableName);
    for (const { object } of table.list()) this.#serve(object);
    table.listen(({ type, entry }) => {
      if (type === 'DELETED') this.#withdraw(entry.object);
      else this.#serve(entry.object);
    });
  }

  /** Registers the definition in the turn of its write, then writes its status. */
  #serve(definition: Readonly<ApiObject>): void {
    const fault = this.#nameFault(definition);
    if (fault === undefined) {
      const spec = definition.spec as Fields;
      const resources = customResources(definition);
      const plural = (spec['names'] as Fields)['plural'] as string;
      if (!this.#unchanged(definition)) {
        this.#core.registry.setCustom(spec['group'] as string, plural, resources);
        this.#served.set(definition.metadata.name, resources);
        this.#specs.set(definition.metadata.name, definition.spec);
      }
    }
    queueMicrotask(() => {
      const work =
        definition.metadata.deletionTimestamp === undefined
          ? this.#report(definition, fault)
          : this.#empty(definition);
      work.catch((error: unknown) =>
        this.#log.error('definition sync failed', {
          name: definition.metadata.name,
          error: errorMessage(error),
        }),
      );
    });
  }

  #unchanged(definition: Readonly<ApiObject>): boolean {
    return equalJson(this.#specs.get(definition.metadata.name), definition.spec);
  }

  #withdraw(definition: Readonly<ApiObject>): void {
    const spec = definition.spec as Fields;
    const plural = (spec['names'] as Fields)['plural'] as string;
    const group = spec['group'] as string;
    if (!this.#served.delete(definition.metadata.name)) return;
    this.#specs.delete(definition.metadata.name);
    this.#core.registry.setCustom(group, plural, []);
    this.#onGone(`${group}/${plural}`);
  }

  /** Why the names cannot be accepted: another definition of the group has them. */
  #nameFault(definition: Readonly<ApiObject>): string | undefined {
    const spec = definition.spec as Fields;
    const names = spec['names'] as Fields;
    for (const other of this.#core.registry.all()) {
      if (other.group !== spec['group'] || other.plural === names['plural']) continue;
      for (const field of ['kind', 'listKind'] as const) {
        if (other[field] === names[field]) return `"${names[field]}" is already in use`;
      }
      const taken = [other.plural, other.singular, ...other.shortNames];
      const wanted = [names['singular'], ...asList(names['shortNames'])];
      const clash = wanted.find((name) => taken.includes(name as string));
      if (clash !== undefined) return `"${clash}" is already in use`;
    }
    return undefined;
  }

  async #report(definition: Readonly<ApiObject>, fault: string | undefined): Promise<void> {
    const { name } = definition.metadata;
    const now = timestamp(this.#core.clock);
    const accepted = fault === undefined;
    const conditions = [
      condition(
        'NamesAccepted',
        accepted,
        accepted ? 'NoConflicts' : 'NameConflict',
        fault ?? 'no conflicts found',
        now,
      ),
      condition(
        'Established',
        accepted,
        accepted ? 'InitialNamesAccepted' : 'NotAccepted',
        accepted ? 'the initial names have been accepted' : 'not all names are accepted',
        now,
      ),
    ];
    const request = this.#request(definition);
    await updateObject(
      this.#core,
      { ...request, subresource: 'status' },
      name,
      (current) => {
        const draft = cloneJson(current) as ApiObject;
        const status = (draft.status ?? {}) as Fields;
        status['conditions'] = mergeConditions(asList(status['conditions']) as Fields[], conditions);
        if (accepted) status['acceptedNames'] = cloneJson((draft.spec as Fields)['names']);
        draft.status = status;
        return draft;
      },
      parameters,
    ).catch(ignoreMissing);
    if (definition.metadata.finalizers?.includes(cleanup)) return;
    await updateObject(
      this.#core,
      request,
      name,
      (current) => {
        const draft = cloneJson(current) as ApiObject;
        const finalizers = draft.metadata.finalizers ?? [];
        if (draft.metadata.deletionTimestamp === undefined && !finalizers.includes(cleanup)) {
          draft.metadata.finalizers = [...finalizers, cleanup];
        }
        return draft;
      },
      parameters,
    ).catch(ignoreMissing);
  }

  /** Deletes all instances, then lets the definition go. */
  async #empty(definition: Readonly<ApiObject>): Promise<void> {
    if (!definition.metadata.finalizers?.includes(cleanup)) return;
    const [resource] = this.#served.get(definition.metadata.name) ?? [];
    if (resource !== undefined) {
      const table = this.#core.store.table(resource.table);
      for (const { object } of table.list()) await this.#removeInstance(resource, object);
      if (table.size > 0) {
        const stop = table.listen(({ type }) => {
          if (type !== 'DELETED' || table.size > 0) return;
          stop();
          queueMicrotask(() => void this.#release(definition));
        });
        return;
      }
    }
    await this.#release(definition);
  }

  async #removeInstance(resource: ApiResource, object: Readonly<ApiObject>): Promise<void> {
    const { namespace } = object.metadata;
    const request = {
      ...this.#request(object),
      resource,
      ...(namespace === undefined ? {} : { namespace }),
    };
    await removeObject(this.#core, request, object.metadata.name, {}, parameters).catch(() => undefined);
  }

  async #release(definition: Readonly<ApiObject>): Promise<void> {
    await updateObject(
      this.#core,
      this.#request(definition),
      definition.metadata.name,
      (current) => {
        const draft = cloneJson(current) as ApiObject;
        const left = (draft.metadata.finalizers ?? []).filter((name) => name !== cleanup);
        if (left.length > 0) draft.metadata.finalizers = left;
        else delete draft.metadata.finalizers;
        return draft;
      },
      parameters,
    ).catch(ignoreMissing);
  }

  #request(_definition: Readonly<ApiObject>): ApiRequest {
    const resource = this.#core.registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    return {
      resource: resource as ApiResource,
      user: systemUser('apiextensions'),
      query: {},
      userAgent: 'kube-apiserver',
      warnings: [],
    };
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as { code?: number }).code !== 404) throw error;
}

function condition(type: string, ok: boolean, reason: string, message: string, now: string): Fields {
  return { type, status: ok ? 'True' : 'False', lastTransitionTime: now, reason, message };
}

/** The wanted conditions, with the time of those that did not turn. */
function mergeConditions(present: readonly Fields[], wanted: readonly Fields[]): Fields[] {
  const types = new Set(wanted.map(({ type }) => type));
  const kept = wanted.map((one) => {
    const old = present.find(({ type }) => type === one['type']);
    return old !== undefined && old['status'] === one['status']
      ? { ...one, lastTransitionTime: old['lastTransitionTime'] }
      : one;
  });
  return [...kept, ...present.filter(({ type }) => !types.has(type))];
}
