import { errorMessage, type Logger } from '../../../base/log.ts';
import type { ApiCore } from '../core.ts';
import type { ApiObject, Owner } from '../object.ts';
import { removeObject } from '../request/remove.ts';
import type { ApiRequest, WriteParameters } from '../request/request.ts';
import { updateObject } from '../request/write.ts';
import type { ApiResource } from '../resources/resource.ts';
import { cloneJson } from '../schema/json-value.ts';
import type { Change } from '../store/table.ts';
import { systemUser } from './system-user.ts';

interface Known {
  readonly resource: ApiResource;
  readonly key: string;
}

const parameters: WriteParameters = {
  dryRun: false,
  fieldManager: 'kube-controller-manager',
  fieldValidation: 'Ignore',
  force: true,
};

/**
 * Owner-reference garbage collection: dependents go when their last owner is gone (background), before it goes (foreground), or are let go
 * (orphan). The graph is kept up to date by every committed change.
 */
export class GarbageCollector {
  readonly #core: ApiCore;
  readonly #log: Logger;
  /** Every object by uid. */
  readonly #objects = new Map<string, Known>();
  /** uids of dependents by their owner's uid. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #watched = new Set<string>();
  readonly #queue = new Set<string>();
  #running = false;

  constructor(core: ApiCore, log: Logger) {
    this.#core = core;
    this.#log = log;
  }

  start(): void {
    this.#watchAll();
    this.#core.registry.onChange(() => this.#watchAll());
  }

  #watchAll(): void {
    for (const resource of this.#core.registry.stored()) {
      if (this.#watched.has(resource.table)) continue;
      this.#watched.add(resource.table);
      const table = this.#core.store.table(resource.table);
      for (const entry of table.list()) this.#learn(resource, { type: 'ADDED', revision: 0, entry });
      table.listen((change) => this.#learn(resource, change));
    }
  }

  /** A definition went away with its objects: its table will be a new one if it comes back. */
  forget(table: string): void {
    this.#watched.delete(table);
    for (const [uid, known] of this.#objects) if (known.resource.table === table) this.#objects.delete(uid);
  }

  #learn(resource: ApiResource, { type, entry, previous }: Change): void {
    const { metadata } = entry.object;
    const uid = metadata.uid as string;
    for (const owner of previous?.object.metadata.ownerReferences ?? []) {
      this.#dependents.get(owner.uid)?.delete(uid);
    }
    if (type === 'DELETED') {
      this.#objects.delete(uid);
      for (const dependent of this.#dependents.get(uid) ?? []) this.#enqueue(dependent);
      for (const owner of metadata.ownerReferences ?? []) this.#enqueue(owner.uid);
      this.#dependents.delete(uid);
      return;
    }
    this.#objects.set(uid, { resource, key: entry.key });
    for (const owner of metadata.ownerReferences ?? []) {
      const set = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, set.add(uid));
    }
    if (metadata.ownerReferences !== undefined || waits(entry.object)) this.#enqueue(uid);
  }

