import type { Clock, Timer } from '../../base/clock.ts';

export interface DebounceOptions {
  readonly clock: Clock;
  /** A burst is over when nothing came for this long. */
  readonly quietMs: number;
  /** However long a burst lasts, it is not held back longer than this. */
  readonly ceilingMs: number;
}

/**
 * When to push. States: idle (nothing is dirty), holding (waiting for a burst to end), due (run as soon as the last run is over),
 * running. Urgent changes (endpoints) go from idle or holding to due at once.
 */
export class Debounce {
  readonly #options: DebounceOptions;
  readonly #run: () => Promise<void>;
  #timer: Timer | undefined;
  #firstAt: number | undefined;
  #running = false;
  #due = false;

  constructor(options: DebounceOptions, run: () => Promise<void>) {
    this.#options = options;
    this.#run = run;
  }

  /** Something changed that may come in bursts. */
  touch(): void {
    const { clock, quietMs, ceilingMs } = this.#options;
    const now = clock.monotonic();
    this.#firstAt ??= now;
    const wait = Math.min(quietMs, this.#firstAt + ceilingMs - now);
    this.#timer?.cancel();
    this.#timer = clock.after(Math.max(0, wait), () => this.urgent());
  }

  /** Something changed that must not wait. Changes of one turn of the event loop still go together. */
  urgent(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#firstAt = undefined;
    if (this.#due) return;
    this.#due = true;
    if (!this.#running) setImmediate(() => void this.#loop());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#due = false;
  }

  async #loop(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#due) {
      this.#due = false;
      await this.#run();
    }
    this.#running = false;
  }
}
