import type { Clock, Timer } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { Backoff } from './backoff.ts';

export interface WorkQueueOptions {
  readonly clock?: Clock;
  /** First and longest wait of `retry`. */
  readonly baseMs?: number;
  readonly maxMs?: number;
  readonly random?: () => number;
}

/**
 * Keys waiting to be worked on. A key waits at most once; a key added while it is being worked on comes back afterwards, so no two
 * workers ever hold the same key and no change is lost.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoffOptions: { baseMs: number; maxMs: number; random?: () => number };
  readonly #ready = new Set<string>();
  readonly #active = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { at: number; timer: Timer }>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #takers: ((key: string) => void)[] = [];

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    const { baseMs = 100, maxMs = 60_000, random } = options;
    this.#backoffOptions = { baseMs, maxMs, ...(random && { random }) };
  }

  /** Keys that wait now, delayed ones not counted. */
  get length(): number {
    return this.#ready.size;
  }

  add(key: string): void {
    if (this.#active.has(key)) {
      this.#again.add(key);
      return;
    }
    const taker = this.#takers.shift();
    if (taker === undefined) this.#ready.add(key);
    else this.#give(key, taker);
  }

  /** Adds the key later; an earlier pending time wins. */
  addAfter(key: string, ms: number): void {
    const at = this.#clock.monotonic() + ms;
    const pending = this.#delayed.get(key);
    if (pending !== undefined && pending.at <= at) return;
    pending?.timer.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, timer });
  }

  /** Adds the key after its own growing backoff; returns the wait in milliseconds. */
  retry(key: string): number {
    let backoff = this.#backoffs.get(key);
    if (backoff === undefined) {
      backoff = new Backoff(this.#backoffOptions);
      this.#backoffs.set(key, backoff);
    }
    const wait = backoff.next();
    this.addAfter(key, wait);
    return wait;
  }

  /** Forgets a key's failures after a success. */
  forget(key: string): void {
    this.#backoffs.delete(key);
  }

  /** The next key; undefined when the signal aborts. Call `done` with it afterwards. */
  take(signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#active.add(key);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => {
      const taker = (key: string) => {
        signal.removeEventListener('abort', onAbort);
        resolve(key);
      };
      const onAbort = () => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        resolve(undefined);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#takers.push(taker);
    });
  }

  done(key: string): void {
    this.#active.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** Cancels everything that waits. */
  clear(): void {
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#again.clear();
    this.#backoffs.clear();
  }

  #give(key: string, taker: (key: string) => void): void {
    this.#active.add(key);
    taker(key);
  }
}
