import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256Hex } from '../base/hash.ts';
import {
  pointAtFiles,
  type ResourceSet,
  resourceFile,
  resourceName,
  type XdsResource,
} from '../xds/snapshot/index.ts';

/** A file of a generation: what it is made of, and the hash of its text. */
interface Rendered {
  readonly list: readonly XdsResource[];
  readonly hash: string;
}

/** How many superseded generations stay on disk: a proxy that is reading one must be able to finish. */
const keptGenerations = 2;

/**
 * Configuration on disk as Envoy's file xDS (docs/contracts.md): each generation is a folder, `current` a link to the newest, swapped by
 * rename, so a reader sees the old world or the new one. Files that did not change are hard links of the previous generation's. A
 * folder that has served its time becomes the next generation's: making and removing folders is what costs most on disk.
 * The newest generation is also the last good configuration: a restarted container serves it before any server answers.
 */
export class GenerationStore {
  readonly folder: string;
  #sequence: number;
  #hashes = new Map<string, string>();
  #rendered = new Map<string, Rendered>();
  /** What lies in the generations written by this process, oldest first: hashes by file. */
  readonly #contents = new Map<number, ReadonlyMap<string, string>>();
  readonly #texts = new WeakMap<XdsResource, string>();

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#sequence = Math.max(0, ...this.#generations());
    this.#rememberCurrent();
  }

  /** Whether a complete configuration lies there already. */
  get hasConfiguration(): boolean {
    return existsSync(join(this.folder, 'current', 'lds.json'));
  }

  /**
   * Writes the snapshot as the new current generation. Returns false, writing nothing, when it equals the present one. A failed write
   * (disk full) throws and leaves the present generation current. Superseded generations stay until `removeOld`.
   */
  write(resources: ResourceSet): boolean {
    const files = this.#render(resources);
    const hashes = new Map([...files].map(([file, { hash }]) => [file, hash]));
    this.#rendered = files;
    if (this.hasConfiguration && sameEntries(hashes, this.#hashes)) return false;
    const previous = this.#currentTarget();
    const name = `g${this.#sequence + 1}`;
    const target = join(this.folder, name);
    try {
      this.#writeFiles(target, this.#makeFolder(target), files, hashes, previous);
      this.#swap(name);
    } catch (thrown) {
      rmSync(target, { recursive: true, force: true });
      throw thrown;
    }
    this.#sequence += 1;
    this.#hashes = hashes;
    this.#contents.set(this.#sequence, hashes);
    return true;
  }

  /** Files made of the same resources as last time keep their hash without being put together again. */
  #render(resources: ResourceSet): Map<string, Rendered> {
    const files = new Map<string, Rendered>();
    const add = (file: string, list: readonly XdsResource[]) => {
      const known = this.#rendered.get(file);
      const same = known !== undefined && sameItems(known.list, list);
      files.set(file, same ? known : { list, hash: sha256Hex(this.#response(list)) });
    };
    for (const kind of ['routes', 'endpoints'] as const) {
      for (const resource of resources[kind]) add(resourceFile(kind, resourceName(resource)), [resource]);
    }
    add('cds.json', resources.clusters);
    add('lds.json', resources.listeners);
    return files;
  }

  #response(list: readonly XdsResource[]): string {
    return `{"resources":[${list.map((resource) => this.#text(resource)).join(',')}]}`;
  }

  /** Resources that did not change are the same objects as last time and are not serialized again. */
  #text(resource: XdsResource): string {
    let text = this.#texts.get(resource);
    if (text === undefined) {
      text = JSON.stringify(pointAtFiles(resource, { folder: this.folder }));
      this.#texts.set(resource, text);
    }
    return text;
  }

  /** Makes the folder of a generation, out of a superseded one if there is one. Returns what lies in it. */
  #makeFolder(target: string): ReadonlyMap<string, string> {
    rmSync(target, { recursive: true, force: true });
    const [oldest] = this.#contents;
    if (oldest !== undefined && oldest[0] <= this.#sequence - keptGenerations) {
      this.#contents.delete(oldest[0]);
      try {
        renameSync(join(this.folder, `g${oldest[0]}`), target);
        return oldest[1];
      } catch {
        // Removed by hand: made anew.
      }
    }
    for (const folder of ['', 'rds', 'eds']) mkdirSync(join(target, folder), { recursive: true });
    return new Map();
  }

  #writeFiles(
    target: string,
    present: ReadonlyMap<string, string>,
    files: Map<string, Rendered>,
    hashes: Map<string, string>,
    previous: string | undefined,
  ): void {
    // Never written in place: the inode may be another generation's file too.
    for (const [file, hash] of present)
      if (hash !== hashes.get(file)) rmSync(join(target, file), { force: true });
    for (const [file, { list }] of files) {
      if (present.get(file) === hashes.get(file)) continue;
      const unchanged = previous !== undefined && this.#hashes.get(file) === hashes.get(file);
      if (!unchanged || !link(join(previous, file), join(target, file)))
        writeFileSync(join(target, file), this.#response(list));
    }
  }

  #swap(name: string): void {
    const link = join(this.folder, '.next');
    rmSync(link, { force: true });
    symlinkSync(name, link);
    renameSync(link, join(this.folder, 'current'));
  }

  #currentTarget(): string | undefined {
    const link = join(this.folder, 'current');
    return existsSync(link) ? join(dirname(link), readlinkSync(link)) : undefined;
  }

  #generations(): number[] {
    return readdirSync(this.folder).flatMap((name) => (/^g\d+$/.test(name) ? [Number(name.slice(1))] : []));
  }

  #rememberCurrent(): void {
    const current = this.#currentTarget();
    if (current === undefined) return;
    for (const entry of readdirSync(current, { recursive: true }).map(String)) {
      const file = join(current, entry);
      if (statSync(file).isFile()) this.#hashes.set(entry, sha256Hex(readFileSync(file, 'utf8')));
    }
  }

  /** Removes superseded generations that no later one will be made of. */
  removeOld(): void {
    const old = this.#generations().filter(
      (number) => number <= this.#sequence - keptGenerations && !this.#contents.has(number),
    );
    for (const number of old) rmSync(join(this.folder, `g${number}`), { recursive: true, force: true });
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false; // Across devices, or removed by hand: write the text instead.
  }
}

function sameItems(a: readonly XdsResource[], b: readonly XdsResource[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
