import { HeaderMap } from '../http/header-map.ts';
import type {
  ConnectionIo,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerCodec,
  ServerCodecEvents,
  ServerStream,
  ServerStreamHandler,
} from '../http/stream.ts';
import { now } from '../network/event-loop.ts';
import { Http2Connection } from './connection.ts';
import { ErrorCode, Flag, maxStreamId, Setting } from './frame.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import type { Http2Options } from './settings.ts';
import { type BodyHandler, Http2Stream, protocolResetCode } from './stream.ts';
import { addWebsocketKey, withoutWebsocketProof } from './websocket.ts';

/** The server's end of one request. */
class Http2ServerStream extends Http2Stream implements ServerStream {
  declare protected readonly connection: Http2ServerCodec;
  handler: ServerStreamHandler = ignoreAll;
  /** Extended CONNECT: shown upwards as an upgrade request, so 101 is told as 200. */
  upgrade = false;

  protected get body(): BodyHandler {
    return this.handler;
  }

  informational(head: ResponseHead): void {
    if (this.closed || this.localEnded) return;
    this.connection.sendResponse(this.id, head.status, head.headers.fields, false);
  }

  respond(head: ResponseHead, end: boolean): void {
    if (this.closed || this.localEnded) return;
    const accepted = this.upgrade && head.status === 101;
    const fields = accepted ? withoutWebsocketProof(head.headers.fields) : head.headers.fields;
    this.connection.sendResponse(this.id, accepted ? 200 : head.status, fields, end);
    if (end) this.endLocal();
  }

  protected resetCode(reason: ResetReason): number {
    const code = protocolResetCode(reason);
    if (code !== undefined) return code;
    // After the whole response: the rest of the request is not wanted, which is no error (RFC 9113 §8.1).
    return this.localEnded ? ErrorCode.noError : ErrorCode.internalError;
  }
}

/** Ids that the peer skipped remain distinguishable from closed ones this far back. */
const rememberedSkips = 16;

/** HTTP/2 as a server: one downstream connection. */
export class Http2ServerCodec extends Http2Connection implements ServerCodec {
  protected readonly limitsResets = true;
  readonly #events: ServerCodecEvents;
  #lastStream = 0;
  #skips: [number, number][] = [];
  /** Graceful shutdown: none, first GOAWAY sent, final one sent. */
  #drain: 'none' | 'announced' | 'final' = 'none';
  #drained = false;

  constructor(io: ConnectionIo, events: ServerCodecEvents, options: Http2Options) {
    super(io, options, true);
    this.#events = events;
    const settings: number[] = [Setting.maxConcurrentStreams, options.maxConcurrentStreams];
    if (options.allowConnect) settings.push(Setting.enableConnectProtocol, 1);
    this.start(settings);
  }

  /**
   * Two-step shutdown (RFC 9113 §6.8): a GOAWAY that refuses nothing, then, once the peer has certainly seen it, the final one. A
   * second call does not wait for that.
   */
  drain(): void {
    if (this.closed || this.#drain === 'final') return;
    if (this.#drain === 'announced') return this.#finalGoaway();
    this.#drain = 'announced';
    this.output.goaway(maxStreamId, ErrorCode.noError);
    this.output.ping(0, drainPing, 0);
  }

  #finalGoaway(): void {
    this.#drain = 'final';
    this.output.goaway(this.#lastStream, ErrorCode.noError);
    this.onStreamGone();
  }

  protected onPingAck(): void {
    if (this.#drain === 'announced') this.#finalGoaway();
  }

  protected onStreamGone(): void {
    if (this.#drain !== 'final' || this.streams.size > 0 || this.#drained || this.closed) return;
    this.#drained = true;
    this.output.flush();
    this.#events.onDrained();
  }

  protected onGoaway(): void {}

  protected onSettings(): void {}

  protected onConnectionFault(detail: string): void {
    this.#events.onConnectionError(detail);
  }

  protected get lastPeerStream(): number {
    return this.#lastStream;
  }

  protected isIdle(id: number): boolean {
    return id > this.#lastStream || (id & 1) === 0;
  }

  protected onHeaders(
    id: number,
    stream: Http2Stream | undefined,
    source: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (stream !== undefined) return this.receiveTrailers(stream, source, start, end, endStream);
    if ((id & 1) === 0) return this.fault(ErrorCode.protocolError, 'client stream with an even number');
    if (id <= this.#lastStream) return this.#onClosedStream(id, source, start, end);
    if (id > this.#lastStream + 2) this.#rememberSkip(this.#lastStream, id);
    this.block.reset('request');
    if (!this.decode(source, start, end)) return;
    // Streams after the final GOAWAY are dropped; the peer knows that they were not processed.
    if (this.#drain === 'final') return;
    this.#lastStream = id;
    this.#open(id, endStream);
  }

  #onClosedStream(id: number, source: Buffer, start: number, end: number): void {
    if (this.#skips.some(([from, to]) => id > from && id < to)) {
      return this.fault(ErrorCode.protocolError, 'stream number not increasing');
    }
    if (!this.wasResetByUs(id)) return this.fault(ErrorCode.streamClosed, 'HEADERS on a closed stream');
    this.block.reset('trailers');
    if (this.decode(source, start, end)) this.nuisance(1);
  }

  #rememberSkip(last: number, next: number): void {
    this.#skips.push([last, next]);
    if (this.#skips.length > rememberedSkips) this.#skips.shift();
  }

  #open(id: number, endStream: boolean): void {
    const { block } = this;
    if (this.streams.size >= this.options.maxConcurrentStreams) {
      if (!this.nuisance(1)) this.answerReset(id, ErrorCode.refusedStream);
      return;
    }
    if (block.tooLarge) return this.streamFault(id, ErrorCode.internalError);
    block.finishRequest();
    if (block.protocol !== '' && !this.options.allowConnect) block.malformed = ':protocol was not offered';
    if (block.malformed !== '' || (endStream && block.contentLength > 0)) {
      return this.streamFault(id, ErrorCode.protocolError);
    }
    const stream = new Http2ServerStream(this);
    stream.id = id;
    stream.openedAt = now();
    stream.contentLeft = block.contentLength;
    stream.remoteEnded = endStream;
    stream.upgrade = block.protocol !== '';
    this.streams.set(id, stream);
    const head = this.#head(stream.upgrade);
    stream.handler = this.#events.onStream(stream);
    if (!stream.closed) stream.handler.onRequest(head, endStream);
  }

  #head(upgrade: boolean): RequestHead {
    const { block } = this;
    const headers = new HeaderMap(block.fields);
    if (block.protocol === 'websocket') addWebsocketKey(headers);
    return {
      method: upgrade ? 'GET' : block.method,
      scheme: block.scheme,
      authority: block.authority,
      path: block.path,
      protocol: upgrade ? block.protocol : undefined,
      headers,
      httpVersion: 20,
    };
  }

  /** For streams. */
  sendResponse(id: number, status: number, fields: readonly string[], end: boolean): void {
    const at = this.beginBlock(HpackEncoder.bound(fields));
    const to = this.encoder.response(status, fields, this.output.buffer, at);
    this.endBlock(id, end ? Flag.endStream : 0, at, to);
  }
}

const drainPing = new Uint8Array([0x64, 0x72, 0x61, 0x69, 0x6e, 0, 0, 0]);

const ignoreAll: ServerStreamHandler = {
  onRequest() {},
  onData() {},
  onTrailers() {},
  onReset() {},
  onDrain() {},
};
