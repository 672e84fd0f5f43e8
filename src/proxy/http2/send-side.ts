import type { ConnectionIo } from '../http/stream.ts';
import type { FloodGuard } from './flood-guard.ts';
import { defaultWindowBytes, Flag, FrameType, frameHeaderBytes, putFrameHeader } from './frame.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { Output } from './output.ts';
import { type Http2Options, PeerSettings } from './settings.ts';
import type { Http2Stream } from './stream.ts';

/** The sending half of a connection: header blocks, DATA within the peer's windows, streams that wait for their turn. */
export abstract class SendSide {
  readonly options: Http2Options;
  readonly peer = new PeerSettings();
  /** Bytes the peer lets us send on the connection. */
  sendWindow: number = defaultWindowBytes;
  closed = false;

  protected readonly io: ConnectionIo;
  protected readonly output: Output;
  protected readonly encoder = new HpackEncoder();
  protected abstract readonly guard: FloodGuard;

  readonly #waiting = new Set<Http2Stream>();
  #pumping = false;

  constructor(io: ConnectionIo, options: Http2Options) {
    this.io = io;
    this.options = options;
    this.output = new Output(io, () => this.onTaken());
  }

  /** Everything written so far left the socket's queue. */
  protected abstract onTaken(): void;

  get blocked(): boolean {
    return this.output.blocked;
  }

  canSend(length: number): boolean {
    return length === 0 || (length <= this.sendWindow && !this.output.blocked);
  }

  sendBudget(): number {
    return this.output.blocked ? 0 : this.sendWindow;
  }

  sendData(id: number, flags: number, payload: Buffer): void {
    this.guard.useful(4);
    this.output.data(id, flags, payload);
  }

  sendTrailers(id: number, fields: readonly string[]): void {
    const at = this.beginBlock(HpackEncoder.bound(fields));
    this.endBlock(id, Flag.endStream, at, this.encoder.trailers(fields, this.output.buffer, at));
  }

  /** Makes room for a header block of at most `bound` bytes; returns where in the output it goes. */
  protected beginBlock(bound: number): number {
    const continuations = Math.ceil(bound / this.peer.maxFrameBytes);
    this.output.reserve(frameHeaderBytes + bound + frameHeaderBytes * continuations);
    return this.output.at + frameHeaderBytes;
  }

  /** Frames the block that was written from `start` to `end`: HEADERS, and CONTINUATION when it is longer than a frame. */
  protected endBlock(id: number, flags: number, start: number, end: number): void {
    const { output } = this;
    const target = output.buffer;
    const most = this.peer.maxFrameBytes;
    const length = end - start;
    if (length <= most) {
      putFrameHeader(
        target,
        start - frameHeaderBytes,
        length,
        FrameType.headers,
        flags | Flag.endHeaders,
        id,
      );
      output.at = end;
      return;
    }
    // Rare: moves the later fragments up, last one first, to make room for their frame headers.
    const frames = Math.ceil(length / most);
    for (let n = frames - 1; n >= 0; n--) {
      const from = start + n * most;
      const size = Math.min(most, length - n * most);
      const to = from + n * frameHeaderBytes;
      target.copyWithin(to, from, from + size);
      const type = n === 0 ? FrameType.headers : FrameType.continuation;
      const frameFlags = (n === 0 ? flags : 0) | (n === frames - 1 ? Flag.endHeaders : 0);
      putFrameHeader(target, to - frameHeaderBytes, size, type, frameFlags, id);
    }
    output.at = end + (frames - 1) * frameHeaderBytes;
  }

  sendWindowUpdate(id: number, increment: number): void {
    if (!this.closed) this.output.windowUpdate(id, increment);
  }

  /** Remembers a stream that has something to send, or a writer to wake. */
  wait(stream: Http2Stream): void {
    if (!this.closed) this.#waiting.add(stream);
  }

  protected stopWaiting(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  /** The socket takes data again. */
  protected unblock(): void {
    this.output.blocked = false;
    this.pump();
  }

  /**
   * Lets waiting streams send, a frame each in turn, and wakes writers that have room again. A stream that its own window holds leaves
   * the line and comes back with its WINDOW_UPDATE; one that the connection's window holds stays.
   */
  protected pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    let held: Http2Stream[] | undefined;
    for (const stream of this.#waiting) {
      if (this.closed || this.output.blocked) break;
      this.#waiting.delete(stream);
      const more = stream.pump();
      if (this.output.blocked || more) {
        if (stream.waiting) this.wait(stream);
        continue;
      }
      if (stream.hasUnsent && !stream.windowClosed) {
        held ??= [];
        held.push(stream);
      }
      stream.wake();
    }
    if (held !== undefined) for (const stream of held) if (stream.waiting) this.wait(stream);
    this.#pumping = false;
  }
}
