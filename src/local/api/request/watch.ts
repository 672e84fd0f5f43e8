import type { ApiCore } from '../core.ts';
import { type FieldError, forbiddenField, invalidObject, required } from '../field-error.ts';
import type { ApiObject } from '../object.ts';
import { cloneJson } from '../schema/json-value.ts';
import { expired, type StatusError } from '../status.ts';
import { type Change, Entry } from '../store/table.ts';
import { type Filter, filterOf, revisionOf } from './read.ts';
import type { ApiRequest } from './request.ts';

/** Where a watch's events go. */
export interface WatchSink {
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', entry: Entry): void;
  /** A bookmark at a revision; `initialEnd` marks the end of the initial events. */
  bookmark(revision: number, initialEnd: boolean): void;
  /** The watch cannot go on; nothing follows. */
  error(status: StatusError): void;
}

/**
 * Starts a watch: what the resourceVersion asks for first (nothing, the present objects, or the changes since), then every change as it is
 * committed. Calls the sink synchronously. Returns the stop function.
 */
export function startWatch(core: ApiCore, request: ApiRequest, sink: WatchSink): () => void {
  checkWatchOptions(request);
  const filter = filterOf(request);
  const table = core.store.table(request.resource.table);
  const from = revisionOf(request.query['resourceVersion']);
  const initial = request.query['sendInitialEvents'] === 'true';
  const skipsInitial = request.query['sendInitialEvents'] === 'false' && from === undefined;
  if (initial || (from === undefined && !skipsInitial)) {
    for (const entry of table.list()) if (filter(entry)) sink.event('ADDED', entry);
    if (initial && isTrue(request.query['allowWatchBookmarks'])) sink.bookmark(core.store.revision, true);
  } else if (from !== undefined) {
    const changes = from > core.store.revision ? undefined : table.since(from);
    if (changes === undefined) {
      sink.error(expired(`too old resource version: ${from} (${table.oldestRevision})`));
      return () => {};
    }
    for (const change of changes) deliver(change, filter, sink);
  }
  return table.listen((change) => deliver(change, filter, sink));
}

export function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1';
}

/** What a change is to this watcher: objects enter and leave its selection. */
function deliver(change: Change, filter: Filter, sink: WatchSink): void {
  const { type, entry, previous } = change;
  const matchedBefore = previous !== undefined && filter(previous);
  const matches = type !== 'DELETED' && filter(entry);
  if (matches) sink.event(matchedBefore ? 'MODIFIED' : 'ADDED', entry);
  else if (matchedBefore)
    sink.event('DELETED', type === 'DELETED' ? entry : lastSeen(previous, change.revision));
}

/** The object as the watcher last saw it, at the revision of its leaving. */
function lastSeen(previous: Entry, revision: number): Entry {
  const object = cloneJson(previous.object) as ApiObject;
  object.metadata.resourceVersion = String(revision);
  return new Entry(previous.key, object, revision);
}

function checkWatchOptions(request: ApiRequest): void {
  const { sendInitialEvents, resourceVersionMatch } = request.query;
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && resourceVersionMatch !== 'NotOlderThan') {
    errors.push(
      resourceVersionMatch === undefined
        ? forbiddenField(
            'resourceVersionMatch',
            'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
          )
        : required('resourceVersionMatch', 'must be NotOlderThan with sendInitialEvents'),
    );
  }
  if (sendInitialEvents === undefined && resourceVersionMatch) {
    errors.push(
      forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  }
  if (errors.length > 0) {
    throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  }
}
