import type { ApiObject } from '../object.ts';
import { freezeJson } from '../schema/json-value.ts';
import type { Journal } from './journal.ts';
import { type Change, Entry, Table } from './table.ts';

/** What a write puts in place of the present state; `undefined` deletes. */
export interface StoreWrite {
  readonly table: string;
  readonly key: string;
  /** The new object, owned by the store from here on (it is stamped and frozen). For a deletion: the last state to show. */
  readonly object: ApiObject;
  readonly remove?: boolean;
}

/**
 * Every object of the cluster, in memory, under one revision counter. Writes are synchronous: stamped, journalled, committed and
 * told to all watchers before the call returns, so readers never see half a change.
 */
export class Store {
  readonly #tables = new Map<string, Table>();
  readonly #journal: Journal | undefined;
  readonly #historyLimit: number;
  readonly #startRevision: number;
  #revision: number;

  /** `startRevision` lies above any revision that clients of an earlier run may remember, unless the journal restores that run. */
  constructor(options: { startRevision: number; historyLimit?: number; journal?: Journal }) {
    this.#startRevision = options.startRevision;
    this.#revision = options.startRevision;
    this.#historyLimit = options.historyLimit ?? 1000;
    this.#journal = options.journal;
    options.journal?.replay((table, change) => this.#restore(table, change));
  }

  get revision(): number {
    return this.#revision;
  }

  table(name: string): Table {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new Table(name, this.#startRevision, this.#historyLimit);
      this.#tables.set(name, table);
    }
    return table;
  }

  get tables(): Iterable<Table> {
    return this.#tables.values();
  }

  /** Forgets a resource that is no longer served, with what is left in it. */
  drop(name: string): void {
    this.#tables.delete(name);
  }

  write(write: StoreWrite): Entry {
    const table = this.table(write.table);
    const previous = table.get(write.key);
    const revision = ++this.#revision;
    write.object.metadata.resourceVersion = String(revision);
    const entry = new Entry(write.key, freezeJson(write.object), revision);
    const type = write.remove ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED';
    const change: Change = { type, revision, entry, ...(previous === undefined ? {} : { previous }) };
    this.#journal?.append(write.table, change);
    table.commit(change);
    return entry;
  }

  close(): void {
    this.#journal?.close();
  }

  #restore(name: string, line: { type: Change['type']; key: string; object: ApiObject }): void {
    const table = this.table(name);
    const revision = Number(line.object.metadata.resourceVersion);
    this.#revision = Math.max(this.#revision, revision);
    const previous = table.get(line.key);
    const entry = new Entry(line.key, freezeJson(line.object), revision);
    table.commit({ type: line.type, revision, entry, ...(previous === undefined ? {} : { previous }) });
  }
}
