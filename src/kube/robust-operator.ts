import operatorPackage, {
  type OperatorLogger,
  type ResourceEvent,
  type ResourceMeta,
} from '@dot-i/k8s-operator';
import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { KubeClient, Resource } from './client.ts';
import { type Change, Informer } from './informer.ts';
import { type ReconcileResult, runReconciler } from './reconciler.ts';
import { apiVersionOf } from './resource.ts';
import { ResourceMapper } from './resource-mapper.ts';
import { isNotFound } from './status-error.ts';
import { WorkQueue } from './work-queue.ts';

const Operator = operatorPackage.default;
const { ResourceEventType, ResourceMetaImpl } = operatorPackage;

export interface RobustOperatorOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Told how each handler call ended, for metrics. */
  readonly onResult?: (result: ReconcileResult) => void;
}

/**
 * The Operator base class with its watch, queue and writes replaced: the original ends the process when a watch fails, forgets deletions
 * over a reconnect and drops an event whose handler fails. Here a watch is an Informer, handlers are called by key with the newest state,
 * one at a time per object, and a handler that throws is called again with backoff.
 */
export abstract class RobustOperator extends Operator {
  protected readonly client: KubeClient;
  protected readonly log: Logger;
  protected readonly clock: Clock;
  protected readonly mapper: ResourceMapper;
  /** Aborted by `stop`. */
  protected readonly stopping = new AbortController();
  readonly #watched = new Map<string, Resource>();
  readonly #running = new Set<Promise<void>>();
  readonly #onResult: ((result: ReconcileResult) => void) | undefined;

  constructor({ client, logger, clock = systemClock, onResult }: RobustOperatorOptions) {
    super(plainLogger(logger));
    this.client = client;
    this.log = logger;
    this.clock = clock;
    this.mapper = new ResourceMapper(client);
    this.#onResult = onResult;
  }

  override stop(): void {
    this.stopping.abort();
  }

  /** Resolves when every watch and handler has ended after `stop`. */
  async stopped(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Runs something until `stop`; `stopped` waits for it. */
  protected runInBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Calls `onEvent` for each object that exists, changed or went; again with backoff when it rejects. Resolves once the first list is in. */
  protected override async watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const handle = async (event: ResourceEvent) => {
      await onEvent(event);
      return undefined;
    };
    await this.watchKeys(group, version, plural, handle, namespace);
  }

  /** `watchResource` that hands out its informer and queue, and tells `onChange` of each change before it is queued. */
  protected async watchKeys(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<{ requeueAfterMs: number } | undefined>,
    namespace?: string,
    onChange?: (change: Change<KubeObject>) => void,
  ): Promise<{ informer: Informer; queue: WorkQueue }> {
    const resource = await this.#resourceOf(group, version, plural);
    const id = `${plural}.${apiVersionOf(resource)}`;
    this.#watched.set(id, resource);
    const informer = new Informer(this.client, resource, {
      clock: this.clock,
      logger: this.log,
      ...(namespace !== undefined && { namespace }),
    });
    const queue = new WorkQueue({ clock: this.clock, baseMs: 200, maxMs: 60_000 });
    const gone = new Map<string, KubeObject>();
    const known = new Set<string>();
    informer.onChange((change) => {
      if (change.type === 'deleted') gone.set(change.key, change.object);
      onChange?.(change);
      queue.add(change.key);
    });
    const reconcile = async (key: string) => {
      const event = currentEvent(plural, informer.get(key), gone.get(key), known.has(key));
      if (event === undefined) return undefined;
      known.add(key);
      const result = await onEvent(event);
      if (event.type === ResourceEventType.Deleted) {
        gone.delete(key);
        known.delete(key);
      }
      return result;
    };
    const { signal } = this.stopping;
    this.runInBackground(informer.run(signal));
    await informer.waitForSync(signal);
    this.runInBackground(
      runReconciler({ queue, reconcile, logger: this.log, onResult: this.#onResult }, signal).finally(() =>
        queue.clear(),
      ),
    );
    this.log.info('watching', { resource: id });
    return { informer, queue };
  }

  protected override async setResourceStatus(
    meta: ResourceMeta,
    status: unknown,
  ): Promise<ResourceMeta | null> {
    const resource = this.#must(meta);
    const current = await this.client.get(resource, meta.name, meta.namespace);
    const updated = await this.client.replace(resource, { ...current, status }, { subresource: 'status' });
    return ResourceMetaImpl.createWithId(meta.id, libraryObject(updated));
  }

  protected override async patchResourceStatus(
    meta: ResourceMeta,
    status: unknown,
  ): Promise<ResourceMeta | null> {
    try {
      const where = {
        ...(meta.namespace !== undefined && { namespace: meta.namespace }),
        subresource: 'status' as const,
      };
      const updated = await this.client.patch(this.#must(meta), meta.name, 'merge', { status }, where);
      return ResourceMetaImpl.createWithId(meta.id, libraryObject(updated));
    } catch (failure) {
      if (isNotFound(failure)) return null;
      throw failure;
    }
  }

  protected override async setResourceFinalizers(meta: ResourceMeta, finalizers: string[]): Promise<void> {
    try {
      const where = meta.namespace === undefined ? {} : { namespace: meta.namespace };
      const patch = { metadata: { finalizers, resourceVersion: meta.resourceVersion } };
      await this.client.patch(this.#must(meta), meta.name, 'merge', patch, where);
    } catch (failure) {
      if (!isNotFound(failure)) throw failure;
    }
  }

  #must(meta: ResourceMeta): Resource {
    const resource = this.#watched.get(meta.id);
    if (resource === undefined) throw new Error(`${meta.id} is not watched`);
    return resource;
  }

  async #resourceOf(group: string, version: string, plural: string): Promise<Resource> {
    const apiVersion = group === '' ? version : `${group}/${version}`;
    return (
      (await this.mapper.resourceNamed(apiVersion, plural)) ?? {
        group,
        version,
        plural,
        kind: plural,
        namespaced: true,
      }
    );
  }
}

function currentEvent(
  plural: string,
  now: KubeObject | undefined,
  last: KubeObject | undefined,
  seen: boolean,
): ResourceEvent | undefined {
  const object = now ?? last;
  if (object === undefined) return undefined;
  const type =
    now === undefined
      ? ResourceEventType.Deleted
      : seen
        ? ResourceEventType.Modified
        : ResourceEventType.Added;
  const event = libraryObject(object);
  return { meta: ResourceMetaImpl.createWithPlural(plural, event), type, object: event };
}

/** The library's object type differs from ours in optional timestamps only. */
function libraryObject(object: KubeObject): ResourceEvent['object'] {
  return object as unknown as ResourceEvent['object'];
}

/** The key of the object an event is about, as informers have it. */
export function eventKey(event: ResourceEvent): string {
  const { namespace, name } = event.meta;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export type { ResourceEvent };

function plainLogger(logger: Logger): OperatorLogger {
  return {
    debug: (message) => logger.debug(message),
    info: (message) => logger.info(message),
    warn: (message) => logger.warn(message),
    error: (message) => logger.error(message),
  };
}
