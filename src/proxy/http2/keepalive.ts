import { after } from '../network/timer.ts';
import type { KeepaliveOptions } from './settings.ts';

/** Opaque bytes of a keepalive PING; graceful shutdown has its own. */
export const keepalivePing: Uint8Array = new Uint8Array([0x61, 0x6c, 0x69, 0x76, 0x65, 0, 0, 0]);

/** Sends PINGs at intervals and ends the connection when one is not answered in time. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #send: () => void;
  readonly #onDead: () => void;
  #timer: { cancel(): void } | undefined;

  constructor(options: KeepaliveOptions, send: () => void, onDead: () => void) {
    this.#options = options;
    this.#send = send;
    this.#onDead = onDead;
    this.#wait();
  }

  #wait(): void {
    this.#timer = after(this.#options.intervalMs, () => {
      this.#send();
      this.#timer = after(this.#options.timeoutMs, this.#onDead);
    });
  }

  /** The PING was answered. */
  answered(): void {
    this.stop();
    this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
