import {
  clientPreface,
  defaultMaxFrameBytes,
  ErrorCode,
  Flag,
  FrameType,
  frameHeaderBytes,
  getUint32,
} from './frame.ts';

/** Takes frames as they are cut out of the byte stream. */
export interface FrameSink {
  /** A whole frame other than DATA; its payload is `source[start, end)`, valid during the call only. */
  onFrame(type: number, flags: number, id: number, source: Buffer, start: number, end: number): void;
  /** A DATA frame begins: `length` counts padding, `payload` does not. False: skip the payload. */
  onDataFrame(flags: number, id: number, length: number, payload: number): boolean;
  /** A piece of the DATA frame's payload, a view of what was received; `last` ends the frame. */
  onDataPiece(piece: Buffer, last: boolean): void;
  onFramingError(code: number, detail: string): void;
}

/**
 * Cuts received bytes into frames. Whole frames are handed on where they lie; DATA is handed on as it arrives, in pieces; only a frame
 * other than DATA that is cut by the end of a read is copied, into a buffer of exactly its size.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** Bytes of the client preface still expected. */
  #prefaceLeft: number;
  /** Within a DATA frame: payload and padding still to come, and whether the sink wants it. */
  #dataLeft = 0;
  #padLeft = 0;
  #wanted = false;
  #held: Buffer | undefined;
  #heldLength = 0;
  #stopped = false;

  constructor(sink: FrameSink, expectPreface: boolean) {
    this.#sink = sink;
    this.#prefaceLeft = expectPreface ? clientPreface.length : 0;
  }

  /** Nothing more is read. */
  stop(): void {
    this.#stopped = true;
    this.#held = undefined;
  }

  receive(chunk: Buffer): void {
    let at = 0;
    const end = chunk.length;
    if (this.#prefaceLeft > 0) at = this.#readPreface(chunk);
    while (at < end && !this.#stopped) {
      if (this.#dataLeft > 0) at = this.#readData(chunk, at);
      else if (this.#padLeft > 0) at = this.#skipPadding(at, end);
      else if (this.#heldLength > 0) at = this.#fill(chunk, at);
      else {
        const next = this.#readFrame(chunk, at, end);
        if (next === at) {
          this.#hold(chunk, at);
          return;
        }
        at = next;
      }
    }
  }

  #readPreface(chunk: Buffer): number {
    const offset = clientPreface.length - this.#prefaceLeft;
    const length = Math.min(this.#prefaceLeft, chunk.length);
    for (let i = 0; i < length; i++) {
      if (chunk[i] === clientPreface[offset + i]) continue;
      this.#sink.onFramingError(ErrorCode.protocolError, 'invalid connection preface');
      return chunk.length;
    }
    this.#prefaceLeft -= length;
    return length;
  }

  /** One frame that begins at `at`; returns where the next begins, or `at` when more bytes are needed. */
  #readFrame(source: Buffer, at: number, end: number): number {
    if (end - at < frameHeaderBytes) return at;
    const length =
      ((source[at] as number) << 16) | ((source[at + 1] as number) << 8) | (source[at + 2] as number);
    const type = source[at + 3] as number;
    const flags = source[at + 4] as number;
    const id = getUint32(source, at + 5) & 0x7fffffff;
    const start = at + frameHeaderBytes;
    if (length > defaultMaxFrameBytes) {
      this.#sink.onFramingError(ErrorCode.frameSizeError, `frame of ${length} bytes`);
      return end;
    }
    if (type !== FrameType.data) {
      if (end - start < length) return at;
      this.#sink.onFrame(type, flags, id, source, start, start + length);
      return start + length;
    }
    return this.#beginData(source, start, end, length, flags, id) ? this.#dataStart : at;
  }

  /** Where the payload of the DATA frame just begun starts. */
  #dataStart = 0;

  #beginData(source: Buffer, start: number, end: number, length: number, flags: number, id: number): boolean {
    let padding = 0;
    let payload = length;
    this.#dataStart = start;
    if ((flags & Flag.padded) !== 0) {
      if (length === 0) {
        this.#sink.onFramingError(ErrorCode.frameSizeError, 'padded DATA of no length');
        this.#dataStart = end;
        return true;
      }
      if (start >= end) return false;
      padding = source[start] as number;
      this.#dataStart = start + 1;
      payload = length - 1 - padding;
      if (payload < 0) {
        this.#sink.onFramingError(ErrorCode.protocolError, 'padding longer than its frame');
        this.#dataStart = end;
        return true;
      }
    }
    this.#dataLeft = payload;
    this.#padLeft = padding;
    this.#wanted = this.#sink.onDataFrame(flags, id, length, payload);
    if (payload === 0 && this.#wanted && !this.#stopped) this.#sink.onDataPiece(none, true);
    return true;
  }

  #readData(chunk: Buffer, at: number): number {
    const to = Math.min(at + this.#dataLeft, chunk.length);
    this.#dataLeft -= to - at;
    if (this.#wanted) {
      const piece = at === 0 && to === chunk.length ? chunk : chunk.subarray(at, to);
      this.#sink.onDataPiece(piece, this.#dataLeft === 0);
    }
    return to;
  }

  #skipPadding(at: number, end: number): number {
    const to = Math.min(at + this.#padLeft, end);
    this.#padLeft -= to - at;
    return to;
  }

  /** Keeps the cut frame from `at` on. */
  #hold(chunk: Buffer, at: number): void {
    const length = chunk.length - at;
    const size =
      length >= frameHeaderBytes ? frameHeaderBytes + frameLength(chunk, at) : frameHeaderBytes + 1;
    this.#held = Buffer.allocUnsafe(Math.max(size, length));
    chunk.copy(this.#held, 0, at);
    this.#heldLength = length;
  }

  /** Completes the held frame as far as `chunk` reaches; returns how far it was used. */
  #fill(chunk: Buffer, at: number): number {
    let held = this.#held as Buffer;
    const needed = this.#heldNeeds(held);
    if (needed > held.length) {
      const larger = Buffer.allocUnsafe(needed);
      held.copy(larger, 0, 0, this.#heldLength);
      this.#held = held = larger;
    }
    const take = Math.min(needed - this.#heldLength, chunk.length - at);
    chunk.copy(held, this.#heldLength, at, at + take);
    this.#heldLength += take;
    if (this.#heldLength < needed || this.#heldNeeds(held) > this.#heldLength) return at + take;
    const length = this.#heldLength;
    this.#held = undefined;
    this.#heldLength = 0;
    this.#readFrame(held, 0, length);
    return at + take;
  }

  /** How many bytes the held frame needs before it can be read: of DATA the header alone. */
  #heldNeeds(held: Buffer): number {
    if (this.#heldLength < frameHeaderBytes) return frameHeaderBytes;
    const length = frameLength(held, 0);
    if (length > defaultMaxFrameBytes) return frameHeaderBytes;
    if (held[3] !== FrameType.data) return frameHeaderBytes + length;
    const padded = ((held[4] as number) & Flag.padded) !== 0 && length > 0;
    return frameHeaderBytes + (padded ? 1 : 0);
  }
}

const none: Buffer = Buffer.alloc(0);

function frameLength(source: Buffer, at: number): number {
  return ((source[at] as number) << 16) | ((source[at + 1] as number) << 8) | (source[at + 2] as number);
}
