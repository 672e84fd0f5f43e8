import { errorMessage, type Logger, silentLogger } from '../../base/log.ts';
import { type DirectoryListener, watchDirectory } from './directory-watch.ts';
import type { SecretSource } from './options.ts';

/** The newest good value of a secret source, read when first asked for and followed from then on. */
export class LiveSecret<T> implements DirectoryListener {
  readonly #source: SecretSource<T>;
  readonly #log: Logger;
  readonly #listeners: (() => void)[] = [];
  #current: T | undefined;
  #error = '';
  #started = false;

  constructor(source: SecretSource<T>, log: Logger = silentLogger) {
    this.#source = source;
    this.#log = log;
  }

  /** Undefined until it could be read for the first time. */
  get current(): T | undefined {
    if (!this.#started) this.#start();
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

  #start(): void {
    this.#started = true;
    if (this.#source.kind === 'inline') {
      this.#current = this.#source.value;
      return;
    }
    for (const directory of new Set(this.#source.directories)) {
      const error = watchDirectory(directory, this);
      if (error !== undefined) this.#log.warn('Cannot follow a directory of secrets', { directory, error });
    }
    this.#load();
  }

  onDirectoryChange(): void {
    this.#load();
    for (const listener of this.#listeners) listener();
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
