import type { ApiObject, ManagedFieldsEntry } from '../object.ts';
import { cloneJson, equalJson } from '../schema/json-value.ts';
import type { Schema } from '../schema/schema.ts';
import { type StatusCause, StatusError } from '../status.ts';
import { compareFields } from './compare.ts';
import {
  difference,
  type FieldSet,
  fieldsOf,
  intersection,
  isEmptySet,
  listPaths,
  union,
} from './field-set.ts';
import { mergeApplied, pruneFields } from './merge-applied.ts';

/** Who writes: the manager's name, the version and subresource written through, and when (RFC 3339). */
export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
}

/** Fields no manager owns: the server's own. */
const unowned: FieldSet = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    'f:name': {},
    'f:namespace': {},
    'f:generateName': {},
    'f:uid': {},
    'f:selfLink': {},
    'f:resourceVersion': {},
    'f:generation': {},
    'f:creationTimestamp': {},
    'f:deletionTimestamp': {},
    'f:deletionGracePeriodSeconds': {},
    'f:managedFields': {},
  },
};

function withoutUnowned(set: FieldSet): FieldSet {
  const { 'f:apiVersion': _version, 'f:kind': _kind, ...rest } = set;
  const metadata = rest['f:metadata'];
  if (metadata === undefined) return rest;
  const own = Object.entries(metadata).filter(
    ([key]) => key !== '.' && unowned['f:metadata']?.[key] === undefined,
  );
  const { 'f:metadata': _metadata, ...others } = rest;
  return own.length === 0 ? others : { ...others, 'f:metadata': Object.fromEntries(own) };
}

/** The entries after an ordinary write (create, update, patch) that turned `before` into `after`. */
export function recordUpdate(
  schema: Schema,
  before: Readonly<ApiObject> | undefined,
  after: Readonly<ApiObject>,
  writer: Writer,
): ManagedFieldsEntry[] | undefined {
  const entries = before?.metadata.managedFields ?? [];
  const { changed, removed } = compareFields(schema, before ?? {}, after);
  const touched = withoutUnowned(changed);
  const gone = withoutUnowned(removed);
  if (isEmptySet(touched) && isEmptySet(gone)) return cloneJson(entries);
  const mine = (entry: ManagedFieldsEntry) =>
    entry.operation === 'Update' &&
    entry.manager === writer.manager &&
    entry.apiVersion === writer.apiVersion &&
    (entry.subresource ?? '') === writer.subresource;
  const result: ManagedFieldsEntry[] = [];
  let own: FieldSet = touched;
  for (const entry of entries) {
    const set = setOf(entry);
    if (mine(entry)) own = difference(union(set, touched), gone);
    else pushEntry(result, entry, difference(difference(set, touched), gone));
  }
  if (!isEmptySet(own)) {
    result.push(newEntry(writer, 'Update', own));
  }
  return sortEntries(result);
}

function pushEntry(result: ManagedFieldsEntry[], entry: ManagedFieldsEntry, set: FieldSet): void {
  if (!isEmptySet(set)) result.push({ ...entry, fieldsV1: set as Record<string, unknown> });
}

function setOf(entry: ManagedFieldsEntry): FieldSet {
  return (entry.fieldsV1 ?? {}) as FieldSet;
}

function newEntry(writer: Writer, operation: 'Apply' | 'Update', set: FieldSet): ManagedFieldsEntry {
  return {
    manager: writer.manager,
    operation,
    apiVersion: writer.apiVersion,
    time: writer.time,
    fieldsType: 'FieldsV1',
    fieldsV1: inOrder(set) as Record<string, unknown>,
    ...(writer.subresource === '' ? {} : { subresource: writer.subresource }),
  };
}

/** Keys sorted at every level, as the API always writes them: clients compare the text. */
function inOrder(set: FieldSet): FieldSet {
  const keys = Object.keys(set).sort();
  return Object.fromEntries(keys.map((key) => [key, inOrder(set[key] as FieldSet)]));
}

