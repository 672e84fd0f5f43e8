import type { ConnectionIo } from '../http/stream.ts';
import { enter, leave } from '../network/event-loop.ts';
import { ErrorCode, FrameType, frameHeaderBytes, putFrameHeader, putUint32 } from './frame.ts';

const slabBytes = 16 * 1024;
const pooledSlabs = 64;
/** Payload up to this size is copied behind its frame header instead of being a buffer of its own. */
const copyBytes = 4096;
/** Output beyond this is written at once instead of at the end of the tick. */
const flushBytes = 64 * 1024;

const pool: Buffer[] = [];
/** Outputs with something to write, or with a slab that may be free by now. */
let due: Output[] = [];

function takeSlab(atLeast: number): Buffer {
  if (atLeast > slabBytes) return Buffer.allocUnsafeSlow(atLeast);
  return pool.pop() ?? Buffer.allocUnsafeSlow(slabBytes);
}

function giveSlab(slab: Buffer): void {
  if (slab.length === slabBytes && pool.length < pooledSlabs) pool.push(slab);
}

function flushDue(): void {
  const now = due;
  due = [];
  enter();
  for (let i = 0; i < now.length; i++) (now[i] as Output).onTick();
  leave();
  for (let i = 0; i < now.length; i++) (now[i] as Output).settle();
}

/**
 * What a connection has to send, gathered in slabs and written once per turn of the event loop: right after the turn's reads, so that
 * frames caused by different sockets share one system call. A connection with nothing to send holds no slab.
 */
export class Output {
  /** Where the next bytes go; `reserve` before writing. */
  buffer: Buffer = none;
  at = 0;
  /** The socket is above its high watermark. */
  blocked = false;

  readonly #io: ConnectionIo;
  readonly #onTaken: () => void;
  /** Bytes of `buffer` before this are in `#chunks` or written. */
  #start = 0;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** Full slabs with unwritten bytes, and such that were written this turn. */
  #retired: Buffer[] = [];
  #inUse: Buffer[] = [];
  #waitedOnce = false;
  #scheduled = false;
  #closed = false;

  /** `onTaken` is called when the kernel has taken everything. */
  constructor(io: ConnectionIo, onTaken: () => void) {
    this.#io = io;
    this.#onTaken = onTaken;
  }

  /** Makes room for `bytes` from `at` on, and sees to it that what is written there is sent this turn. */
  reserve(bytes: number): void {
    this.#schedule();
    if (this.at + bytes <= this.buffer.length) return;
    this.#cut();
    if (this.buffer !== none) this.#retired.push(this.buffer);
    this.buffer = takeSlab(bytes);
    this.at = this.#start = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (due.push(this) === 1) setImmediate(flushDue);
  }

  #cut(): void {
    if (this.at === this.#start) return;
    this.#chunks.push(this.buffer.subarray(this.#start, this.at));
    this.#chunkBytes += this.at - this.#start;
    this.#start = this.at;
  }

  /** One DATA frame with `payload`. The buffer is ours from here on. */
  data(id: number, flags: number, payload: Buffer): void {
    const { length } = payload;
    if (length <= copyBytes) {
      this.reserve(frameHeaderBytes + length);
      putFrameHeader(this.buffer, this.at, length, FrameType.data, flags, id);
      payload.copy(this.buffer, this.at + frameHeaderBytes);
      this.at += frameHeaderBytes + length;
    } else {
      this.reserve(frameHeaderBytes);
      putFrameHeader(this.buffer, this.at, length, FrameType.data, flags, id);
      this.at += frameHeaderBytes;
      this.#cut();
      this.#chunks.push(payload);
      this.#chunkBytes += length;
    }
    if (this.#chunkBytes + this.at - this.#start >= flushBytes) this.flush();
  }

  rstStream(id: number, code: number): void {
    this.#frame32(FrameType.rstStream, id, code);
  }

  windowUpdate(id: number, increment: number): void {
    this.#frame32(FrameType.windowUpdate, id, increment);
  }

  #frame32(type: number, id: number, value: number): void {
    this.reserve(frameHeaderBytes + 4);
    putFrameHeader(this.buffer, this.at, 4, type, 0, id);
    putUint32(this.buffer, this.at + frameHeaderBytes, value);
    this.at += frameHeaderBytes + 4;
  }

