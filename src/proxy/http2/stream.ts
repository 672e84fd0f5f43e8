import { HeaderMap } from '../http/header-map.ts';
import type { ResetReason } from '../http/stream.ts';
import type { Http2Connection } from './connection.ts';
import { ErrorCode, Flag, maxWindowBytes } from './frame.ts';

/** The part of a stream's handler that both sides share. */
export interface BodyHandler {
  onData(chunk: Buffer, end: boolean): void;
  onTrailers(trailers: HeaderMap): void;
  onReset(reason: ResetReason): void;
  onDrain(): void;
}

/** A writer told to wait goes on when no more than this share of its limit is left. */
const lowWatermarkShare = 4;
/** A queued piece much smaller than the memory it keeps alive is copied (CVE-2020-8659). */
const sliceWaste = 4;

/** One HTTP/2 stream: bodies in both directions with their windows. Heads are its subclasses' business. */
export abstract class Http2Stream {
  id = 0;
  /** Monotonic milliseconds. */
  openedAt = 0;
  /** We have sent END_STREAM, the peer has, or the stream is gone. */
  localEnded = false;
  remoteEnded = false;
  closed = false;
  /** Bytes we may send, and bytes the peer may. */
  sendWindow: number;
  receiveWindow: number;
  /** Bytes of body that the peer has promised by content-length and not sent, or -1. */
  contentLeft = -1;

  protected readonly connection: Http2Connection;
  /** Read and delivered, not yet given back as window. */
  #consumed = 0;
  #paused = false;
  #received: Buffer[] | undefined;
  #receivedEnd = false;
  #receivedTrailers: HeaderMap | undefined;

  #unsent: Buffer[] | undefined;
  #unsentBytes = 0;
  #unsentEnd = false;
  #unsentTrailers: HeaderMap | undefined;
  /** The writer was told to wait. */
  #stalled = false;

  constructor(connection: Http2Connection) {
    this.connection = connection;
    this.sendWindow = connection.peer.initialWindowBytes;
    this.receiveWindow = connection.options.initialStreamWindowBytes;
  }

  protected abstract readonly body: BodyHandler;

  // Sending.

  data(chunk: Buffer, end: boolean): boolean {
    if (this.closed || this.localEnded || this.#unsentEnd) return true;
    const { length } = chunk;
    const { connection } = this;
    if (this.#unsentBytes === 0 && connection.canSend(length) && length <= this.sendWindow) {
      this.#send(chunk, end);
      if (!connection.blocked) return true;
    } else {
      this.#queue(chunk, end);
      if (connection.sendBudget() > 0) while (this.pump());
      if (this.waiting) connection.wait(this);
      if (this.#unsentBytes <= connection.options.streamBufferBytes && !connection.blocked) return true;
    }
    if (end) return true;
    this.#stalled = true;
    connection.wait(this);
    return false;
  }

  #queue(chunk: Buffer, end: boolean): void {
    if (chunk.length > 0) {
      this.#unsent ??= [];
      this.#unsent.push(compact(chunk));
      this.#unsentBytes += chunk.length;
    }
    this.#unsentEnd ||= end;
  }

  /** Sends within the windows, cut into frames. */
  #send(chunk: Buffer, end: boolean): void {
    const { connection } = this;
    const most = connection.peer.maxFrameBytes;
    const { length } = chunk;
    this.sendWindow -= length;
    connection.sendWindow -= length;
    let from = 0;
    for (; length - from > most; from += most) {
      connection.sendData(this.id, 0, chunk.subarray(from, from + most));
    }
    if (length === 0 && !end) return;
    connection.sendData(this.id, end ? Flag.endStream : 0, from === 0 ? chunk : chunk.subarray(from));
    if (end) this.endLocal();
  }

  trailers(trailers: HeaderMap): void {
    if (this.closed || this.localEnded || this.#unsentEnd) return;
    if (this.#unsentBytes > 0) {
      this.#unsentTrailers = trailers;
      this.#unsentEnd = true;
      return;
    }
    this.#sendTrailers(trailers);
  }

  #sendTrailers(trailers: HeaderMap): void {
    if (trailers.fields.length === 0) return this.#send(emptyBuffer, true);
    this.connection.sendTrailers(this.id, trailers.fields);
    this.endLocal();
  }

