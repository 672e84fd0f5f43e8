import type { ApiObject } from '../object.ts';

/** One stored state of one object: frozen, with the encoded form made once on demand. */
export class Entry {
  /** `namespace/name`, or `name` for cluster-wide objects. */
  readonly key: string;
  readonly object: Readonly<ApiObject>;
  readonly revision: number;
  #json: string | undefined;
  #itemJson: string | undefined;

  constructor(key: string, object: Readonly<ApiObject>, revision: number) {
    this.key = key;
    this.object = object;
    this.revision = revision;
  }

  /** The object as JSON text in its stored version. */
  get json(): string {
    this.#json ??= JSON.stringify(this.object);
    return this.#json;
  }

  /** The same without apiVersion and kind: how items of built-in lists are written. */
  get itemJson(): string {
    if (this.#itemJson === undefined) {
      const { apiVersion: _version, kind: _kind, ...rest } = this.object;
      this.#itemJson = JSON.stringify(rest);
    }
    return this.#itemJson;
  }
}

/** A committed write. `entry` is the state after it; for DELETED the last state, carrying the revision of the deletion. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly entry: Entry;
  readonly previous?: Entry;
}

export type ChangeListener = (change: Change) => void;

/** All objects of one resource, with the latest changes kept for watches that resume. */
export class Table {
  readonly name: string;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #historyLimit: number;
  #history: Change[] = [];
  /** Changes at or below this revision are no longer known. */
  #forgotten: number;
  #sortedKeys: string[] | undefined;

  constructor(name: string, startRevision: number, historyLimit: number) {
    this.name = name;
    this.#forgotten = startRevision;
    this.#historyLimit = historyLimit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Entries ordered by key, of one namespace when given. */
  list(namespace?: string): Entry[] {
    this.#sortedKeys ??= [...this.#entries.keys()].sort();
    const prefix = namespace === undefined ? undefined : `${namespace}/`;
    const found: Entry[] = [];
    for (const key of this.#sortedKeys) {
      if (prefix === undefined || key.startsWith(prefix)) found.push(this.#entries.get(key) as Entry);
    }
    return found;
  }

  /** Makes a change the present state and tells everyone watching. */
  commit(change: Change): void {
    const { key } = change.entry;
    if (change.type === 'DELETED') {
      this.#entries.delete(key);
      this.#sortedKeys = undefined;
    } else {
      if (!this.#entries.has(key)) this.#sortedKeys = undefined;
      this.#entries.set(key, change.entry);
    }
    this.#remember(change);
    for (const listener of this.#listeners) listener(change);
  }

  /** The changes after a revision, oldest first; undefined when some of them are no longer known. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#forgotten) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#history[middle] as Change).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  /** The oldest revision a watch may resume from. */
  get oldestRevision(): number {
    return this.#forgotten;
  }

  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #remember(change: Change): void {
    this.#history.push(change);
    if (this.#history.length <= this.#historyLimit * 2) return;
    const dropped = this.#history.length - this.#historyLimit;
    this.#forgotten = (this.#history[dropped - 1] as Change).revision;
    this.#history = this.#history.slice(dropped);
  }
}