/** Apply entries first, then by time, manager and version, as the API lists them. */
function sortEntries(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const text = (entry: ManagedFieldsEntry) =>
    `${entry.operation === 'Apply' ? 0 : 1} ${entry.time} ${entry.manager} ${entry.apiVersion} ${entry.subresource ?? ''}`;
  return entries.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

export interface Applied {
  readonly object: ApiObject;
  readonly managedFields: ManagedFieldsEntry[];
}

/**
 * Server-side apply: merges the configuration into the live object, gives up what the manager applied before and leaves out now, and
 * works out the owners. `ignored` are fields this endpoint does not write (status on the main resource). Throws the 409 that lists the
 * conflicts unless `force`.
 */
export function applyConfiguration(
  schema: Schema,
  live: Readonly<ApiObject>,
  config: ApiObject,
  writer: Writer,
  options: { force: boolean; ignored: (set: FieldSet) => FieldSet },
): Applied {
  const entries = live.metadata.managedFields ?? [];
  const set = options.ignored(withoutUnowned(fieldsOf(schema, config)));
  const mine = entries.find(
    (entry) =>
      entry.operation === 'Apply' &&
      entry.manager === writer.manager &&
      (entry.subresource ?? '') === writer.subresource,
  );
  const others = entries.filter((entry) => entry !== mine);
  let merged = mergeApplied(schema, live, config);
  if (mine !== undefined) {
    const keep = others.reduce((all, entry) => union(all, setOf(entry)), set);
    merged = pruneFields(schema, merged, setOf(mine), keep);
  }
  const { changed, removed } = compareFields(schema, live, merged);
  const touched = intersection(withoutUnowned(changed), set);
  if (!options.force) throwConflicts(others, touched);
  const gone = withoutUnowned(removed);
  const result: ManagedFieldsEntry[] = [];
  for (const entry of others) {
    pushEntry(result, entry, difference(difference(setOf(entry), touched), gone));
  }
  if (!isEmptySet(set)) result.push(appliedEntry(writer, set, mine));
  return { object: merged as ApiObject, managedFields: sortEntries(result) };
}

function appliedEntry(
  writer: Writer,
  set: FieldSet,
  mine: ManagedFieldsEntry | undefined,
): ManagedFieldsEntry {
  const entry = newEntry(writer, 'Apply', set);
  const same = mine !== undefined && mine.apiVersion === writer.apiVersion && equalJson(setOf(mine), set);
  return same && mine.time !== undefined ? { ...entry, time: mine.time } : entry;
}

function throwConflicts(others: readonly ManagedFieldsEntry[], touched: FieldSet): void {
  const found = others
    .map((entry) => ({ who: managerText(entry), paths: listPaths(intersection(setOf(entry), touched)) }))
    .filter(({ paths }) => paths.length > 0);
  const count = found.reduce((sum, { paths }) => sum + paths.length, 0);
  if (count === 0) return;
  const causes: StatusCause[] = found.flatMap(({ who, paths }) =>
    paths.map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${who}`,
      field,
    })),
  );
  const parts = found.map(({ who, paths }) =>
    paths.length === 1
      ? `conflict with ${who}: ${paths[0]}`
      : `conflicts with ${who}:\n${paths.map((path) => `- ${path}`).join('\n')}`,
  );
  const text = `Apply failed with ${count} conflict${count === 1 ? '' : 's'}: ${parts.join('\n')}`;
  throw new StatusError(409, 'Conflict', text, { causes });
}

function managerText(entry: ManagedFieldsEntry): string {
  let text = JSON.stringify(entry.manager ?? '');
  if (entry.subresource) text += ` with subresource ${JSON.stringify(entry.subresource)}`;
  if (entry.operation === 'Update')
    text += ` using ${entry.apiVersion}${entry.time ? ` at ${entry.time}` : ''}`;
  return text;
}
