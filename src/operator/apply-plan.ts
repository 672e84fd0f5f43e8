import type { KubeObject } from '../api/object.ts';
import { sha256Hex, stableJson } from '../base/hash.ts';
import { errorMessage } from '../base/log.ts';
import { applyObject } from '../kube/apply-object.ts';
import type { KubeClient, Resource } from '../kube/client.ts';
import { ApiError } from '../kube/client.ts';
import { describe, keyOf } from '../kube/resource.ts';
import type { ResourceMapper } from '../kube/resource-mapper.ts';
import { isNotFound } from '../kube/status-error.ts';
import { covers } from './covers.ts';
import { fieldManager } from './ownership.ts';

/** What could not be applied; the other objects were. */
export interface ApplyFailure {
  readonly object: KubeObject;
  readonly error: unknown;
}

export interface ApplyResult {
  /** Every object that is in place, as it is in the cluster now. */
  readonly live: KubeObject[];
  /** Those of them that this call changed. */
  readonly changed: KubeObject[];
  readonly failures: ApplyFailure[];
}

interface Tried {
  readonly before?: KubeObject | undefined;
  readonly after?: KubeObject;
  readonly failure?: ApplyFailure;
}

/**
 * Applies objects with server-side apply and remembers how each settled, so that an unchanged world costs nothing. `liveOf` answers from
 * a local copy of the cluster; without one every object is sent.
 */
export class Applier {
  readonly #client: KubeClient;
  readonly #mapper: ResourceMapper;
  readonly #settled = new Map<string, { hash: string; version: string | undefined }>();

  /** Rendered objects are kept and never changed, so their hash is reckoned once. */
  readonly #hashes = new WeakMap<KubeObject, string>();

  constructor(client: KubeClient, mapper: ResourceMapper) {
    this.#client = client;
    this.#mapper = mapper;
  }

  /** Applies what differs, kind after kind in the order given; one failing object does not stop the others. */
  async apply(
    objects: readonly KubeObject[],
    liveOf: (resource: Resource, key: string) => KubeObject | undefined = () => undefined,
  ): Promise<ApplyResult> {
    const result: ApplyResult = { live: [], changed: [], failures: [] };
    for (const group of sameKindGroups(objects)) {
      const outcomes = await Promise.all(group.map((object) => this.#tryOne(object, liveOf)));
      for (const { failure, before, after } of outcomes) {
        if (failure !== undefined) result.failures.push(failure);
        if (after !== undefined) result.live.push(after);
        if (after !== undefined && after !== before) result.changed.push(after);
      }
      if (result.failures.some(({ error }) => isServerGone(error))) break;
    }
    return result;
  }

  async #tryOne(
    object: KubeObject,
    liveOf: (resource: Resource, key: string) => KubeObject | undefined,
  ): Promise<Tried> {
    try {
      const resource = await this.#mapper.resourceOf(object.apiVersion, object.kind);
      const before = liveOf(resource, keyOf(object));
      return { before, after: await this.#applyOne(resource, object, before) };
    } catch (error) {
      return { failure: { object, error } };
    }
  }

  async #applyOne(resource: Resource, object: KubeObject, live: KubeObject | undefined): Promise<KubeObject> {
    const id = `${resource.group}/${describe(object)}`;
    const hash = this.#hashOf(object);
    const settled = this.#settled.get(id);
    if (live !== undefined && settled?.hash === hash) {
      if (settled.version === live.metadata.resourceVersion || covers(live, withoutHandedOver(object)))
        return live;
    }
    const sent = await this.#keepHandedOver(resource, object, live);
    const applied = await applyObject(this.#client, resource, sent, { fieldManager, recreate: true });
    this.#settled.set(id, { hash, version: applied.metadata.resourceVersion });
    return live !== undefined && live.metadata.resourceVersion === applied.metadata.resourceVersion
      ? live
      : applied;
  }

  #hashOf(object: KubeObject): string {
    let hash = this.#hashes.get(object);
    if (hash === undefined) {
      hash = sha256Hex(stableJson(object), 16);
      this.#hashes.set(object, hash);
    }
    return hash;
  }

  /**
   * The control plane turns the validators' failurePolicy to Fail once it serves. From then on we repeat what is there instead of
   * what the template begins with; else the two would overwrite each other for ever.
   */
  async #keepHandedOver(
    resource: Resource,
    object: KubeObject,
    cached: KubeObject | undefined,
  ): Promise<KubeObject> {
    if (object.kind !== 'ValidatingWebhookConfiguration') return object;
    const live = cached ?? (await this.#client.get(resource, object.metadata.name).catch(absent));
    const policies = new Map(webhooksOf(live).map((webhook) => [webhook.name, webhook.failurePolicy]));
    const webhooks = webhooksOf(object).map((webhook) => ({
      ...webhook,
      failurePolicy: policies.get(webhook.name) ?? webhook.failurePolicy,
    }));
    return { ...object, webhooks };
  }
}

/** Neighbours of one kind do not depend on each other and go out together. */
function sameKindGroups(objects: readonly KubeObject[]): KubeObject[][] {
  const groups: KubeObject[][] = [];
  for (const object of objects) {
    const last = groups.at(-1);
    if (last?.[0]?.kind === object.kind && last.length < 8) last.push(object);
    else groups.push([object]);
  }
  return groups;
}

interface Webhook {
  readonly name: string;
  readonly failurePolicy?: string;
}

function webhooksOf(object: KubeObject | undefined): Webhook[] {
  return (object?.['webhooks'] ?? []) as Webhook[];
}

function withoutHandedOver(object: KubeObject): KubeObject {
  if (object.kind !== 'ValidatingWebhookConfiguration') return object;
  return { ...object, webhooks: webhooksOf(object).map(({ failurePolicy: _, ...webhook }) => webhook) };
}

/** Removes objects in the order given; those already gone count as removed. A uid precondition spares one that was made anew meanwhile. */
export async function removeObjects(
  client: KubeClient,
  objects: readonly { resource: Resource; object: KubeObject }[],
): Promise<ApplyFailure[]> {
  const failures: ApplyFailure[] = [];
  for (const { resource, object } of objects) {
    const { name, namespace, uid } = object.metadata;
    if (object.metadata.deletionTimestamp !== undefined) continue;
    try {
      await client.delete(resource, name, {
        propagationPolicy: 'Background',
        ...(namespace !== undefined && { namespace }),
        ...(uid !== undefined && { preconditions: { uid } }),
      });
    } catch (error) {
      if (!isNotFound(error)) failures.push({ object, error });
    }
  }
  return failures;
}

/** `Deployment/istio-system/istiod: forbidden …`, one sentence for all failures. */
export function failureText(failures: readonly ApplyFailure[]): string {
  return failures.map(({ object, error }) => `${describe(object)}: ${errorMessage(error)}`).join('; ');
}

function isServerGone(failure: unknown): boolean {
  return failure instanceof ApiError && failure.code === 0;
}

function absent(failure: unknown): undefined {
  if (isNotFound(failure)) return undefined;
  throw failure;
}
