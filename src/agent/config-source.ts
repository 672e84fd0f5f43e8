import type { Logger } from '../base/log.ts';
import {
  assemble,
  type DecodedOwn,
  type DecodedPart,
  decodeIndex,
  decodeOwn,
  decodePart,
  labels,
  type ResourceSet,
  type ScopeIndex,
  type StoredConfigMap,
} from '../xds/snapshot/index.ts';

/** Where configuration comes from: the Kubernetes API (api-source.ts) or a folder (directory-source.ts). */
export interface ConfigSource {
  start(): void;
  stop(): void;
}

export interface CompleteConfig {
  readonly own: DecodedOwn;
  readonly resources: ResourceSet;
}

export interface StoredObject extends StoredConfigMap {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/**
 * Puts a proxy's configuration together from the objects a source reports, in whatever order they arrive, and calls `onComplete` whenever
 * a complete snapshot differs from the last. Content that cannot be decoded is logged once and leaves the last good state in place.
 */
export class Assembler {
  readonly #onComplete: (config: CompleteConfig) => void;
  readonly #onScope: (scope: string) => void;
  readonly #log: Logger;
  #own: DecodedOwn | undefined;
  #index: ScopeIndex | undefined;
  readonly #parts = new Map<string, DecodedPart>();
  #scheduled = false;
  #scope = '';
  /** What is still to come before the first or the next snapshot is complete; for the readiness message. */
  missing: readonly string[] = ['own configuration'];

  constructor(handlers: {
    onComplete: (config: CompleteConfig) => void;
    onScope?: (scope: string) => void;
    log: Logger;
  }) {
    this.#onComplete = handlers.onComplete;
    this.#onScope = handlers.onScope ?? (() => undefined);
    this.#log = handlers.log;
  }

  setOwn(object: StoredObject): void {
    const decoded = decodeOwn(object);
    if (decoded.value === undefined) return this.#refuse(object, decoded.issue.message);
    this.#own = decoded.value;
    if (decoded.value.scope !== this.#scope) {
      this.#scope = decoded.value.scope;
      this.#index = undefined;
      this.#parts.clear();
      this.#onScope(this.#scope);
    }
    this.#schedule();
  }

  /** A ConfigMap of the scope appeared or changed. */
  setPart(object: StoredObject): void {
    if (object.metadata.labels?.[labels.part] === 'index') {
      const decoded = decodeIndex(object);
      if (decoded.value === undefined) return this.#refuse(object, decoded.issue.message);
      this.#index = decoded.value;
    } else {
      const decoded = decodePart(object);
      if (decoded.value === undefined) return this.#refuse(object, decoded.issue.message);
      this.#parts.set(object.metadata.name, decoded.value);
    }
    this.#schedule();
  }

  /** A ConfigMap of the scope is gone. Parts the index still names are kept: somebody deleted them by hand and they will come back. */
  removePart(name: string): void {
    const named =
      this.#index?.parts.some((part) => part.name === name) || this.#index?.endpoints.includes(name);
    if (!named) this.#parts.delete(name);
  }

  #refuse(object: StoredObject, message: string): void {
    this.#log.error('a configuration object cannot be decoded; the last good configuration stays', {
      object: object.metadata.name,
      message,
    });
  }

  /** Events of one burst are put together once. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#assemble();
    });
  }

  #assemble(): void {
    if (this.#own === undefined) return;
    const assembled = assemble(this.#own, this.#index, this.#parts);
    this.missing = assembled.complete ? [] : assembled.missing;
    if (assembled.complete) this.#onComplete({ own: this.#own, resources: assembled.resources });
  }
}