  /** A PING whose eight bytes stand at `source[from]`. */
  ping(flags: number, source: Uint8Array, from: number): void {
    this.reserve(frameHeaderBytes + 8);
    putFrameHeader(this.buffer, this.at, 8, FrameType.ping, flags, 0);
    for (let i = 0; i < 8; i++) this.buffer[this.at + frameHeaderBytes + i] = source[from + i] as number;
    this.at += frameHeaderBytes + 8;
  }

  goaway(lastStreamId: number, code: number, detail = ''): void {
    const length = 8 + (code === ErrorCode.noError ? 0 : detail.length);
    this.reserve(frameHeaderBytes + length);
    putFrameHeader(this.buffer, this.at, length, FrameType.goaway, 0, 0);
    putUint32(this.buffer, this.at + frameHeaderBytes, lastStreamId);
    putUint32(this.buffer, this.at + frameHeaderBytes + 4, code);
    if (length > 8) this.buffer.write(detail, this.at + frameHeaderBytes + 8, 'latin1');
    this.at += frameHeaderBytes + length;
  }

  /** SETTINGS with these `[id, value, …]`. */
  settings(flags: number, pairs: readonly number[]): void {
    const length = pairs.length * 3;
    this.reserve(frameHeaderBytes + length);
    putFrameHeader(this.buffer, this.at, length, FrameType.settings, flags, 0);
    let at = this.at + frameHeaderBytes;
    for (let i = 0; i < pairs.length; i += 2, at += 6) {
      this.buffer[at] = 0;
      this.buffer[at + 1] = pairs[i] as number;
      putUint32(this.buffer, at + 2, pairs[i + 1] as number);
    }
    this.at = at;
  }

  /** Raw bytes: the client's preface. */
  bytes(bytes: Buffer): void {
    this.reserve(bytes.length);
    bytes.copy(this.buffer, this.at);
    this.at += bytes.length;
  }

  /** Writes what there is now. */
  flush(): void {
    if (this.#closed) return;
    this.#cut();
    const chunks = this.#chunks;
    if (chunks.length === 0) return;
    this.#chunks = [];
    this.#chunkBytes = 0;
    // Full slabs are the socket's; what is left of the current one serves on until `settle`.
    if (this.#retired.length > 0) this.#inUse.push(...this.#retired);
    this.#retired.length = 0;
    if (!(chunks.length === 1 ? this.#io.write(chunks[0] as Buffer) : this.#io.writev(chunks)))
      this.blocked = true;
  }

  /** The flush of this turn. */
  onTick(): void {
    this.#scheduled = false;
    this.flush();
  }

  /** After the turn's writes: slabs go back to the pool when the kernel has taken everything, else the garbage collector gets them. */
  settle(): void {
    if (this.#closed) return;
    const taken = this.#io.bufferedBytes === 0;
    if (taken) this.#onTaken();
    if (this.#scheduled) return;
    if (!taken && this.buffer !== none && !this.#waitedOnce) {
      // TLS reports its writes one turn late.
      this.#waitedOnce = true;
      this.#schedule();
      return;
    }
    this.#waitedOnce = false;
    if (taken) {
      for (const slab of this.#inUse) giveSlab(slab);
      giveSlab(this.buffer);
    }
    this.#inUse.length = 0;
    this.#forget();
  }

  #forget(): void {
    this.buffer = none;
    this.at = this.#start = 0;
  }

  /** Drops what was not written; nothing is written any more. */
  close(): void {
    this.#closed = true;
    this.#chunks = [];
    this.#retired = [];
    this.#inUse = [];
    this.#chunkBytes = 0;
    this.#forget();
  }
}

const none: Buffer = Buffer.alloc(0);
