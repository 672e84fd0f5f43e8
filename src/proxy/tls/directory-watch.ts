import { type FSWatcher, watch } from 'node:fs';

/** What wants to know of changes in a directory. */
export interface DirectoryListener {
  onDirectoryChange(): void;
}

/** One watcher of the system for a directory, however many secrets lie in it. */
interface WatchedDirectory {
  readonly watcher: FSWatcher;
  readonly listeners: Set<WeakRef<DirectoryListener>>;
  scheduled: boolean;
}

const directories = new Map<string, WatchedDirectory>();

/**
 * Tells `listener` of changes in `path`, once for events that come together. It is held weakly: transports of a configuration that was
 * replaced or refused just go. Returns what went wrong, or undefined.
 */
export function watchDirectory(path: string, listener: DirectoryListener): string | undefined {
  let watched = directories.get(path);
  if (watched === undefined) {
    try {
      const watcher = watch(path, { persistent: false }, () => schedule(path));
      watcher.on('error', () => drop(path));
      watched = { watcher, listeners: new Set(), scheduled: false };
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
    directories.set(path, watched);
  }
  watched.listeners.add(new WeakRef(listener));
  return undefined;
}

function schedule(path: string): void {
  const watched = directories.get(path);
  if (watched === undefined || watched.scheduled) return;
  watched.scheduled = true;
  setImmediate(() => {
    watched.scheduled = false;
    for (const reference of watched.listeners) {
      const listener = reference.deref();
      if (listener === undefined) watched.listeners.delete(reference);
      else listener.onDirectoryChange();
    }
    if (watched.listeners.size === 0) drop(path);
  });
}

function drop(path: string): void {
  directories.get(path)?.watcher.close();
  directories.delete(path);
}
