import { HeaderMap } from '../http/header-map.ts';
import type { ConnectionIo, ResetReason } from '../http/stream.ts';
import { now } from '../network/event-loop.ts';
import { FloodGuard } from './flood-guard.ts';
import {
  defaultWindowBytes,
  ErrorCode,
  Flag,
  FrameType,
  getUint32,
  maxWindowBytes,
  Setting,
} from './frame.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { HeaderBlock } from './hpack/header-block.ts';
import { Keepalive, keepalivePing } from './keepalive.ts';
import { SendSide } from './send-side.ts';
import { type Http2Options, settingFault } from './settings.ts';
import type { Http2Stream } from './stream.ts';

/** Frames that one header block may come in, and control frames that may wait for a peer that does not read (Envoy: 1000). */
const maxBlockFrames = 100;
const maxControlFrames = 1000;
/** A header block on the wire may be longer than its limit by this much: it is decoded, so that only its stream is refused. */
const blockSlackBytes = 4096;
/** SETTINGS_HEADER_TABLE_SIZE that holds without being said. */
const defaultTableBytes = 4096;
/** Streams we reset lately, whose late frames are no fault of the peer. */
const rememberedResets = 128;
/** Entries of a SETTINGS frame beyond this many count as further frames (CVE-2020-11080). */
const settingsPerCost = 16;

/** What both ends of an HTTP/2 connection share: framing, windows, settings, the faults of RFC 9113 and limits against floods. */
export abstract class Http2Connection extends SendSide implements FrameSink {
  readonly protocol = 'h2';
  protected readonly block: HeaderBlock;
  protected readonly streams = new Map<number, Http2Stream>();
  protected readonly guard: FloodGuard;

  readonly #decoder: HpackDecoder;
  #keepalive: Keepalive | undefined;
  readonly #reader: FrameReader;
  #receiveWindow: number;
  #consumed = 0;
  #settingsSeen = false;
  #controlFrames = 0;

  /** A header block that goes on in CONTINUATION; id 0: none. */
  #blockId = 0;
  #blockEndsStream = false;
  #blockParts: Buffer[] = [];
  #blockBytes = 0;

  /** The DATA frame being read. */
  #dataStream: Http2Stream | undefined;
  #dataEndsStream = false;

  #recentResets: Int32Array | undefined;
  #recentResetCount = 0;

  constructor(io: ConnectionIo, options: Http2Options, expectPreface: boolean) {
    super(io, options);
    this.guard = new FloodGuard(now());
    this.block = new HeaderBlock({ maxBytes: options.maxHeaderBytes, maxFields: options.maxHeaderFields });
    this.#decoder = new HpackDecoder(options.headerTableBytes);
    this.#reader = new FrameReader(this, expectPreface);
    this.#receiveWindow = Math.max(options.initialConnectionWindowBytes, defaultWindowBytes);
  }