  /** Sends some of what waits; true when it could go on at once. Called by the connection in turn. */
  pump(): boolean {
    if (this.closed) return false;
    const { connection } = this;
    while (this.#unsentBytes > 0) {
      const budget = Math.min(this.sendWindow, connection.sendBudget());
      if (budget <= 0) return false;
      const head = (this.#unsent as Buffer[])[0] as Buffer;
      const take = Math.min(budget, head.length, connection.peer.maxFrameBytes);
      const piece = take === head.length ? head : head.subarray(0, take);
      if (take === head.length) (this.#unsent as Buffer[]).shift();
      else (this.#unsent as Buffer[])[0] = head.subarray(take);
      this.#unsentBytes -= take;
      const last = this.#unsentBytes === 0 && this.#unsentEnd && this.#unsentTrailers === undefined;
      this.#send(piece, last);
      if (this.#unsentBytes > 0) return true;
    }
    if (this.#unsentEnd && !this.localEnded) {
      if (this.#unsentTrailers !== undefined) this.#sendTrailers(this.#unsentTrailers);
      else this.#send(emptyBuffer, true);
    }
    return false;
  }

  /** Tells a waiting writer to go on when there is room again. */
  wake(): void {
    if (!this.#stalled || this.closed) return;
    if (this.#unsentBytes > this.connection.options.streamBufferBytes / lowWatermarkShare) return;
    this.#stalled = false;
    this.body.onDrain();
  }

  /** Whether it has anything to send or to be told. */
  get waiting(): boolean {
    return !this.closed && (this.#stalled || this.#unsentBytes > 0);
  }

  get hasUnsent(): boolean {
    return this.#unsentBytes > 0;
  }

  /** Only its own window keeps it from sending. */
  get windowClosed(): boolean {
    return this.#unsentBytes > 0 && this.sendWindow <= 0;
  }

  protected endLocal(): void {
    this.localEnded = true;
    if (this.fullyReceived) this.connection.finish(this);
  }

  /** Window from the peer; false when it passes the maximum. */
  extendSendWindow(increment: number): boolean {
    this.sendWindow += increment;
    return this.sendWindow <= maxWindowBytes;
  }

  reset(reason: ResetReason): void {
    if (this.closed) return;
    this.connection.resetStream(this, this.resetCode(reason));
  }

  protected abstract resetCode(reason: ResetReason): number;

  // Receiving.

  /** A piece of body, already counted against the windows. */
  receiveData(chunk: Buffer, end: boolean): void {
    if (end) this.remoteEnded = true;
    if (this.#paused) {
      this.#received ??= [];
      if (chunk.length > 0) this.#received.push(compact(chunk));
      this.#receivedEnd = end;
      return;
    }
    this.#deliver(chunk, end);
    if (end && this.localEnded) this.connection.finish(this);
  }

  #deliver(chunk: Buffer, end: boolean): void {
    const { length } = chunk;
    if (length > 0) this.#consume(length);
    if (length > 0 || end) this.body.onData(chunk, end);
  }

  #consume(bytes: number): void {
    this.connection.consume(bytes);
    if (this.remoteEnded) return;
    this.#consumed += bytes;
    if (this.#consumed * 2 < this.connection.options.initialStreamWindowBytes) return;
    this.receiveWindow += this.#consumed;
    this.connection.sendWindowUpdate(this.id, this.#consumed);
    this.#consumed = 0;
  }

  receiveTrailers(trailers: HeaderMap): void {
    this.remoteEnded = true;
    if (this.#paused) {
      this.#receivedTrailers = trailers;
      return;
    }
    this.body.onTrailers(trailers);
    if (this.localEnded) this.connection.finish(this);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    while (this.#received !== undefined && this.#received.length > 0) {
      const chunk = this.#received.shift() as Buffer;
      this.#deliver(chunk, this.#receivedEnd && this.#received.length === 0);
      if (this.#paused || this.closed) return;
      if (this.#receivedEnd && this.#received.length === 0) return this.#delivered();
    }
    if (this.#receivedEnd) {
      this.#deliver(emptyBuffer, true);
      this.#delivered();
    } else if (this.#receivedTrailers !== undefined) {
      const trailers = this.#receivedTrailers;
      this.#receivedTrailers = undefined;
      this.body.onTrailers(trailers);
      this.#delivered();
    }
  }

  #delivered(): void {
    this.#receivedEnd = false;
    if (this.localEnded) this.connection.finish(this);
  }

  /** The peer's part of the stream is over and has been delivered. */
  get fullyReceived(): boolean {
    return (
      this.remoteEnded &&
      !this.#receivedEnd &&
      this.#receivedTrailers === undefined &&
      (this.#received === undefined || this.#received.length === 0)
    );
  }

  /** Takes the stream out of use; gives undelivered bytes back to the connection's window. */
  dispose(): void {
    this.closed = true;
    let held = 0;
    if (this.#received !== undefined) for (const chunk of this.#received) held += chunk.length;
    if (held > 0) this.connection.consume(held);
    this.#received = this.#unsent = undefined;
    this.#receivedTrailers = this.#unsentTrailers = undefined;
    this.#receivedEnd = false;
    this.#unsentBytes = 0;
  }

  /** The stream ended before its message did. */
  fail(reason: ResetReason): void {
    this.body.onReset(reason);
  }
}

export const emptyBuffer: Buffer = Buffer.alloc(0);
export const noTrailers = new HeaderMap();

function compact(chunk: Buffer): Buffer {
  return chunk.length * sliceWaste < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk;
}

/** The RST_STREAM code that says why, for either side. */
export function protocolResetCode(reason: ResetReason): number | undefined {
  if (reason === 'protocol-error') return ErrorCode.protocolError;
  if (reason === 'local-refused-stream') return ErrorCode.refusedStream;
  if (reason === 'connect-error') return ErrorCode.connectError;
  if (reason === 'overflow') return ErrorCode.enhanceYourCalm;
  return undefined;
}
