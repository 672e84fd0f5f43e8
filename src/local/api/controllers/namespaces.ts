import type { Logger } from '../../../base/log.ts';
import { errorMessage } from '../../../base/log.ts';
import type { ApiCore } from '../core.ts';
import type { ApiObject, Fields } from '../object.ts';
import { removeObject } from '../request/remove.ts';
import type { ApiRequest, WriteParameters } from '../request/request.ts';
import { createObject, updateObject } from '../request/write.ts';
import { apiVersionOf, keyOf } from '../resources/resource.ts';
import { cloneJson } from '../schema/json-value.ts';
import type { Table } from '../store/table.ts';
import { systemUser } from './system-user.ts';

const parameters: WriteParameters = {
  dryRun: false,
  fieldManager: 'kube-controller-manager',
  fieldValidation: 'Ignore',
  force: true,
};

/** Gives every namespace its default ServiceAccount and CA ConfigMap, and empties those that are being deleted. */
export class NamespaceController {
  readonly #core: ApiCore;
  readonly #caCertificate: string;
  readonly #log: Logger;
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #watched = new WeakSet<Table>();

  constructor(core: ApiCore, caCertificate: string, log: Logger) {
    this.#core = core;
    this.#caCertificate = caCertificate;
    this.#log = log;
  }

  start(): void {
    const table = this.#core.store.table('/namespaces');
    for (const { object } of table.list()) this.#mark(object.metadata.name);
    table.listen(({ type, entry }) => {
      if (type !== 'DELETED') this.#mark(entry.object.metadata.name);
    });
    this.#watchContent();
    this.#core.registry.onChange(() => this.#watchContent());
  }

  /** A terminating namespace goes with the last object in it, of whatever kind; what every namespace has comes back. */
  #watchContent(): void {
    for (const resource of this.#core.registry.stored()) {
      const table = this.#core.store.table(resource.table);
      if (!resource.namespaced || this.#watched.has(table)) continue;
      this.#watched.add(table);
      const furniture = resource.table === '/serviceaccounts' || resource.table === '/configmaps';
      table.listen(({ type, entry }) => {
        const { namespace } = entry.object.metadata;
        if (type === 'DELETED' && namespace && (furniture || this.#isTerminating(namespace)))
          this.#mark(namespace);
      });
    }
  }

  #isTerminating(namespace: string): boolean {
    const found = this.#core.store.table('/namespaces').get(namespace)?.object;
    return found?.metadata.deletionTimestamp !== undefined;
  }

  #mark(name: string): void {
    if (this.#working.has(name)) {
      this.#again.add(name);
      return;
    }
    this.#working.add(name);
    queueMicrotask(() => {
      this.#sync(name)
        .catch((error: unknown) =>
          this.#log.error('namespace sync failed', { namespace: name, error: errorMessage(error) }),
        )
        .finally(() => {
          this.#working.delete(name);
          if (this.#again.delete(name)) this.#mark(name);
        });
    });
  }

  async #sync(name: string): Promise<void> {
    const namespace = this.#core.store.table('/namespaces').get(name)?.object;
    if (namespace === undefined) return;
    if (namespace.metadata.deletionTimestamp === undefined) await this.#furnish(name);
    else await this.#empty(name);
  }

  async #furnish(namespace: string): Promise<void> {
    await this.#ensure('serviceaccounts', namespace, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default' },
    });
    await this.#ensure('configmaps', namespace, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'kube-root-ca.crt',
        annotations: {
          'kubernetes.io/description':
            'Contains a CA bundle that can be used to verify the API server of this cluster.',
        },
      },
      data: { 'ca.crt': this.#caCertificate },
    });
  }

  async #ensure(plural: string, namespace: string, object: ApiObject): Promise<void> {
    const { store } = this.#core;
    const existing = store.table(`/${plural}`).get(keyOf(namespace, object.metadata.name))?.object;
    const request = this.#request('', 'v1', plural, namespace);
    if (request === undefined) return;
    if (existing === undefined) {
      await createObject(this.#core, request, object, parameters);
    } else if (
      object['data'] !== undefined &&
      JSON.stringify(existing['data']) !== JSON.stringify(object['data'])
    ) {
      await updateObject(
        this.#core,
        request,
        object.metadata.name,
        (current) => ({ ...(cloneJson(current) as ApiObject), data: object['data'] }),
        parameters,
      );
    }
  }

  /** Deletes all content; the namespace goes when nothing is left and nobody else holds it. */
  async #empty(namespace: string): Promise<void> {
    let left = 0;
    for (const resource of this.#core.registry.stored()) {
      if (!resource.namespaced) continue;
      for (const { object } of this.#core.store.table(resource.table).list(namespace)) {
        left++;
        if (object.metadata.deletionTimestamp !== undefined && resource.table !== '/pods') continue;
        const request = this.#request(resource.group, resource.version, resource.plural, namespace);
        if (request === undefined) continue;
        const removed = await removeObject(
          this.#core,
          request,
          object.metadata.name,
          object.metadata.deletionTimestamp === undefined ? { propagationPolicy: 'Background' } : {},
          parameters,
        ).catch(() => undefined);
        if (removed?.gone) left--;
      }
    }
    if (left > 0) {
      await this.#report(namespace, left);
      return;
    }
    await this.#finalize(namespace);
  }

  async #finalize(namespace: string): Promise<void> {
    const request = this.#request('', 'v1', 'namespaces');
    if (request === undefined) return;
    await updateObject(
      this.#core,
      { ...request, subresource: 'finalize' },
      namespace,
      (current) => {
        const draft = cloneJson(current) as ApiObject;
        const spec = (draft.spec ?? {}) as Fields;
        const left = ((spec['finalizers'] ?? []) as string[]).filter((name) => name !== 'kubernetes');
        draft.spec = left.length > 0 ? { finalizers: left } : {};
        return draft;
      },
      parameters,
    );
  }

  async #report(namespace: string, left: number): Promise<void> {
    const request = this.#request('', 'v1', 'namespaces');
    if (request === undefined) return;
    const condition = {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${left} objects wait for their finalizers or their grace period`,
    };
    await updateObject(
      this.#core,
      { ...request, subresource: 'status' },
      namespace,
      (current) => {
        const draft = cloneJson(current) as ApiObject;
        draft.status = { ...(draft.status as Fields), conditions: [condition] };
        return draft;
      },
      parameters,
    ).catch(() => undefined);
  }

  #request(group: string, version: string, plural: string, namespace?: string): ApiRequest | undefined {
    const resource = this.#core.registry.find(group, version, plural);
    if (resource === undefined) return undefined;
    return {
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      user: systemUser('namespace-controller'),
      query: {},
      userAgent: `kube-controller-manager (${apiVersionOf(resource)})`,
      warnings: [],
    };
  }
}