  /** Announces our settings. */
  protected start(settings: readonly number[]): void {
    const { initialStreamWindowBytes, maxHeaderBytes } = this.options;
    const shared = [
      Setting.initialWindowSize,
      initialStreamWindowBytes,
      Setting.maxHeaderListSize,
      maxHeaderBytes,
    ];
    if (this.options.headerTableBytes !== defaultTableBytes) {
      shared.push(Setting.headerTableSize, this.options.headerTableBytes);
    }
    this.output.settings(0, [...settings, ...shared]);
    const extra = this.#receiveWindow - defaultWindowBytes;
    if (extra > 0) this.output.windowUpdate(0, extra);
    if (this.options.keepalive === undefined) return;
    this.#keepalive = new Keepalive(
      this.options.keepalive,
      () => this.output.ping(0, keepalivePing, 0),
      () => this.#onDead(),
    );
  }

  /** A keepalive PING was not answered. */
  #onDead(): void {
    if (this.closed) return;
    this.io.destroy();
    this.close('connection-termination');
    this.onConnectionFault('keepalive timeout');
  }

  // Called by the connection's owner.

  receive(chunk: Buffer): void {
    if (!this.closed) this.#reader.receive(chunk);
  }

  /** The peer sends nothing more: what is unfinished never will be. */
  receiveEnd(): void {
    if (this.closed) return;
    this.output.flush();
    this.io.end();
    this.close('connection-termination');
  }

  close(reason: ResetReason): void {
    if (this.closed) return;
    this.closed = true;
    this.#keepalive?.stop();
    this.#reader.stop();
    this.output.close();
    const open = [...this.streams.values()];
    this.streams.clear();
    for (const stream of open) {
      this.stopWaiting(stream);
      stream.dispose();
      stream.fail(reason);
    }
  }

  onWritable(): void {
    if (this.closed) return;
    this.#controlFrames = 0;
    this.unblock();
  }

  get activeStreams(): number {
    return this.streams.size;
  }

  // For subclasses.

  /** A complete header block to be decoded into `this.block`; `stream` when one of that id is open. */
  protected abstract onHeaders(
    id: number,
    stream: Http2Stream | undefined,
    source: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void;
  /** Whether the stream `id` was never opened. */
  protected abstract isIdle(id: number): boolean;
  protected abstract onConnectionFault(detail: string): void;
  protected abstract onGoaway(lastStreamId: number): void;
  protected abstract onPingAck(): void;
  protected abstract onStreamGone(): void;
  protected abstract onSettings(): void;
  /** Early resets by the peer are an attack beyond some rate: of a client, not of a server that is in trouble. */
  protected abstract readonly limitsResets: boolean;
  /** The last stream of the peer's that we acted on, for GOAWAY. */
  protected abstract readonly lastPeerStream: number;

  /** Decodes a block into `this.block`; false when that ended the connection. */
  protected decode(source: Buffer, start: number, end: number): boolean {
    if (this.#decoder.decode(source, start, end, this.block)) return true;
    this.fault(ErrorCode.compressionError, 'header block cannot be decoded');
    return false;
  }

  /** A header block that ends the body of an open stream. */
  protected receiveTrailers(
    stream: Http2Stream,
    source: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    this.block.reset('trailers');
    if (!this.decode(source, start, end)) return;
    if (stream.remoteEnded) return this.streamFault(stream.id, ErrorCode.streamClosed, stream);
    if (this.block.tooLarge) return this.streamFault(stream.id, ErrorCode.internalError, stream);
    if (!endStream || this.block.malformed !== '' || stream.contentLeft > 0) {
      return this.streamFault(stream.id, ErrorCode.protocolError, stream);
    }
    stream.receiveTrailers(new HeaderMap(this.block.fields));
  }

  /** Ends the connection over the peer's error, telling it why. */
  protected fault(code: number, detail: string): void {
    if (this.closed) return;
    this.output.goaway(this.lastPeerStream, code, detail);
    this.output.flush();
    if (this.io.bufferedBytes > 0 && code === ErrorCode.enhanceYourCalm) this.io.destroy();
    else this.io.end();
    this.close('connection-termination');
    this.onConnectionFault(detail);
  }

  onFramingError(code: number, detail: string): void {
    this.fault(code, detail);
  }

  /** A frame that carries nothing; true when there were too many and the connection is closed. */
  protected nuisance(cost: number): boolean {
    if (this.guard.nuisance(cost, now())) return false;
    this.fault(ErrorCode.enhanceYourCalm, 'too many frames without content');
    return true;
  }

  /** Ends a stream over the peer's error; counts like a reset by the peer. */
  protected streamFault(id: number, code: number, stream?: Http2Stream): void {
    const openedAt = stream?.openedAt ?? now();
    this.answerReset(id, code);
    if (stream !== undefined) this.#fail(stream, 'protocol-error');
    if (this.limitsResets && !this.guard.reset(openedAt, now())) {
      this.fault(ErrorCode.enhanceYourCalm, 'too many streams ended in error');
    }
  }

  #fail(stream: Http2Stream, reason: ResetReason): void {
    this.#forget(stream);
    stream.dispose();
    stream.fail(reason);
    this.onStreamGone();
  }

  /** Ends one stream by the peer's will. */
  protected endByPeer(stream: Http2Stream, reason: ResetReason): void {
    this.#fail(stream, reason);
  }

  protected sendReset(id: number, code: number): void {
    if (this.closed) return;
    this.output.rstStream(id, code);
    this.#recentResets ??= new Int32Array(rememberedResets);
    this.#recentResets[this.#recentResetCount++ % rememberedResets] = id;
  }

  /** A reset that the peer's frame caused. */
  protected answerReset(id: number, code: number): void {
    this.sendReset(id, code);
    this.#countControl();
  }

  protected wasResetByUs(id: number): boolean {
    return this.#recentResets?.includes(id) === true;
  }

  // For streams.

  /** Bytes of body read by their reader: they become window again. */
  consume(bytes: number): void {
    this.#consumed += bytes;
    if (this.#consumed * 2 < this.options.initialConnectionWindowBytes || this.closed) return;
    this.#receiveWindow += this.#consumed;
    this.output.windowUpdate(0, this.#consumed);
    this.#consumed = 0;
  }

  /** Both sides are done. */
  finish(stream: Http2Stream): void {
    if (stream.closed || !stream.fullyReceived) return;
    this.guard.completed();
    this.#forget(stream);
    stream.dispose();
    this.onStreamGone();
  }

  /** Our own early end of a stream. */
  resetStream(stream: Http2Stream, code: number): void {
    if (stream.id !== 0) this.sendReset(stream.id, code);
    this.#forget(stream);
    stream.dispose();
    if (!this.closed) this.onStreamGone();
  }

  #forget(stream: Http2Stream): void {
    this.streams.delete(stream.id);
    this.stopWaiting(stream);
  }

  protected onTaken(): void {
    this.#controlFrames = 0;
  }

  #countControl(): void {
    if (++this.#controlFrames <= maxControlFrames) return;
    // The count includes this turn's frames, which the kernel was not offered yet.
    if (this.io.bufferedBytes === 0) {
      this.output.flush();
      this.#controlFrames = 0;
      return;
    }
    this.fault(ErrorCode.enhanceYourCalm, 'control frames are not being read');
  }

  // DATA.

  onDataFrame(flags: number, id: number, length: number, payload: number): boolean {
    if (this.#blockId !== 0) return this.#dataFault(ErrorCode.protocolError, 'DATA within a header block');
    if (!this.#settingsSeen) return this.#dataFault(ErrorCode.protocolError, 'no SETTINGS first');
    if (id === 0 || this.isIdle(id))
      return this.#dataFault(ErrorCode.protocolError, 'DATA on an idle stream');
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) return this.#dataFault(ErrorCode.flowControlError, 'connection window');
    const endStream = (flags & Flag.endStream) !== 0;
    const stream = this.streams.get(id);
    if (stream === undefined || stream.remoteEnded) {
      this.consume(length);
      if (stream !== undefined || !this.wasResetByUs(id)) {
        this.streamFault(id, ErrorCode.streamClosed, stream);
      } else this.nuisance(1);
      return false;
    }
    stream.receiveWindow -= length;
    if (length > payload) this.consume(length - payload);
    if (stream.receiveWindow < 0) {
      this.consume(payload);
      this.streamFault(id, ErrorCode.flowControlError, stream);
      return false;
    }
    if (payload === 0 && !endStream && this.nuisance(1)) return false;
    if (stream.contentLeft >= 0) {
      stream.contentLeft -= payload;
      if (stream.contentLeft < 0 || (endStream && stream.contentLeft > 0)) {
        this.consume(payload);
        this.streamFault(id, ErrorCode.protocolError, stream);
        return false;
      }
    }
    if (payload > 0) this.guard.useful(1);
    this.#dataStream = stream;
    this.#dataEndsStream = endStream;
    return true;
  }

  #dataFault(code: number, detail: string): boolean {
    this.fault(code, detail);
    return false;
  }

  onDataPiece(piece: Buffer, last: boolean): void {
    const stream = this.#dataStream as Http2Stream;
    if (last) this.#dataStream = undefined;
    if (stream.closed) this.consume(piece.length);
    else stream.receiveData(piece, last && this.#dataEndsStream);
  }

  // Other frames.

  onFrame(type: number, flags: number, id: number, source: Buffer, start: number, end: number): void {
    if (this.#blockId !== 0 && (type !== FrameType.continuation || id !== this.#blockId)) {
      return this.fault(ErrorCode.protocolError, 'frame within a header block');
    }
    if (!this.#settingsSeen && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      return this.fault(ErrorCode.protocolError, 'no SETTINGS first');
    }
    switch (type) {
      case FrameType.headers:
        return this.#onHeadersFrame(flags, id, source, start, end);
      case FrameType.continuation:
        return this.#onContinuation(flags, source, start, end);
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(id, source, start, end);
      case FrameType.rstStream:
        return this.#onRstStream(id, source, start, end);
      case FrameType.settings:
        return this.#onSettingsFrame(flags, id, source, start, end);
      case FrameType.ping:
        return this.#onPing(flags, id, source, start, end);
      case FrameType.goaway:
        return this.#onGoawayFrame(id, source, start, end);
      case FrameType.priority:
        return this.#onPriority(id, source, start, end);
      case FrameType.pushPromise:
        return this.fault(ErrorCode.protocolError, 'PUSH_PROMISE');
      default:
        this.nuisance(1);
    }
  }

  #onHeadersFrame(flags: number, id: number, source: Buffer, start: number, end: number): void {
    if (id === 0) return this.fault(ErrorCode.protocolError, 'HEADERS on stream 0');
    let from = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) {
      if (from >= to) return this.fault(ErrorCode.frameSizeError, 'padded HEADERS of no length');
      to -= source[from] as number;
      from++;
    }
    let selfDependent = false;
    if ((flags & Flag.priority) !== 0) {
      if (to - from < 5) return this.fault(ErrorCode.frameSizeError, 'HEADERS without its priority');
      selfDependent = (getUint32(source, from) & 0x7fffffff) === id;
      from += 5;
    }
    if (to < from) return this.fault(ErrorCode.protocolError, 'padding longer than its frame');
    if (selfDependent) return this.fault(ErrorCode.protocolError, 'stream depends on itself');
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) {
      return this.onHeaders(id, this.streams.get(id), source, from, to, endStream);
    }
    this.#blockId = id;
    this.#blockEndsStream = endStream;
    this.#blockBytes = 0;
    this.#addPart(source, from, to);
  }

  #addPart(source: Buffer, start: number, end: number): boolean {
    this.#blockBytes += end - start;
    const most = this.options.maxHeaderBytes + blockSlackBytes;
    if (this.#blockBytes > most || this.#blockParts.length >= maxBlockFrames) {
      this.#blockParts = [];
      this.fault(ErrorCode.enhanceYourCalm, 'header block too long');
      return false;
    }
    this.#blockParts.push(Buffer.from(source.subarray(start, end)));
    return true;
  }

  #onContinuation(flags: number, source: Buffer, start: number, end: number): void {
    const id = this.#blockId;
    if (id === 0) return this.fault(ErrorCode.protocolError, 'CONTINUATION without HEADERS');
    if (!this.#addPart(source, start, end) || (flags & Flag.endHeaders) === 0) return;
    const whole = Buffer.concat(this.#blockParts, this.#blockBytes);
    this.#blockParts = [];
    this.#blockId = 0;
    this.onHeaders(id, this.streams.get(id), whole, 0, whole.length, this.#blockEndsStream);
  }

  #onWindowUpdate(id: number, source: Buffer, start: number, end: number): void {
    if (end - start !== 4) return this.fault(ErrorCode.frameSizeError, 'WINDOW_UPDATE');
    const increment = getUint32(source, start) & maxWindowBytes;
    if (this.nuisance(1)) return;
    if (id === 0) {
      this.sendWindow += increment;
      if (increment === 0) return this.fault(ErrorCode.protocolError, 'WINDOW_UPDATE of 0');
      if (this.sendWindow > maxWindowBytes)
        return this.fault(ErrorCode.flowControlError, 'connection window');
      return this.pump();
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) this.fault(ErrorCode.protocolError, 'WINDOW_UPDATE on an idle stream');
      return;
    }
    if (increment === 0) return this.streamFault(id, ErrorCode.protocolError, stream);
    if (!stream.extendSendWindow(increment)) {
      return this.streamFault(id, ErrorCode.flowControlError, stream);
    }
    if (!stream.waiting) return;
    this.wait(stream);
    this.pump();
  }

  #onRstStream(id: number, source: Buffer, start: number, end: number): void {
    if (end - start !== 4) return this.fault(ErrorCode.frameSizeError, 'RST_STREAM');
    if (id === 0 || this.isIdle(id))
      return this.fault(ErrorCode.protocolError, 'RST_STREAM on an idle stream');
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.nuisance(1);
      return;
    }
    const code = getUint32(source, start);
    const { openedAt } = stream;
    this.onPeerReset(stream, code);
    if (this.limitsResets && !this.guard.reset(openedAt, now())) {
      this.fault(ErrorCode.enhanceYourCalm, 'too many streams reset');
    }
  }

  /** RST_STREAM for an open stream. */
  protected onPeerReset(stream: Http2Stream, code: number): void {
    this.#fail(stream, code === ErrorCode.refusedStream ? 'remote-refused-stream' : 'remote-reset');
  }

  #onSettingsFrame(flags: number, id: number, source: Buffer, start: number, end: number): void {
    if (id !== 0) return this.fault(ErrorCode.protocolError, 'SETTINGS on a stream');
    const length = end - start;
    if ((flags & Flag.ack) !== 0) {
      if (length !== 0) this.fault(ErrorCode.frameSizeError, 'SETTINGS acknowledgement with content');
      else this.nuisance(1);
      return;
    }
    if (length % 6 !== 0) return this.fault(ErrorCode.frameSizeError, 'SETTINGS');
    if (this.nuisance(1 + Math.floor(length / 6 / settingsPerCost))) return;
    this.#settingsSeen = true;
    for (let at = start; at < end; at += 6) {
      const setting = ((source[at] as number) << 8) | (source[at + 1] as number);
      if (!this.#applySetting(setting, getUint32(source, at + 2))) return;
    }
    this.output.settings(Flag.ack, []);
    this.#countControl();
    if (this.closed) return;
    this.pump();
    this.onSettings();
  }

  #applySetting(id: number, value: number): boolean {
    const fault = settingFault(id, value);
    if (fault !== undefined) {
      this.fault(
        fault === 'protocol' ? ErrorCode.protocolError : ErrorCode.flowControlError,
        `setting ${id} out of range`,
      );
      return false;
    }
    const { peer } = this;
    if (id === Setting.headerTableSize) this.encoder.setPeerTableSize(value);
    else if (id === Setting.maxConcurrentStreams) peer.maxConcurrentStreams = value;
    else if (id === Setting.maxFrameSize) peer.maxFrameBytes = value;
    else if (id === Setting.enableConnectProtocol) peer.enableConnectProtocol = value === 1;
    else if (id === Setting.initialWindowSize) return this.#applyWindow(value);
    return true;
  }

  #applyWindow(value: number): boolean {
    const delta = value - this.peer.initialWindowBytes;
    this.peer.initialWindowBytes = value;
    if (delta === 0) return true;
    for (const stream of this.streams.values()) {
      if (!stream.extendSendWindow(delta)) {
        this.fault(ErrorCode.flowControlError, 'window past its maximum');
        return false;
      }
      if (stream.waiting) this.wait(stream);
    }
    return true;
  }

  #onPing(flags: number, id: number, source: Buffer, start: number, end: number): void {
    if (id !== 0) return this.fault(ErrorCode.protocolError, 'PING on a stream');
    if (end - start !== 8) return this.fault(ErrorCode.frameSizeError, 'PING');
    if (this.nuisance(1)) return;
    if ((flags & Flag.ack) !== 0) {
      if (source[start] === keepalivePing[0]) this.#keepalive?.answered();
      else this.onPingAck();
      return;
    }
    this.output.ping(Flag.ack, source, start);
    this.#countControl();
  }

  #onGoawayFrame(id: number, source: Buffer, start: number, end: number): void {
    if (id !== 0) return this.fault(ErrorCode.protocolError, 'GOAWAY on a stream');
    if (end - start < 8) return this.fault(ErrorCode.frameSizeError, 'GOAWAY');
    if (this.nuisance(1)) return;
    this.onGoaway(getUint32(source, start) & 0x7fffffff);
  }

  #onPriority(id: number, source: Buffer, start: number, end: number): void {
    if (id === 0) return this.fault(ErrorCode.protocolError, 'PRIORITY on stream 0');
    if (end - start !== 5) return this.streamFault(id, ErrorCode.frameSizeError, this.streams.get(id));
    if ((getUint32(source, start) & 0x7fffffff) === id) {
      return this.fault(ErrorCode.protocolError, 'stream depends on itself');
    }
    this.nuisance(1);
  }
}
