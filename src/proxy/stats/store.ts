import { Histogram } from './histogram.ts';

/** What a scope is about; the word is the first part of Envoy's statistic names and decides the Prometheus label. */
export type ScopeKind =
  | 'root'
  | 'cluster'
  | 'http'
  | 'listener'
  | 'tcp'
  | 'listener_manager'
  | 'cluster_manager'
  | 'server'
  | 'filesystem'
  | 'vhost';

export interface Cell {
  value: number;
}

/** A fixed set of statistics kept as the numeric fields of one object, so that counting is one increment. */
export type FieldTable = readonly (readonly [field: string, name: string, type: 'counter' | 'gauge'])[];

export interface MetricVisitor {
  counter(scope: StatsScope, name: string, value: number): void;
  gauge(scope: StatsScope, name: string, value: number): void;
  histogram(scope: StatsScope, name: string, value: Histogram): void;
}

interface FieldRecord {
  readonly table: FieldTable;
  readonly object: object;
}

/** Statistics of one cluster, listener, connection manager… */
export class StatsScope {
  readonly kind: ScopeKind;
  /** Cluster name, stat prefix, listener address; '' for single scopes. */
  readonly value: string;
  readonly #counters = new Map<string, Cell>();
  readonly #gauges = new Map<string, Cell>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #records: FieldRecord[] = [];
  readonly #attachments = new Map<string, unknown>();

  constructor(kind: ScopeKind, value: string) {
    this.kind = kind;
    this.value = value;
  }

  /** `cluster.name.`, '' at the root. */
  get prefix(): string {
    if (this.kind === 'root') return '';
    return this.value === '' ? `${this.kind}.` : `${this.kind}.${this.value}.`;
  }

  counter(name: string): Cell {
    return cell(this.#counters, name);
  }

  gauge(name: string): Cell {
    return cell(this.#gauges, name);
  }

  histogram(name: string): Histogram {
    let histogram = this.#histograms.get(name);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.#histograms.set(name, histogram);
    }
    return histogram;
  }

  /** The object of a kind that belongs to this scope: configurations that share a prefix share it, over reloads too. */
  attachment<T>(key: string, make: () => T): T {
    if (!this.#attachments.has(key)) this.#attachments.set(key, make());
    return this.#attachments.get(key) as T;
  }

  addRecord(table: FieldTable, object: object): void {
    this.#records.push({ table, object });
  }

  visit(visitor: MetricVisitor): void {
    for (const { table, object } of this.#records) {
      for (const [field, name, type] of table)
        visitor[type](this, name, (object as Record<string, number>)[field] ?? 0);
    }
    for (const [name, { value }] of this.#counters) visitor.counter(this, name, value);
    for (const [name, { value }] of this.#gauges) visitor.gauge(this, name, value);
    for (const [name, histogram] of this.#histograms) visitor.histogram(this, name, histogram);
  }

  resetCounters(): void {
    for (const { table, object } of this.#records) {
      for (const [field, , type] of table)
        if (type === 'counter') (object as Record<string, number>)[field] = 0;
    }
    for (const counter of this.#counters.values()) counter.value = 0;
    for (const histogram of this.#histograms.values()) histogram.clear();
  }
}

function cell(cells: Map<string, Cell>, name: string): Cell {
  let found = cells.get(name);
  if (found === undefined) {
    found = { value: 0 };
    cells.set(name, found);
  }
  return found;
}

/** Every statistic of one thread. */
export class StatsStore {
  readonly #scopes = new Map<string, StatsScope>();

  scope(kind: ScopeKind, value = ''): StatsScope {
    const key = `${kind} ${value}`;
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      scope = new StatsScope(kind, value);
      this.#scopes.set(key, scope);
    }
    return scope;
  }

  remove(scope: StatsScope): void {
    this.#scopes.delete(`${scope.kind} ${scope.value}`);
  }

  visit(visitor: MetricVisitor): void {
    for (const scope of this.#scopes.values()) scope.visit(visitor);
  }

  resetCounters(): void {
    for (const scope of this.#scopes.values()) scope.resetCounters();
  }
}
