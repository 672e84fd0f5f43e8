import { randomBytes } from 'node:crypto';
import type { ApiCore } from '../core.ts';
import { type FieldError, forbiddenField, invalidObject } from '../field-error.ts';
import { apiVersionOf, keyOf } from '../resources/resource.ts';
import { viewOf } from '../resources/version.ts';
import { matchesFields, parseFieldSelector } from '../selector/field-selector.ts';
import { matchesLabels, parseLabelSelector } from '../selector/label-selector.ts';
import { badRequest, expired, notFound, StatusError } from '../status.ts';
import type { Entry } from '../store/table.ts';
import type { ApiRequest } from './request.ts';

/** Whether an entry is among those a list or watch asks for. */
export type Filter = (entry: Entry) => boolean;

export function getEntry(core: ApiCore, request: ApiRequest, name: string): Entry {
  checkMinimum(core, request);
  const entry = core.store.table(request.resource.table).get(keyOf(request.namespace, name));
  if (entry === undefined) throw notFound(request.resource, name);
  return entry;
}

/** Namespace, labels and fields of the request as one test. */
export function filterOf(request: ApiRequest): Filter {
  const { resource, query, namespace } = request;
  const labels = parseLabelSelector(query['labelSelector']);
  const fields = parseFieldSelector(
    query['fieldSelector'],
    apiVersionOf(resource),
    resource.selectableFields,
  );
  const prefix = resource.namespaced && namespace !== undefined ? `${namespace}/` : undefined;
  return (entry) =>
    (prefix === undefined || entry.key.startsWith(prefix)) &&
    (request.name === undefined || entry.object.metadata.name === request.name) &&
    (labels.length === 0 || matchesLabels(labels, entry.object.metadata.labels)) &&
    (fields.length === 0 || matchesFields(fields, viewOf(resource, entry.object)));
}

export interface ListPage {
  readonly entries: readonly Entry[];
  readonly revision: number;
  readonly continueToken?: string;
  readonly remaining?: number;
}

interface Snapshot {
  readonly id: string;
  readonly entries: readonly Entry[];
  readonly revision: number;
}

const snapshotLimit = 64;
const snapshots = new WeakMap<ApiCore, Map<string, Snapshot>>();

/** Lists, in pages when a limit is given: all pages show the state of the first one, as long as it is among the latest lists. */
export function listEntries(core: ApiCore, request: ApiRequest): ListPage {
  const { query, resource } = request;
  checkListOptions(request);
  checkMinimum(core, request);
  const limit = Number(query['limit'] ?? 0);
  const token = query['continue'];
  if (token) return nextPage(core, token, limit);
  checkExact(core, request);
  const filter = filterOf(request);
  const entries = core.store.table(resource.table).list(namespaceOf(request)).filter(filter);
  const revision = core.store.revision;
  if (limit <= 0 || entries.length <= limit) return { entries, revision };
  const snapshot = { id: randomBytes(6).toString('hex'), entries, revision };
  remember(core, snapshot);
  return page(snapshot, 0, limit);
}

function namespaceOf(request: ApiRequest): string | undefined {
  return request.resource.namespaced ? request.namespace : undefined;
}

function remember(core: ApiCore, snapshot: Snapshot): void {
  const known = snapshots.get(core) ?? new Map<string, Snapshot>();
  snapshots.set(core, known);
  known.set(snapshot.id, snapshot);
  for (const id of known.keys()) {
    if (known.size <= snapshotLimit) break;
    known.delete(id);
  }
}

function page(snapshot: Snapshot, offset: number, limit: number): ListPage {
  const end = limit <= 0 ? snapshot.entries.length : offset + limit;
  const entries = snapshot.entries.slice(offset, end);
  const remaining = snapshot.entries.length - offset - entries.length;
  if (remaining === 0) return { entries, revision: snapshot.revision };
  const text = JSON.stringify({ id: snapshot.id, offset: end });
  return {
    entries,
    revision: snapshot.revision,
    continueToken: Buffer.from(text).toString('base64url'),
    remaining,
  };
}

function nextPage(core: ApiCore, token: string, limit: number): ListPage {
  const { id, offset } = readToken(token);
  const snapshot = snapshots.get(core)?.get(id);
  if (snapshot === undefined) {
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
    );
  }
  return page(snapshot, offset, limit);
}

function readToken(token: string): { id: string; offset: number } {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as { id: string; offset: number };
  } catch {
    throw badRequest(`continue key is not valid: ${token}`);
  }
}

function checkListOptions(request: ApiRequest): void {
  const { resourceVersion, resourceVersionMatch: match, continue: token } = request.query;
  const errors: FieldError[] = [];
  if (match) {
    if (!resourceVersion) {
      errors.push(
        forbiddenField(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      );
    }
    if (token) {
      errors.push(
        forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      );
    }
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(
        forbiddenField(
          'resourceVersionMatch',
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      );
    }
  }
  if (errors.length > 0) {
    throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  }
}

/** Refuses to read a state that is still in the future. */
function checkMinimum(core: ApiCore, request: ApiRequest): void {
  const wanted = revisionOf(request.query['resourceVersion']);
  if (wanted === undefined || wanted <= core.store.revision) return;
  throw new StatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${wanted}, current: ${core.store.revision}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  );
}

/** Exact reads of a past state are possible only while nothing of the resource has changed since. */
function checkExact(core: ApiCore, request: ApiRequest): void {
  if (request.query['resourceVersionMatch'] !== 'Exact') return;
  const wanted = revisionOf(request.query['resourceVersion']) as number;
  const since = core.store.table(request.resource.table).since(wanted);
  if (since?.length === 0) return;
  throw expired(`The provided resource version is too old: ${wanted}`);
}

/** A resourceVersion parameter as a number; undefined when it asks for any state. */
export function revisionOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  if (!/^\d+$/.test(text)) {
    throw new StatusError(
      400,
      'BadRequest',
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
}
