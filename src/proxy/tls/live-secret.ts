import { type FSWatcher, watch } from 'node:fs';
import { errorMessage, type Logger, silentLogger } from '../../base/log.ts';
import type { SecretSource } from './options.ts';

/** The newest good value of a secret source, followed while the process runs. */
export class LiveSecret<T> {
  readonly #source: SecretSource<T>;
  readonly #log: Logger;
  readonly #watchers: FSWatcher[] = [];
  readonly #listeners: (() => void)[] = [];
  #current: T | undefined;
  #error = '';
  #scheduled = false;

  constructor(source: SecretSource<T>, log: Logger = silentLogger) {
    this.#source = source;
    this.#log = log;
    if (source.kind === 'inline') {
      this.#current = source.value;
      return;
    }
    this.#load();
    for (const directory of new Set(source.directories)) this.#watch(directory);
  }

  /** Undefined until it could be read for the first time. */
  get current(): T | undefined {
    return this.#current;
  }

  /** Why the last attempt to read it failed, '' when it did not. */
  get error(): string {
    return this.#error;
  }

  /** Calls `listener` after each reading, also such as brought nothing new. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#schedule());
      watcher.on('error', (error) =>
        this.#log.warn('Cannot follow a directory of secrets', { directory, error: error.message }),
      );
      this.#watchers.push(watcher);
    } catch (thrown) {
      this.#log.warn('Cannot follow a directory of secrets', { directory, error: errorMessage(thrown) });
    }
  }

  /** Several files change together: one reading after the burst of events. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#load();
      for (const listener of this.#listeners) listener();
    });
  }

  #load(): void {
    if (this.#source.kind === 'inline') return;
    try {
      this.#current = this.#source.load();
      this.#error = '';
    } catch (thrown) {
      this.#error = errorMessage(thrown);
      this.#log.warn('Cannot read a secret', { error: this.#error });
    }
  }
}
