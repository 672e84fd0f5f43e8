import type { Socket } from 'node:net';
import type { ConnectionIo } from '../http/stream.ts';
import { type Flushable, queueFlush } from './event-loop.ts';
import { after } from './timer.ts';

/** Chunks up to this size are copied behind the head so that both leave in one plain write. */
const copyLimit = 4096;

/**
 * Writes to a socket, TLS or not. What is written in one turn of the event loop is gathered: heads as latin1 text, small bodies copied to
 * it, large ones as they are.
 */
export class SocketIo implements ConnectionIo, Flushable {
  readonly socket: Socket;
  /** Body bytes and heads together. */
  bytesWritten = 0;
  /** How long after `end` the peer may take to close; 0 leaves it half-closed as long as it likes. */
  lingerMs = 0;
  readonly #high: number;
  readonly #onRoom: () => void;
  #text = '';
  #chunks: Buffer[] = [];
  #pending = 0;
  #queued = false;
  #wantRoom = false;
  #ending = false;
  #destroyed = false;
  #paused = false;

  /** `onRoom` is called when writes returned false and the kernel has taken them; `highBytes` bounds what waits. */
  constructor(socket: Socket, highBytes: number, onRoom: () => void) {
    this.socket = socket;
    this.#high = highBytes;
    this.#onRoom = onRoom;
  }

  write(chunk: Buffer | string): boolean {
    if (this.#destroyed || this.#ending) return true;
    const length = chunk.length;
    if (typeof chunk === 'string') {
      this.#text += chunk;
    } else if (length <= copyLimit) {
      this.#text += chunk.latin1Slice(0, length);
    } else {
      this.#sealText();
      this.#chunks.push(chunk);
    }
    return this.#added(length);
  }

  writev(chunks: Buffer[]): boolean {
    if (this.#destroyed || this.#ending) return true;
    this.#sealText();
    let length = 0;
    for (const chunk of chunks) {
      this.#chunks.push(chunk);
      length += chunk.length;
    }
    return this.#added(length);
  }

  #added(length: number): boolean {
    this.#pending += length;
    if (!this.#queued) {
      this.#queued = true;
      queueFlush(this);
    }
    if (this.#pending + this.socket.writableLength < this.#high) return true;
    this.#wantRoom = true;
    return false;
  }

  #sealText(): void {
    if (this.#text === '') return;
    this.#chunks.push(Buffer.from(this.#text, 'latin1'));
    this.#text = '';
  }

  flush(): void {
    this.#queued = false;
    if (this.#destroyed) return;
    const socket = this.socket;
    this.bytesWritten += this.#pending;
    this.#pending = 0;
    if (this.#chunks.length === 0) {
      const text = this.#text;
      this.#text = '';
      if (text !== '') socket.write(text, 'latin1');
    } else {
      this.#sealText();
      const chunks = this.#chunks;
      this.#chunks = [];
      if (chunks.length === 1) {
        socket.write(chunks[0] as Buffer);
      } else {
        socket.cork();
        for (const chunk of chunks) socket.write(chunk);
        socket.uncork();
      }
    }
    if (this.#ending) {
      socket.end();
      if (this.lingerMs > 0) after(this.lingerMs, () => this.destroy());
    } else if (this.#wantRoom && socket.writableLength * 2 < this.#high) this.room();
  }

  /** The socket's queue went down. */
  room(): void {
    if (!this.#wantRoom || this.#destroyed) return;
    this.#wantRoom = false;
    this.#onRoom();
  }

  get bufferedBytes(): number {
    return this.#pending + this.socket.writableLength;
  }

  get congested(): boolean {
    return this.#wantRoom;
  }

  get ending(): boolean {
    return this.#ending;
  }

  get readingPaused(): boolean {
    return this.#paused;
  }

  pauseReading(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.socket.pause();
  }

  resumeReading(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket.resume();
  }

  end(): void {
    if (this.#ending || this.#destroyed) return;
    this.#ending = true;
    if (this.#queued) return;
    this.#queued = true;
    queueFlush(this);
  }

  destroy(): void {
    if (this.#destroyed) return;
    if (this.#queued && this.#pending > 0) this.flush();
    this.#destroyed = true;
    this.socket.destroy();
  }
}
