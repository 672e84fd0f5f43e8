import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';

export interface ProxyCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** A proxy that ran this long before dying starts the back-off anew. */
const stableAfterMs = 10_000;
const firstBackoffMs = 50;
const maxBackoffMs = 10_000;

/**
 * Keeps one proxy process alive: starts it, restarts it with exponential back-off when it dies, and ends it when told to. The first
 * restart is nearly at once, since a killed proxy means dropped traffic.
 */
export class Supervisor {
  readonly #command: ProxyCommand;
  readonly #log: Logger;
  readonly #clock: Clock;
  #child: ChildProcess | undefined;
  #stopping = false;
  #failures = 0;
  #startedAt = 0;
  #exited: (() => void)[] = [];
  restarts = 0;

  constructor(command: ProxyCommand, log: Logger, clock: Clock = systemClock) {
    this.#command = command;
    this.#log = log;
    this.#clock = clock;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.#child !== undefined || this.#stopping) return;
    const child = spawn(this.#command.file, [...this.#command.args], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    this.#child = child;
    this.#startedAt = this.#clock.monotonic();
    child.on('error', (error) => this.#onExit(child, `could not start: ${error.message}`));
    child.on('exit', (code, signal) =>
      this.#onExit(child, signal === null ? `exit code ${code}` : `signal ${signal}`),
    );
  }

  #onExit(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const resolve of this.#exited.splice(0)) resolve();
    if (this.#stopping) return;
    const lived = this.#clock.monotonic() - this.#startedAt;
    this.#failures = lived > stableAfterMs ? 0 : this.#failures + 1;
    const delay = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.max(0, this.#failures - 1));
    this.#log.error('the proxy died and is restarted', {
      reason,
      livedMs: Math.round(lived),
      delayMs: delay,
    });
    this.restarts += 1;
    // Not the clock's timer alone: the process must stay alive until the proxy is back.
    const keepAlive = setInterval(() => undefined, 60_000);
    this.#clock.after(delay, () => {
      clearInterval(keepAlive);
      this.start();
    });
  }

  /** Sends the signal and resolves when the proxy is gone; kills it after `graceMs`. */
  async stop(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => this.#exited.push(resolve));
    child.kill(signal);
    const timer = this.#clock.after(graceMs, () => child.kill('SIGKILL'));
    await gone;
    timer.cancel();
  }
}
