import type { Clock } from '../../base/clock.ts';

const firstMs = 10_000;
const maxMs = 300_000;
/** A container that ran this long starts over with no delay. */
const resetAfterMs = 600_000;

/** The delay before a container is started again: none the first time, then 10 s doubling to 5 min (kubelet's numbers). */
export class CrashBackoff {
  readonly #clock: Clock;
  #delayMs = 0;
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Called when the container ended after running for `ranMs`. */
  ended(ranMs: number): void {
    if (ranMs >= resetAfterMs) this.#delayMs = 0;
    this.#until = this.#clock.now() + this.#delayMs;
  }

  /** Called when it is started again: the next end waits longer. */
  restarted(): void {
    this.#delayMs = this.#delayMs === 0 ? firstMs : Math.min(this.#delayMs * 2, maxMs);
  }

  /** Milliseconds still to wait; 0 when it may start now. */
  get remainingMs(): number {
    return Math.max(0, this.#until - this.#clock.now());
  }

  /** The present delay, for the message `back-off 40s restarting failed container`. */
  get delaySeconds(): number {
    return this.#delayMs / 1000;
  }
}
