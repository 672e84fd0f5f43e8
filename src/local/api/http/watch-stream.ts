import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../base/clock.ts';
import type { ApiCore } from '../core.ts';
import type { ApiObject, Fields } from '../object.ts';
import type { ApiRequest } from '../request/request.ts';
import { isTrue, startWatch, type WatchSink } from '../request/watch.ts';
import { apiVersionOf } from '../resources/resource.ts';
import { viewOf } from '../resources/version.ts';
import type { StatusError } from '../status.ts';
import type { Entry } from '../store/table.ts';
import { partialMetadata, tableOf } from '../table/render.ts';
import type { Representation } from './negotiate.ts';

/** A watcher that reads slower than this many bytes behind is cut off; it may resume. */
const maxBufferedBytes = 32 * 1024 * 1024;
const bookmarkIntervalMs = 60_000;

/** Streams a watch as JSON lines until the client leaves or the time is up. Returns the stop function. */
export function streamWatch(
  core: ApiCore,
  request: ApiRequest,
  form: Representation,
  res: ServerResponse,
): () => void {
  const stream = new WatchStream(core, request, form, res);
  stream.start();
  return () => stream.stop();
}

class WatchStream implements WatchSink {
  readonly #core: ApiCore;
  readonly #request: ApiRequest;
  readonly #form: Representation;
  readonly #res: ServerResponse;
  #stopWatch: () => void = () => {};
  #timers: { cancel(): void }[] = [];
  #ended = false;
  #corked = false;

  constructor(core: ApiCore, request: ApiRequest, form: Representation, res: ServerResponse) {
    this.#core = core;
    this.#request = request;
    this.#form = form;
    this.#res = res;
  }

  start(): void {
    const { query } = this.#request;
    this.#res.cork();
    this.#corked = true;
    this.#res.on('close', () => this.stop());
    const stopWatch = startWatch(this.#core, this.#request, this);
    if (!this.#res.headersSent) this.#head();
    this.#res.uncork();
    this.#corked = false;
    if (this.#ended) {
      stopWatch();
      return;
    }
    this.#stopWatch = stopWatch;
    const seconds = Number(query['timeoutSeconds'] ?? 0) || 1800 + Math.floor(Math.random() * 1800);
    this.#later(this.#core.clock, seconds * 1000, () => this.#end());
    if (isTrue(query['allowWatchBookmarks'])) this.#scheduleBookmark();
  }

  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', entry: Entry): void {
    this.#send(`{"type":"${type}","object":${this.#text(entry)}}\n`);
  }

  bookmark(revision: number, initialEnd: boolean): void {
    const { resource } = this.#request;
    const metadata: Fields = { resourceVersion: String(revision) };
    if (initialEnd) metadata['annotations'] = { 'k8s.io/initial-events-end': 'true' };
    const object =
      this.#form.kind === 'object'
        ? {
            kind: resource.kind,
            apiVersion: apiVersionOf(resource),
            metadata: { ...metadata, creationTimestamp: null },
          }
        : this.#form.kind === 'partial'
          ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
          : {
              ...tableOf(resource, [], { resourceVersion: String(revision) }, 'None', 0),
              rows: [
                {
                  cells: [],
                  object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
                },
              ],
            };
    this.#send(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  error(status: StatusError): void {
    this.#send(`${JSON.stringify({ type: 'ERROR', object: status.toStatus() })}\n`);
    this.#end();
  }

  stop(): void {
    this.#ended = true;
    this.#stopWatch();
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  #text(entry: Entry): string {
    const { resource } = this.#request;
    const object = viewOf(resource, entry.object);
    if (this.#form.kind === 'object') {
      return object === entry.object ? entry.json : JSON.stringify(object);
    }
    return JSON.stringify(this.#transform(object));
  }

  #transform(object: Readonly<ApiObject>): Fields {
    if (this.#form.kind === 'partial') return partialMetadata(object);
    const revision = { resourceVersion: object.metadata.resourceVersion };
    return tableOf(this.#request.resource, [object], revision, this.#form.include, this.#core.clock.now());
  }

  #head(): void {
    this.#res.writeHead(200, { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' });
    this.#res.flushHeaders();
  }

  #send(line: string): void {
    if (this.#ended) return;
    if (!this.#res.headersSent) this.#head();
    this.#res.write(line);
    if (!this.#corked && this.#res.writableLength > maxBufferedBytes) this.#res.destroy();
  }

  #end(): void {
    this.stop();
    this.#res.end();
  }

  #scheduleBookmark(): void {
    this.#later(this.#core.clock, bookmarkIntervalMs, () => {
      this.#timers = this.#timers.slice(0, 1);
      this.bookmark(this.#core.store.revision, false);
      this.#scheduleBookmark();
    });
  }

  #later(clock: Clock, ms: number, fn: () => void): void {
    this.#timers.push(clock.after(ms, fn));
  }
}
