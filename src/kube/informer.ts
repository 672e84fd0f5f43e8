import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import { sleep, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { silentLogger } from '../base/log.ts';
import { Backoff } from './backoff.ts';
import type { KubeClient, Resource, WatchEvent } from './client.ts';
import { ApiError } from './client.ts';
import { keyOf } from './resource.ts';
import { isExpired, isNotFound } from './status-error.ts';

export interface InformerOptions<T extends KubeObject> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Makes what is kept smaller (drop managedFields, data nobody reads). Runs once an object version. */
  readonly transform?: (object: T) => T;
  /** A collection the server does not serve (its CRD is not installed) counts as empty; it is asked for again with backoff. */
  readonly missingIsEmpty?: boolean;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly random?: () => number;
}

/** What happened to an object. After a gap in the watch the difference to the last known state is delivered the same way. */
export type InformerListener<T extends KubeObject> = (change: Change<T>) => void;
export type Change<T extends KubeObject> =
  | { readonly type: 'added'; readonly key: string; readonly object: T }
  | { readonly type: 'updated'; readonly key: string; readonly object: T; readonly old: T }
  | { readonly type: 'deleted'; readonly key: string; readonly object: T };

const pageSize = 500;

/**
 * A local copy of a collection that follows the server: list, then watch with bookmarks from the list's version; a broken watch
 * resumes where it was, an expired one (410) lists again and delivers the difference, deletions included. Never exits, never gives up.
 */
export class Informer<T extends KubeObject = KubeObject> {
  readonly resource: Resource;
  readonly #client: KubeClient;
  readonly #options: InformerOptions<T>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<InformerListener<T>>();
  readonly #waiting = new Set<() => void>();
  #version: string | undefined;
  #synced = false;
  #lastContact = Number.NEGATIVE_INFINITY;

  constructor(client: KubeClient, resource: Resource, options: InformerOptions<T> = {}) {
    this.resource = resource;
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = (options.logger ?? silentLogger).scope('informer');
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff({ baseMs: 200, maxMs: 10_000, random: this.#random });
  }

  /** The object of a key as `keyOf` makes it. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** All objects, in the order they came. Read-only. */
  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  /** True once the first list is in. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Milliseconds since the server last told us anything (events and bookmarks count). */
  get silenceMs(): number {
    return this.#clock.monotonic() - this.#lastContact;
  }

  /** Calls `listener` for each change from now on; objects already there are delivered as added first. Returns the unsubscriber. */
  onChange(listener: InformerListener<T>): () => void {
    for (const [key, object] of this.#objects) this.#tell(listener, { type: 'added', key, object });
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the first list is in; rejects when the signal aborts first. */
  waitForSync(signal?: AbortSignal): Promise<void> {
    if (this.#synced) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  /** Follows the collection until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const started = this.#clock.monotonic();
      let wait = 0;
      try {
        if (this.#version === undefined) await this.#relist();
        await this.#watch(signal);
        // A server that ends watches at once must not be asked in a tight loop.
        wait = this.#clock.monotonic() - started < 1000 ? this.#backoff.next() : 0;
      } catch (failure) {
        wait = this.#onFailure(failure);
      }
      if (wait > 0 && !signal.aborted) await sleep(this.#clock, wait, signal).catch(() => undefined);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const options = {
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
      resourceVersion: this.#version as string,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.round(300 + 300 * this.#random()),
    };
    await this.#client.watch(this.resource, options, (event) => this.#onEvent(event), signal);
  }

  #onFailure(failure: unknown): number {
    if (isExpired(failure) || isFutureVersion(failure)) {
      this.#logger.debug('watch expired, listing again', { resource: this.resource.plural });
      this.#version = undefined;
      return this.#backoff.next();
    }
    if (isNotFound(failure)) {
      // The collection itself is gone: its CRD was removed or is not there yet.
      this.#version = undefined;
      if (this.#options.missingIsEmpty === true) this.#replaceAll(new Map());
    }
    const wait = this.#backoff.next();
    const fields = {
      resource: this.resource.plural,
      error: failure instanceof Error ? failure.message : String(failure),
      retryInMs: Math.round(wait),
    };
    if (isNotFound(failure) || this.#backoff.failures <= 1) this.#logger.debug('watch interrupted', fields);
    else this.#logger.warn('cannot watch', fields);
    return wait;
  }

  async #relist(): Promise<void> {
    const { namespace, labelSelector, fieldSelector, transform } = this.#options;
    const selection = {
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
    };
    const found = new Map<string, T>();
    let next: string | undefined;
    let version = '';
    do {
      const page = await this.#client.list(this.resource, {
        ...selection,
        limit: pageSize,
        ...(next !== undefined && { continue: next }),
      });
      for (const item of page.items as T[]) found.set(keyOf(item), transform ? transform(item) : item);
      next = page.continue;
      version = page.resourceVersion;
    } while (next !== undefined);
    this.#version = version;
    this.#contact();
    this.#replaceAll(found);
  }

  #replaceAll(found: Map<string, T>): void {
    for (const [key, old] of [...this.#objects]) if (!found.has(key)) this.#remove(key, old);
    for (const [key, object] of found) this.#put(key, object);
    this.#synced = true;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #onEvent(event: WatchEvent): void {
    this.#contact();
    const object = event.object as T;
    const version = object.metadata.resourceVersion;
    if (event.type === 'BOOKMARK') {
      this.#version = version;
      return;
    }
    const key = keyOf(object);
    if (event.type === 'DELETED') this.#remove(key, object);
    else this.#put(key, this.#options.transform ? this.#options.transform(object) : object);
    this.#version = version;
  }

  #contact(): void {
    this.#lastContact = this.#clock.monotonic();
    this.#backoff.reset();
  }

  #put(key: string, object: T): void {
    const old = this.#objects.get(key);
    if (old === undefined) {
      this.#objects.set(key, object);
      this.#tellAll({ type: 'added', key, object });
      return;
    }
    if (old.metadata.resourceVersion === object.metadata.resourceVersion) return;
    if (old.metadata.uid !== object.metadata.uid) {
      // Deleted and made again while nobody watched.
      this.#remove(key, old);
      this.#put(key, object);
      return;
    }
    this.#objects.set(key, object);
    this.#tellAll({ type: 'updated', key, object, old });
  }

  #remove(key: string, last: T): void {
    if (!this.#objects.delete(key)) return;
    this.#tellAll({ type: 'deleted', key, object: last });
  }

  #tellAll(change: Change<T>): void {
    for (const listener of this.#listeners) this.#tell(listener, change);
  }

  #tell(listener: InformerListener<T>, change: Change<T>): void {
    try {
      listener(change);
    } catch (failure) {
      this.#logger.error('a listener failed', {
        resource: this.resource.plural,
        key: change.key,
        error: failure,
      });
    }
  }
}

/** A server whose history restarted answers a version from its future with 504 or 400. */
function isFutureVersion(failure: unknown): boolean {
  return (
    failure instanceof ApiError &&
    /too large resource version|resourceVersion: Invalid/i.test(failure.message)
  );
}
