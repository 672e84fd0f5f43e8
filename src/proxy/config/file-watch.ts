import { type FSWatcher, readlinkSync, watch } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';

/** Links followed from one name before the rest is taken for a loop. */
const maxLinks = 8;

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

  /**
   * Replaces the set of watched things: directories, each with the paths that are read through it, and files. A change of a name in a
   * directory matters only when one of the paths leads over that name: new generations written beside the current one wake nobody.
   */
  set(directories: ReadonlyMap<string, Iterable<string>>, files: Iterable<string>): void {
    const wanted = new Map<string, Set<string> | undefined>();
    for (const file of files) {
      const directory = dirname(file);
      const names = wanted.get(directory) ?? new Set<string>();
      names.add(basename(file));
      wanted.set(directory, names);
    }
    for (const [directory, paths] of directories) wanted.set(directory, namesOnTheWay(directory, paths));
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

/** The names in `directory` over which the paths lead, links in the directory followed; undefined (all) when a path lies elsewhere. */
function namesOnTheWay(directory: string, paths: Iterable<string>): Set<string> | undefined {
  const names = new Set<string>();
  for (const path of paths) {
    let name = nameIn(directory, path);
    if (name === undefined) return undefined;
    for (let links = 0; name !== undefined && !names.has(name); links++) {
      if (links === maxLinks) return undefined;
      names.add(name);
      name = linkedName(directory, name);
    }
  }
  return names;
}

function nameIn(directory: string, path: string): string | undefined {
  const first = relative(directory, path).split(sep)[0] as string;
  return first === '' || first === '..' || isAbsolute(first) ? undefined : first;
}

/** Where a link leads to, when that is another name of the same directory. */
function linkedName(directory: string, name: string): string | undefined {
  try {
    const target = readlinkSync(join(directory, name));
    return nameIn(directory, isAbsolute(target) ? target : join(directory, target));
  } catch {
    return undefined; // Not a link, or not there yet.
  }
}
