import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Watches for what Envoy's file subscriptions wait for: a rename inside a watched directory (a folder link swapped), or a file moved over
 * the watched path. Events that come close together are told once.
 */
export class FileWatch {
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  /** By directory: names that matter, or undefined for all. */
  #wanted = new Map<string, Set<string> | undefined>();
  #scheduled: NodeJS.Immediate | undefined = undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Replaces the set of watched things: directories as they are, files by their directory and name. */
  set(directories: Iterable<string>, files: Iterable<string>): void {
    const wanted = new Map<string, Set<string> | undefined>();
    for (const file of files) {
      const directory = dirname(file);
      const names = wanted.get(directory) ?? new Set<string>();
      names.add(basename(file));
      wanted.set(directory, names);
    }
    for (const directory of directories) wanted.set(directory, undefined);
    this.#wanted = wanted;
    for (const [directory, watcher] of [...this.#watchers]) {
      if (wanted.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of wanted.keys()) if (!this.#watchers.has(directory)) this.#open(directory);
  }

  #open(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) =>
        this.#event(directory, event, name),
      );
      watcher.on('error', () => {
        this.#watchers.delete(directory);
      });
      this.#watchers.set(directory, watcher);
    } catch {
      // A directory that is not there yet is tried again with the next configuration.
    }
  }

  #event(directory: string, _event: string, name: string | null): void {
    const names = this.#wanted.get(directory);
    if (names !== undefined && name !== null && !names.has(name)) return;
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#onChange();
    });
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
  }
}