  #enqueue(uid: string): void {
    this.#queue.add(uid);
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    while (this.#queue.size > 0) {
      const [uid] = this.#queue as Set<string>;
      this.#queue.delete(uid as string);
      try {
        await this.#process(uid as string);
      } catch (error) {
        this.#log.error('garbage collection failed', { uid, error: errorMessage(error) });
      }
    }
    this.#running = false;
  }

  async #process(uid: string): Promise<void> {
    const known = this.#objects.get(uid);
    const object = known && this.#core.store.table(known.resource.table).get(known.key)?.object;
    if (known === undefined || object === undefined || object.metadata.uid !== uid) return;
    const finalizers = object.metadata.finalizers ?? [];
    if (object.metadata.deletionTimestamp !== undefined) {
      if (finalizers.includes('orphan')) return this.#orphan(known, object);
      if (finalizers.includes('foregroundDeletion')) return this.#foreground(known, object);
      return;
    }
    await this.#checkOwners(known, object);
  }

  async #checkOwners(known: Known, object: Readonly<ApiObject>): Promise<void> {
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    const solid = owners.filter((owner) => this.#exists(owner, object));
    if (solid.length === owners.length) return;
    if (solid.length > 0) {
      const gone = owners.filter((owner) => !solid.includes(owner)).map(({ uid }) => uid);
      return this.#dropOwners(known, object, gone);
    }
    const propagationPolicy = object.metadata.finalizers?.includes('orphan')
      ? 'Orphan'
      : object.metadata.finalizers?.includes('foregroundDeletion')
        ? 'Foreground'
        : 'Background';
    const preconditions = { uid: object.metadata.uid as string };
    await this.#remove(known, object, { propagationPolicy, preconditions });
  }

  /** An owner counts as present unless its uid is unknown while its kind is served. */
  #exists(owner: Owner, dependent: Readonly<ApiObject>): boolean {
    const found = this.#objects.get(owner.uid);
    if (found !== undefined) {
      const namespace = found.resource.namespaced ? found.key.split('/')[0] : undefined;
      return namespace === undefined || namespace === dependent.metadata.namespace;
    }
    return this.#core.registry.byKind(owner.apiVersion, owner.kind) === undefined;
  }

  async #orphan(known: Known, object: Readonly<ApiObject>): Promise<void> {
    const uid = object.metadata.uid as string;
    for (const dependent of [...(this.#dependents.get(uid) ?? [])]) {
      const other = this.#objects.get(dependent);
      const stored = other && this.#core.store.table(other.resource.table).get(other.key)?.object;
      if (other !== undefined && stored !== undefined) await this.#dropOwners(other, stored, [uid]);
    }
    await this.#dropFinalizer(known, object, 'orphan');
  }

  async #foreground(known: Known, object: Readonly<ApiObject>): Promise<void> {
    const uid = object.metadata.uid as string;
    let blocking = 0;
    for (const dependent of [...(this.#dependents.get(uid) ?? [])]) {
      const other = this.#objects.get(dependent);
      const stored = other && this.#core.store.table(other.resource.table).get(other.key)?.object;
      if (other === undefined || stored === undefined) continue;
      const owners = stored.metadata.ownerReferences ?? [];
      const blocks = owners.find((owner) => owner.uid === uid)?.blockOwnerDeletion === true;
      const others = owners.filter((owner) => owner.uid !== uid && this.#exists(owner, stored));
      if (others.length > 0) {
        await this.#dropOwners(other, stored, [uid]);
        continue;
      }
      if (stored.metadata.deletionTimestamp === undefined) {
        await this.#remove(other, stored, { propagationPolicy: 'Foreground' });
      }
      const left = this.#core.store.table(other.resource.table).get(other.key)?.object;
      if (blocks && left?.metadata.uid === dependent) blocking++;
    }
    if (blocking === 0) await this.#dropFinalizer(known, object, 'foregroundDeletion');
  }

  async #remove(known: Known, object: Readonly<ApiObject>, options: object): Promise<void> {
    await removeObject(this.#core, this.#request(known, object), object.metadata.name, options, parameters);
  }

  async #dropOwners(known: Known, object: Readonly<ApiObject>, uids: readonly string[]): Promise<void> {
    await this.#change(known, object, (draft) => {
      const left = (draft.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.includes(uid));
      if (left.length > 0) draft.metadata.ownerReferences = left;
      else delete draft.metadata.ownerReferences;
    });
  }

  async #dropFinalizer(known: Known, object: Readonly<ApiObject>, name: string): Promise<void> {
    await this.#change(known, object, (draft) => {
      const left = (draft.metadata.finalizers ?? []).filter((one) => one !== name);
      if (left.length > 0) draft.metadata.finalizers = left;
      else delete draft.metadata.finalizers;
    });
  }

  async #change(known: Known, object: Readonly<ApiObject>, edit: (draft: ApiObject) => void): Promise<void> {
    if (this.#core.store.table(known.resource.table).get(known.key) === undefined) return;
    await updateObject(
      this.#core,
      this.#request(known, object),
      object.metadata.name,
      (current) => {
        const draft = cloneJson(current) as ApiObject;
        edit(draft);
        return draft;
      },
      parameters,
    );
  }

  #request({ resource }: Known, object: Readonly<ApiObject>): ApiRequest {
    const { namespace } = object.metadata;
    return {
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      user: systemUser('generic-garbage-collector'),
      query: {},
      userAgent: 'kube-controller-manager',
      warnings: [],
    };
  }
}

function waits(object: Readonly<ApiObject>): boolean {
  const { deletionTimestamp, finalizers } = object.metadata;
  if (deletionTimestamp === undefined) return false;
  return (finalizers ?? []).some((name) => name === 'orphan' || name === 'foregroundDeletion');
}
