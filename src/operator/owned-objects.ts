import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { KubeClient, Resource } from '../kube/client.ts';
import { Informer } from '../kube/informer.ts';
import { resources } from '../kube/resource.ts';
import { ownedResources, ownerLabels, ownerUid } from './ownership.ts';

export interface OwnedObject {
  readonly resource: Resource;
  readonly object: KubeObject;
}

export interface OwnedObjectsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with the owner whose object changed; undefined when it was a CRD, which all share. */
  readonly onChange: (uid: string | undefined) => void;
}

/** CRDs have no owner: they outlive every IstioOperator. */
const managedLabel = 'operator.istio.io/managed';

/** A local copy of everything that carries an owner label, of all kinds we make, and of our CRDs. */
export class OwnedObjects {
  readonly #informers = new Map<string, Informer>();

  constructor(client: KubeClient, options: OwnedObjectsOptions) {
    const crds = resources.customResourceDefinitions;
    for (const resource of [...ownedResources, crds]) {
      const informer = new Informer(client, resource, {
        labelSelector: resource === crds ? managedLabel : ownerLabels.uid,
        clock: options.clock,
        logger: options.logger,
        transform: withoutManagedFields,
      });
      informer.onChange(({ object }) => options.onChange(ownerUid(object)));
      this.#informers.set(idOf(resource), informer);
    }
  }

  /** Follows the cluster until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.run(signal)));
  }

  async waitForSync(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.waitForSync(signal)));
  }

  /** The object as last seen, when it is one of ours. */
  liveOf(resource: Resource, key: string): KubeObject | undefined {
    return this.#informers.get(idOf(resource))?.get(key);
  }

  /** True when something of ours is in the namespace, so that it must exist. */
  usesNamespace(name: string): boolean {
    return this.#all().some(({ object }) => object.metadata.namespace === name);
  }

  /** All objects of an owner, in removal order. */
  ownedBy(uid: string): OwnedObject[] {
    return this.#all().filter(({ object }) => ownerUid(object) === uid);
  }

  #all(): OwnedObject[] {
    return [...this.#informers.values()].flatMap((informer) =>
      [...informer.values()].map((object) => ({ resource: informer.resource, object })),
    );
  }
}

/** The same asked of the API server, where a stale copy will not do. */
export async function listOwned(client: KubeClient, uid: string): Promise<OwnedObject[]> {
  const lists = await Promise.all(
    ownedResources.map(async (resource) => {
      const { items } = await client.list(resource, { labelSelector: `${ownerLabels.uid}=${uid}` });
      return items.map((object) => ({ resource, object }));
    }),
  );
  return lists.flat();
}

function idOf(resource: Resource): string {
  return `${resource.group}/${resource.plural}`;
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
