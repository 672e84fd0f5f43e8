import type { TokenBucket as TokenBucketConfig } from '../config/messages.ts';

/** A token bucket that refills steadily, `tokens_per_fill` each `fill_interval`; it looks at the clock when it is asked, so it needs no timer. */
export class TokenBucket {
  readonly max: number;
  readonly #perMs: number;
  readonly #clock: { monotonic(): number };
  #tokens: number;
  #filledAt: number;

  constructor(config: TokenBucketConfig, clock: { monotonic(): number }) {
    this.max = config.max_tokens;
    this.#perMs = config.tokens_per_fill / config.fill_interval;
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
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.max, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }

  /** Whole tokens left. */
  get remaining(): number {
    this.#refill();
    return Math.floor(this.#tokens);
  }

  /** Seconds until the bucket is full again, rounded up. */
  get resetSeconds(): number {
    this.#refill();
    return Math.ceil((this.max - this.#tokens) / this.#perMs / 1000);
  }
}
