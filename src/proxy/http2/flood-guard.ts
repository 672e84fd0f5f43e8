/** Frames that cost us and carry nothing, beyond what useful traffic pays for, before a connection is closed. */
const nuisanceBudget = 2000;
const nuisancePerSecond = 200;
/** Early resets before a connection is closed (Envoy closes at about 500). */
const resetBudget = 500;
const resetsPerSecond = 100;
/** A stream reset later than this after its start is no attack (Envoy: premature_reset_min_stream_lifetime). */
const earlyResetMs = 1000;

/**
 * Tells an attack by cheap frames from ordinary use, one per connection. Two budgets that time and useful traffic refill: one for PING,
 * SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA and refused streams (CVE-2019-9511 to -9518), one for streams that the peer reset, or
 * made us reset, right after opening them (CVE-2023-44487, CVE-2025-8671).
 */
export class FloodGuard {
  #nuisances = nuisanceBudget;
  #resets = resetBudget;
  #refilledAt: number;

  constructor(now: number) {
    this.#refilledAt = now;
  }

  /** A frame that carries nothing. False: too many. `now` in monotonic milliseconds. */
  nuisance(cost: number, now: number): boolean {
    this.#nuisances -= cost;
    if (this.#nuisances >= 0) return true;
    this.#refill(now);
    return this.#nuisances >= 0;
  }

  /** A frame that carries something pays for the control frames it causes. */
  useful(frames: number): void {
    if (this.#nuisances < nuisanceBudget) this.#nuisances += frames;
  }

  /** A stream that ended in RST_STREAM by the peer's doing. False: too many. */
  reset(openedAt: number, now: number): boolean {
    if (now - openedAt > earlyResetMs) return true;
    this.#resets--;
    if (this.#resets >= 0) return true;
    this.#refill(now);
    return this.#resets >= 0;
  }

  /** A stream that ran to its end. */
  completed(): void {
    if (this.#resets < resetBudget) this.#resets++;
    if (this.#nuisances < nuisanceBudget) this.#nuisances += 2;
  }

  #refill(now: number): void {
    const seconds = (now - this.#refilledAt) / 1000;
    this.#refilledAt = now;
    this.#nuisances = Math.min(nuisanceBudget, this.#nuisances + seconds * nuisancePerSecond);
    this.#resets = Math.min(resetBudget, this.#resets + seconds * resetsPerSecond);
  }
}
