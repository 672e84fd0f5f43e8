import { closeSync, existsSync, openSync, readFileSync, renameSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiObject } from '../object.ts';
import type { Change } from './table.ts';

interface Line {
  readonly t: string;
  readonly e: Change['type'];
  readonly k: string;
  readonly o: ApiObject;
}

export type Replay = (
  table: string,
  change: { type: Change['type']; key: string; object: ApiObject },
) => void;

/**
 * The append-only file behind the store: one JSON line a change, written to the operating system before the write is acknowledged, so a
 * killed process loses nothing it confirmed (a power cut may lose the last moments: nothing is synced to disk). At start the file is
 * replayed and, when most of it is history, rewritten with the live objects and the latest changes only.
 */
export class Journal {
  readonly #path: string;
  #file: number;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'journal.ndjson');
    if (existsSync(this.#path)) this.#prepare();
    this.#file = openSync(this.#path, 'a', 0o600);
  }

  replay(apply: Replay): void {
    for (const line of readLines(this.#path).lines) {
      const { t, e, k, o } = JSON.parse(line) as Line;
      apply(t, { type: e, key: k, object: o });
    }
  }

  append(table: string, change: Change): void {
    const head = `{"t":${JSON.stringify(table)},"e":"${change.type}","k":${JSON.stringify(change.entry.key)},"o":`;
    writeSync(this.#file, `${head}${change.entry.json}}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Cuts a last line that a kill left half written, and drops history nobody can resume from. */
  #prepare(): void {
    const { lines, wholeBytes } = readLines(this.#path);
    truncateSync(this.#path, wholeBytes);
    const keep = compact(lines);
    if (keep.length * 2 > lines.length) return;
    const next = `${this.#path}.next`;
    const file = openSync(next, 'w', 0o600);
    for (const line of keep) writeSync(file, `${line}\n`);
    closeSync(file);
    renameSync(next, this.#path);
  }
}

/** Lines that still matter: the last one of each living object, and the latest thousand changes. */
function compact(lines: readonly string[]): string[] {
  const last = new Map<string, number>();
  lines.forEach((line, i) => {
    const { t, e, k } = JSON.parse(line) as Line;
    if (e === 'DELETED') last.delete(`${t} ${k}`);
    else last.set(`${t} ${k}`, i);
  });
  const wanted = new Set(last.values());
  return lines.filter((_, i) => wanted.has(i) || i >= lines.length - 1000);
}

function readLines(path: string): { lines: string[]; wholeBytes: number } {
  const bytes = readFileSync(path);
  const wholeBytes = bytes.lastIndexOf(10) + 1;
  const lines = bytes.subarray(0, wholeBytes).toString('utf8').split('\n').filter(Boolean);
  return { lines, wholeBytes };
}
