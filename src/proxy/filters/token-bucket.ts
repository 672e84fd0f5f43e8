import type { TokenBucket as TokenBucketConfig } from '../config/messages.ts';

/** A token bucket that refills by the clock when it is asked, so it needs no timer. */
export class TokenBucket {
  readonly max: number;
  readonly #perFill: number;
  readonly #intervalMs: number;
  readonly #clock: { monotonic(): number };
  #tokens: number;
  #filledAt: number;

  constructor(config: TokenBucketConfig, clock: { monotonic(): number }) {
    this.max = config.max_tokens;
    this.#perFill = config.tokens_per_fill;
    this.#intervalMs = config.fill_interval;
    this.#clock = clock;
    this.#tokens = this.max;
    this.#filledAt = clock.monotonic();
  }

  /** Takes one token; false when there is none. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #refill(): void {
    const fills = Math.floor((this.#clock.monotonic() - this.#filledAt) / this.#intervalMs);
    if (fills <= 0) return;
    this.#tokens = Math.min(this.max, this.#tokens + fills * this.#perFill);
    this.#filledAt += fills * this.#intervalMs;
  }

  get remaining(): number {
    this.#refill();
    return this.#tokens;
  }

  /** Seconds until the next fill, rounded up. */
  get resetSeconds(): number {
    return Math.ceil((this.#filledAt + this.#intervalMs - this.#clock.monotonic()) / 1000);
  }
}
