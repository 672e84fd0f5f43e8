import type { KubeObject } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { errorMessage } from '../../base/log.ts';
import type { KubeClient } from '../../kube/client.ts';
import { resources, splitKey } from '../../kube/resource.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status-error.ts';
import { sharedNamespace } from '../../xds/snapshot/index.ts';
import type { Desired, DesiredConfigMap, DesiredScope } from './desired.ts';
import { desiredKey } from './desired.ts';
import { isNamespaceGone } from './namespace-gone.ts';
import type { StoredConfig } from './stored.ts';

export interface PublisherOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stored: StoredConfig;
  /** Objects nobody wants are removed after this long; parts of a living scope at once. */
  readonly graceMs?: number;
  readonly concurrency?: number;
}

export interface PublishResult {
  readonly written: number;
  readonly removed: number;
  /** Objects that could not be written or removed; publishing again tries them again. */
  readonly failed: readonly string[];
  /** Objects nobody wants whose time of grace is not over. */
  readonly waiting: number;
}

const fieldManager = 'istiod';

/** Writes what differs, and nothing else: parts and index of each scope, then removal of parts no longer named. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #unwantedSince = new Map<string, number>();
  #written = 0;
  #removed = 0;
  #failed: string[] = [];

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  async publish(desired: Desired): Promise<PublishResult> {
    this.#written = 0;
    this.#removed = 0;
    this.#failed = [];
    const scopes = [...desired.scopes.values()].map((scope) => this.#publishScope(scope));
    await Promise.all([...scopes, this.#writeAll([...desired.own.values()])]);
    const waiting = await this.#removeUnwanted(desired);
    return { written: this.#written, removed: this.#removed, failed: this.#failed, waiting };
  }

  /**
   * Parts and index together: a reader applies nothing until it has every part at the hash the index names, so the order between them
   * does not matter, and a change reaches it one round trip earlier.
   */
  async #publishScope(scope: DesiredScope): Promise<void> {
    await Promise.all([this.#writeAll(scope.parts), this.#write(scope.index)]);
  }

  async #writeAll(list: readonly DesiredConfigMap[]): Promise<void> {
    const changed = list.filter((desired) => this.#differs(desired));
    let next = 0;
    const worker = async () => {
      for (let desired = changed[next++]; desired !== undefined; desired = changed[next++])
        await this.#write(desired);
    };
    const workers = Math.min(this.#options.concurrency ?? 16, changed.length);
    await Promise.all(Array.from({ length: workers }, worker));
  }

  #differs(desired: DesiredConfigMap): boolean {
    const stored = this.#options.stored.get(desiredKey(desired));
    if (stored === undefined || stored.hash !== desired.hash) return true;
    return Object.entries(desired.labels).some(([key, value]) => stored.labels[key] !== value);
  }

  async #write(desired: DesiredConfigMap): Promise<void> {
    if (!this.#differs(desired)) return;
    const { stored, log } = this.#options;
    const key = desiredKey(desired);
    const known = stored.get(key);
    const object = configMap(desired, (known?.generation ?? 0) + 1);
    try {
      await stored.writeWith(key, () => this.#put(object, known !== undefined));
      this.#written++;
    } catch (failure) {
      if (isNamespaceGone(failure)) {
        log.debug('the namespace is gone or going; nothing is written there', { object: key });
        return;
      }
      this.#failed.push(key);
      log.warn('cannot write proxy configuration', { object: key, error: errorMessage(failure) });
    }
  }

  async #put(object: KubeObject, exists: boolean): Promise<KubeObject> {
    const { client } = this.#options;
    const replace = () => client.replace(resources.configMaps, object, { fieldManager });
    const create = () => client.create(resources.configMaps, object, { fieldManager });
    if (exists) {
      return replace().catch((failure: unknown) => {
        if (isNotFound(failure)) return create();
        throw failure;
      });
    }
    return create().catch(async (failure: unknown) => {
      if (isAlreadyExists(failure)) return replace();
      if (isNotFound(failure) && object.metadata.namespace === sharedNamespace) {
        await this.#makeNamespace();
        return create();
      }
      throw failure;
    });
  }

  /** The operator makes it; without an operator we do. */
  async #makeNamespace(): Promise<void> {
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: sharedNamespace, labels: { 'istio-injection': 'disabled' } },
    };
    await this.#options.client.create(resources.namespaces, namespace).catch((failure: unknown) => {
      if (!isAlreadyExists(failure)) throw failure;
    });
  }

  async #removeUnwanted(desired: Desired): Promise<number> {
    const { stored, clock, graceMs = 300_000 } = this.#options;
    const wanted = new Set(desired.own.keys());
    for (const scope of desired.scopes.values()) {
      wanted.add(desiredKey(scope.index));
      for (const part of scope.parts) wanted.add(desiredKey(part));
    }
    const now = clock.monotonic();
    const due: string[] = [];
    for (const key of stored.keys()) {
      if (wanted.has(key)) {
        this.#unwantedSince.delete(key);
        continue;
      }
      const since = this.#unwantedSince.get(key) ?? now;
      this.#unwantedSince.set(key, since);
      const scope = stored.get(key)?.labels['lateen.dev/scope'];
      if (
        now - since >= graceMs ||
        (scope !== undefined && desired.scopes.has(scope) && !this.#pending(scope, desired))
      )
        due.push(key);
    }
    await Promise.all(due.map((key) => this.#remove(key)));
    return this.#unwantedSince.size;
  }

  /** Parts go only once the index that no longer names them is there. */
  #pending(scope: string, desired: Desired): boolean {
    const index = desired.scopes.get(scope)?.index;
    return index === undefined || this.#differs(index);
  }

  async #remove(key: string): Promise<void> {
    const { client, stored, log } = this.#options;
    const { namespace, name } = splitKey(key);
    try {
      await client.delete(resources.configMaps, name, namespace === undefined ? {} : { namespace });
    } catch (failure) {
      if (!isNotFound(failure)) {
        this.#failed.push(key);
        log.warn('cannot remove proxy configuration', { object: key, error: errorMessage(failure) });
        return;
      }
    }
    stored.removed(key);
    this.#unwantedSince.delete(key);
    this.#removed++;
  }
}

function configMap(desired: DesiredConfigMap, generation: number): KubeObject {
  const { name, data, binaryData } = desired.encode(generation);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: desired.namespace,
      labels: { ...desired.labels, 'app.kubernetes.io/managed-by': 'istiod' },
    },
    data: { ...data },
    ...(Object.keys(binaryData).length > 0 && { binaryData: { ...binaryData } }),
  };
}
