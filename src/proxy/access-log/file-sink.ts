import { closeSync, openSync, write, writeSync } from 'node:fs';
import { after } from '../network/timer.ts';
import type { LogSink } from './logger.ts';

const flushMs = 250;
const flushBytes = 64 * 1024;
/** Lines are dropped above this much waiting: a stuck disk must not eat the memory. */
const maxWaiting = 8 * 1024 * 1024;

/** Appends lines to a file, gathered for a quarter second or 64 KiB. `reopen` lets log rotation move the file away. */
export class FileSink implements LogSink {
  readonly path: string;
  dropped = 0;
  #fd: number;
  #lines = '';
  #writing = false;
  #timer: { cancel(): void } | undefined = undefined;

  constructor(path: string) {
    this.path = path;
    this.#fd = FileSink.#open(path);
  }

  static #open(path: string): number {
    if (path === '/dev/stdout') return 1;
    if (path === '/dev/stderr') return 2;
    return openSync(path, 'a', 0o644);
  }

  write(line: string): void {
    if (this.#lines.length > maxWaiting) {
      this.dropped++;
      return;
    }
    this.#lines += line;
    if (this.#lines.length >= flushBytes) this.#flush();
    else this.#timer ??= after(flushMs, () => this.#flush());
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#writing || this.#lines === '') return;
    const bytes = Buffer.from(this.#lines, 'utf8');
    this.#lines = '';
    this.#writing = true;
    this.#writeAll(bytes);
  }

  #writeAll(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (error === null && written < bytes.length) return this.#writeAll(bytes.subarray(written));
      this.#writing = false;
      if (this.#lines !== '') this.#timer ??= after(flushMs, () => this.#flush());
    });
  }

  /** Writes what waits, synchronously: before the process ends. */
  flushSync(): void {
    if (this.#lines === '') return;
    const lines = this.#lines;
    this.#lines = '';
    try {
      writeSync(this.#fd, lines);
    } catch {
      this.dropped++;
    }
  }

  reopen(): void {
    if (this.#fd <= 2) return;
    this.flushSync();
    closeSync(this.#fd);
    this.#fd = FileSink.#open(this.path);
  }
}
