import type { KubeObject } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Change } from '../../kube/informer.ts';
import { Informer } from '../../kube/informer.ts';
import { resources } from '../../kube/resource.ts';
import type { StoredState } from '../../xds/snapshot/index.ts';
import { inspect, labels, sharedNamespace } from '../../xds/snapshot/index.ts';

/** What is known to lie in the cluster under one name. */
export interface StoredObject extends StoredState {
  readonly labels: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
}

/** The state of an object, kept in its place: contents are hashed as they arrive and not held in memory. */
export interface Hashed extends KubeObject {
  readonly state: StoredState;
}

/**
 * The proxy configuration that lies in the cluster, followed by watches, so that an object deleted or edited by hand is noticed. Our own
 * writes are noted when they succeed; older news about the same object is not believed.
 */
export class StoredConfig {
  readonly shared: Informer<Hashed>;
  readonly own: Informer<Hashed>;
  readonly #objects = new Map<string, StoredObject>();
  /** Objects we are writing: the watch may tell of our write before the answer to it arrives. */
  readonly #writing = new Set<string>();
  #onForeignChange: (key: string) => void = () => undefined;

  constructor(options: {
    readonly client: KubeClient;
    readonly clock: Clock;
    readonly log: Logger;
    /** Only objects of this revision are ours to judge. */
    readonly revision: string;
  }) {
    const ours = `${labels.revision}=${options.revision}`;
    const shared = { clock: options.clock, logger: options.log, transform: hashed };
    this.shared = new Informer<Hashed>(options.client, resources.configMaps, {
      ...shared,
      namespace: sharedNamespace,
      labelSelector: `${labels.scope},${ours}`,
    });
    this.own = new Informer<Hashed>(options.client, resources.configMaps, {
      ...shared,
      labelSelector: `${labels.proxy},${ours}`,
    });
    this.shared.onChange((change) => this.#note(change));
    this.own.onChange((change) => this.#note(change));
  }

  /** Called with `namespace/name` when an object was changed by someone else. */
  onForeignChange(listener: (key: string) => void): void {
    this.#onForeignChange = listener;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** Writes an object and notes what the server made of it. Rejects as `write` does. */
  async writeWith(key: string, write: () => Promise<KubeObject>): Promise<void> {
    this.#writing.add(key);
    try {
      const stored = storedObject(hashed(await write()));
      const noted = this.#objects.get(key);
      if (noted === undefined || !isOlder(stored.resourceVersion, noted.resourceVersion))
        this.#objects.set(key, stored);
      else if (noted.hash !== stored.hash) this.#onForeignChange(key);
    } finally {
      this.#writing.delete(key);
    }
  }

  removed(key: string): void {
    this.#objects.delete(key);
  }

  #note({ type, key, object }: Change<Hashed>): void {
    const known = this.#objects.get(key);
    if (type === 'deleted') {
      if (known === undefined || isOlder(object.metadata.resourceVersion, known.resourceVersion)) return;
      this.#objects.delete(key);
      this.#onForeignChange(key);
      return;
    }
    const stored = storedObject(object);
    if (known !== undefined && !isOlder(known.resourceVersion, stored.resourceVersion)) return;
    this.#objects.set(key, stored);
    if (this.#writing.has(key)) return;
    if (known?.hash !== stored.hash || known?.generation !== stored.generation) this.#onForeignChange(key);
  }
}

/** Resource versions of one collection are ordered numbers (KEP-5504). */
function isOlder(a: string | undefined, b: string): boolean {
  return Number(a ?? 0) < Number(b);
}

function hashed(object: KubeObject): Hashed {
  const { apiVersion, kind, metadata } = object;
  const state = inspect(object as unknown as Parameters<typeof inspect>[0]);
  const { managedFields: _managed, ...kept } = metadata;
  return { apiVersion, kind, metadata: kept, state };
}

function storedObject(object: Hashed): StoredObject {
  return {
    ...object.state,
    labels: object.metadata.labels ?? {},
    resourceVersion: object.metadata.resourceVersion ?? '0',
  };
}
