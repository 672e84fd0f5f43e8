import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { LogOptions } from '../api/node-backend.ts';

/** A log beyond this size starts anew; the part before is kept as `.1`. */
const maxBytes = 10 * 1024 * 1024;
/** A line longer than this is cut into parts, as container runtimes do. */
const maxLine = 16 * 1024;
const chunkBytes = 64 * 1024;

/**
 * The log of one container instance in the CRI format, `<RFC 3339> stdout F <line>`: written as output comes, read by `kubectl logs`.
 */
export class LogFile {
  readonly path: string;
  readonly #clock: Clock;
  readonly #partial = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly #followers = new Set<() => void>();
  #fd: number | undefined;
  #size = 0;
  #rotations = 0;
  #closed = false;

  constructor(path: string, clock: Clock) {
    this.path = path;
    this.#clock = clock;
    this.#fd = openSync(path, 'a');
    this.#size = statSync(path).size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  append(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const time = new Date(this.#clock.now()).toISOString();
    const parts: Buffer[] = [];
    let rest = this.#partial[stream].length > 0 ? Buffer.concat([this.#partial[stream], chunk]) : chunk;
    for (;;) {
      const end = rest.indexOf(10);
      if (end < 0 && rest.length < maxLine) break;
      const full = end >= 0 && end <= maxLine;
      const length = full ? end : maxLine;
      parts.push(Buffer.from(`${time} ${stream} ${full ? 'F' : 'P'} `), rest.subarray(0, length), newline);
      rest = rest.subarray(full ? length + 1 : length);
    }
    this.#partial[stream] = Buffer.from(rest);
    if (parts.length > 0) this.#write(Buffer.concat(parts));
  }

  /** Writes what is left without a line end and tells the followers that no more will come. */
  close(): void {
    if (this.#closed) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partial[stream].length > 0) this.append(stream, newline);
    }
    this.#closed = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#notify();
  }

  remove(): void {
    this.close();
    for (const path of [this.path, `${this.path}.1`]) rmSync(path, { force: true });
  }

  #write(bytes: Buffer): void {
    if (this.#fd === undefined) return;
    if (this.#size > maxBytes) {
      closeSync(this.#fd);
      renameSync(this.path, `${this.path}.1`);
      this.#fd = openSync(this.path, 'a');
      this.#size = 0;
      this.#rotations++;
    }
    writeSync(this.#fd, bytes);
    this.#size += bytes.length;
    this.#notify();
  }

  #notify(): void {
    for (const follower of this.#followers) follower();
  }

  /** Writes the log to `out` as PodLogOptions ask; with `follow`, until the container's end or the signal. */
  async read(options: LogOptions, out: Writable, signal: AbortSignal): Promise<void> {
    const select = new LineSelection(options);
    const older = `${this.path}.1`;
    if (existsSync(older)) await write(out, select.take(readAll(older)), signal);
    let offset = 0;
    let rotations = this.#rotations;
    let carry: Buffer = Buffer.alloc(0);
    for (let caughtUp = false; !signal.aborted && !select.full; ) {
      if (rotations !== this.#rotations) {
        rotations = this.#rotations;
        offset = 0;
      }
      const bytes = readFrom(this.path, offset);
      offset += bytes.length;
      if (bytes.length === 0) {
        if (!caughtUp) await write(out, select.tail(), signal);
        caughtUp = true;
        if (!options.follow || this.#closed) return;
        await this.#change(signal);
        continue;
      }
      const text = Buffer.concat([carry, bytes]);
      const end = text.lastIndexOf(10) + 1;
      carry = text.subarray(end);
      await write(out, select.take(text.subarray(0, end)), signal);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#followers.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#followers.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

const newline = Buffer.from('\n');

/** Applies tailLines, sinceTime, timestamps and limitBytes to lines as they are read. */
class LineSelection {
  readonly #options: LogOptions;
  #held: Buffer[] | undefined;
  #left: number;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#held = options.tailLines === undefined ? undefined : [];
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get full(): boolean {
    return this.#left <= 0;
  }

  take(bytes: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(10, start);
      const stop = end < 0 ? bytes.length : end + 1;
      const line = this.#format(bytes.subarray(start, stop));
      if (line !== undefined) lines.push(line);
      start = stop;
    }
    if (this.#held === undefined) return this.#limit(lines);
    this.#held.push(...lines);
    const keep = this.#options.tailLines ?? 0;
    if (this.#held.length > keep * 2 + 1000) this.#held = keep === 0 ? [] : this.#held.slice(-keep);
    return [];
  }

  /** The last lines of what was there at first; from then on lines pass as they come. */
  tail(): Buffer[] {
    const keep = this.#options.tailLines ?? 0;
    const held = keep === 0 ? [] : (this.#held ?? []).slice(-keep);
    this.#held = undefined;
    return this.#limit(held);
  }

  #format(line: Buffer): Buffer | undefined {
    const afterTime = line.indexOf(32);
    const afterStream = line.indexOf(32, afterTime + 1);
    const afterTag = line.indexOf(32, afterStream + 1);
    if (afterTag < 0) return undefined;
    const time = line.toString('latin1', 0, afterTime);
    if (this.#options.sinceMs !== undefined && Date.parse(time) < this.#options.sinceMs) return undefined;
    const partial = line[afterTag - 1] === 80;
    const text = line.subarray(afterTag + 1, partial && line.at(-1) === 10 ? line.length - 1 : line.length);
    return this.#options.timestamps ? Buffer.concat([Buffer.from(`${time} `), text]) : text;
  }

  #limit(lines: Buffer[]): Buffer[] {
    const out: Buffer[] = [];
    for (const line of lines) {
      if (this.#left <= 0) break;
      out.push(line.length > this.#left ? line.subarray(0, this.#left) : line);
      this.#left -= line.length;
    }
    return out;
  }
}

function readAll(path: string): Buffer {
  return readRange(path, 0, statSync(path).size);
}

function readFrom(path: string, offset: number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const size = statSync(path).size;
  return size <= offset ? Buffer.alloc(0) : readRange(path, offset, Math.min(size - offset, chunkBytes * 16));
}

function readRange(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(length);
    const read = readSync(fd, buffer, 0, length, offset);
    return buffer.subarray(0, read);
  } finally {
    closeSync(fd);
  }
}

/** Resolves when the lines have been taken, or will never be. */
function write(out: Writable, lines: readonly Buffer[], signal: AbortSignal): Promise<void> | undefined {
  if (lines.length === 0 || signal.aborted || out.destroyed) return undefined;
  return new Promise((resolve) => {
    const done = () => {
      out.off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    out.once('close', done);
    signal.addEventListener('abort', done, { once: true });
    out.write(Buffer.concat(lines), done);
  });
}
