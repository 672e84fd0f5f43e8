import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256Hex } from '../../base/hash.ts';
import type { VolumeFiles } from './volume-content.ts';

/**
 * A folder whose files change all at once, laid out as kubelet does it, because programs watch for exactly this: real files in
 * `..<timestamp>/`, `..data` a link to it swapped by rename, user-visible names links through `..data`.
 */
export class AtomicFolder {
  readonly path: string;
  readonly #group: number | undefined;
  #hash = '';

  /** `group` owns the files (fsGroup) and may read them. */
  constructor(path: string, group?: number) {
    this.path = path;
    this.#group = group;
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }

  /** Puts the files in place; false when nothing differs. Throws what the file system throws; the old content then still stands. */
  write(files: VolumeFiles): boolean {
    const hash = contentHash(files);
    if (hash === this.#hash) return false;
    const fresh = mkdtempSync(join(this.path, `..${timestamp()}.`));
    chmodSync(fresh, 0o755);
    try {
      for (const [path, { content, mode }] of files) this.#writeFile(join(fresh, path), content, mode);
      const link = join(this.path, '..data');
      const old = existsSync(link) ? readlinkSync(link) : undefined;
      rmSync(`${link}_tmp`, { force: true });
      symlinkSync(fresh.slice(this.path.length + 1), `${link}_tmp`);
      renameSync(`${link}_tmp`, link);
      this.#linkNames(files);
      if (old !== undefined) rmSync(join(this.path, old), { recursive: true, force: true });
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      throw error;
    }
    this.#hash = hash;
    return true;
  }

  #writeFile(path: string, content: Buffer, mode: number): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, this.#group === undefined ? mode : mode | 0o440);
    if (this.#group !== undefined) chownSync(path, 0, this.#group);
  }

  #linkNames(files: VolumeFiles): void {
    const names = new Set([...files.keys()].map((path) => path.split('/')[0] as string));
    for (const name of names) {
      if (lstatSync(join(this.path, name), { throwIfNoEntry: false }) === undefined) {
        symlinkSync(join('..data', name), join(this.path, name));
      }
    }
    for (const name of readdirSync(this.path)) {
      if (!name.startsWith('..') && !names.has(name)) rmSync(join(this.path, name), { force: true });
    }
  }
}

function contentHash(files: VolumeFiles): string {
  const parts = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256Hex(
    parts.map(([path, file]) => `${path}\0${file.mode}\0${sha256Hex(file.content)}`).join('\n'),
  );
}

/** `2026_11_21_03_41_07`: only for people who look. */
function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_');
}
