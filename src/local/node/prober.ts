import type { Clock, Timer } from '../../base/clock.ts';
import type { Probe } from './pod-spec.ts';
import type { ProbeResult } from './probe.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

export interface ProberOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly attempt: () => Promise<ProbeResult>;
  /** The verdict changed by enough attempts in a row. */
  readonly onVerdict: (healthy: boolean, message: string) => void;
  /** One attempt failed; for events. */
  readonly onFailure: (message: string) => void;
}

/**
 * Runs one probe of one container at its period and counts as kubelet does: the first attempt after `initialDelaySeconds`, a verdict
 * after `successThreshold` or `failureThreshold` equal results in a row. A startup or liveness failure is told once; then the prober stops, since
 * the container is about to be restarted.
 */
export class Prober {
  readonly #options: ProberOptions;
  #timer: Timer | undefined;
  #stopped = false;
  #run = 0;
  #last: boolean | undefined;
  #verdict: boolean | undefined;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  start(): void {
    const delayMs = (this.#options.probe.initialDelaySeconds ?? 0) * 1000;
    if (delayMs === 0) void this.#attempt();
    else this.#after(delayMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #after(ms: number): void {
    this.#timer = this.#options.clock.after(ms, () => void this.#attempt());
  }

  async #attempt(): Promise<void> {
    const { probe, kind } = this.#options;
    const result = await this.#options.attempt();
    if (this.#stopped) return;
    this.#count(result);
    const final = kind !== 'readiness' && this.#verdict === false;
    const startedUp = kind === 'startup' && this.#verdict === true;
    if (this.#stopped || final || startedUp) return this.stop();
    this.#after((probe.periodSeconds ?? 10) * 1000);
  }

  #count(result: ProbeResult): void {
    const { probe, onVerdict, onFailure } = this.#options;
    this.#run = this.#last === result.ok ? this.#run + 1 : 1;
    this.#last = result.ok;
    if (!result.ok) onFailure(result.message);
    const threshold = result.ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#run < threshold || this.#verdict === result.ok) return;
    this.#verdict = result.ok;
    onVerdict(result.ok, result.message);
  }
}
