import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStart } from '../network/leftovers.ts';

/** Who runs a cluster, and where its files are. */
export interface ClusterOwner {
  readonly pid: number;
  /** Start time of that process: a pid alone may have a new bearer. */
  readonly start: string;
  readonly folder: string;
}

const fileName = /^lateen(\d+)\.json$/;

/** The records of the clusters of this host, one file each in a folder that only root may write. */
export class ClusterLocks {
  readonly #folder: string;

  constructor(folder = '/run/lateen') {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  }

  /** Whether a living process owns the index. */
  owned(index: number): boolean {
    const owner = this.read(index);
    return owner !== undefined && processStart(owner.pid) === owner.start;
  }

  /** Indexes whose owner died without cleaning up. */
  abandoned(): { index: number; owner: ClusterOwner | undefined }[] {
    return readdirSync(this.#folder)
      .map((name) => fileName.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .filter((index) => !this.owned(index))
      .map((index) => ({ index, owner: this.read(index) }));
  }

  /** Takes an index for this process; false when another was quicker. */
  take(index: number, folder: string): boolean {
    const owner: ClusterOwner = { pid: process.pid, start: processStart(process.pid) ?? '', folder };
    // Linked into place whole: nobody ever reads a record that is still being written.
    const draft = `${this.#path(index)}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(owner));
    try {
      linkSync(draft, this.#path(index));
      return true;
    } catch {
      return false;
    } finally {
      rmSync(draft, { force: true });
    }
  }

  release(index: number): void {
    rmSync(this.#path(index), { force: true });
  }

  read(index: number): ClusterOwner | undefined {
    try {
      return JSON.parse(readFileSync(this.#path(index), 'utf8')) as ClusterOwner;
    } catch {
      return undefined;
    }
  }

  #path(index: number): string {
    return join(this.#folder, `lateen${index}.json`);
  }
}
