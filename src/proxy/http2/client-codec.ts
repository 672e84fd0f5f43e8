import { HeaderMap } from '../http/header-map.ts';
import type {
  ClientCodec,
  ClientCodecEvents,
  ClientStream,
  ClientStreamHandler,
  ConnectionIo,
  RequestHead,
  ResetReason,
} from '../http/stream.ts';
import { now } from '../network/event-loop.ts';
import { Http2Connection } from './connection.ts';
import { clientPreface, ErrorCode, Flag, maxStreamId, Setting } from './frame.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import type { Http2Options } from './settings.ts';
import { type BodyHandler, Http2Stream, protocolResetCode } from './stream.ts';
import { completeUpgradeResponse, websocketKey, withoutWebsocketProof } from './websocket.ts';

/** The client's end of one request. */
class Http2ClientStream extends Http2Stream implements ClientStream {
  declare protected readonly connection: Http2ClientCodec;
  readonly handler: ClientStreamHandler;
  /** The final response head has come. */
  responded = false;
  /** Extended CONNECT: the 200 that accepts it is told upwards as 101. */
  upgrade = false;
  /** What is upgraded to, and the key the other side wants proof with. */
  protocol = '';
  websocketKey: string | undefined;
  headRequest = false;
  connectRequest = false;

  constructor(connection: Http2ClientCodec, handler: ClientStreamHandler) {
    super(connection);
    this.handler = handler;
  }

  protected get body(): BodyHandler {
    return this.handler;
  }

  request(head: RequestHead, end: boolean): void {
    if (this.closed || this.id !== 0) return;
    this.connection.sendRequest(this, head, end);
    if (end) this.endLocal();
  }

  protected resetCode(reason: ResetReason): number {
    return protocolResetCode(reason) ?? ErrorCode.cancel;
  }
}

/** HTTP/2 as a client: one upstream connection. */
export class Http2ClientCodec extends Http2Connection implements ClientCodec {
  protected readonly limitsResets = false;
  readonly #events: ClientCodecEvents;
  #nextStream = 1;
  /** Opened by `newStream`, no request sent yet. */
  readonly #reserved = new Set<Http2ClientStream>();
  #goingAway = false;

  constructor(io: ConnectionIo, events: ClientCodecEvents, options: Http2Options) {
    super(io, options, false);
    this.#events = events;
    this.output.bytes(clientPreface);
    this.start([Setting.enablePush, 0]);
  }

  get capacity(): number {
    if (this.closed || this.#goingAway || this.#nextStream > maxStreamId) return 0;
    const most = Math.min(this.peer.maxConcurrentStreams, this.options.maxConcurrentStreams);
    return Math.max(0, most - this.activeStreams);
  }

  override get activeStreams(): number {
    return this.streams.size + this.#reserved.size;
  }

  /** No new streams; open ones go on. */
  get goingAway(): boolean {
    return this.#goingAway;
  }

  newStream(handler: ClientStreamHandler): ClientStream | undefined {
    if (this.capacity === 0) return undefined;
    const stream = new Http2ClientStream(this, handler);
    this.#reserved.add(stream);
    return stream;
  }

  /** For streams: gives the stream its number and sends the head. */
  sendRequest(stream: Http2ClientStream, head: RequestHead, end: boolean): void {
    this.#reserved.delete(stream);
    stream.id = this.#nextStream;
    stream.openedAt = now();
    stream.upgrade = head.protocol !== undefined;
    stream.headRequest = head.method === 'HEAD';
    stream.connectRequest = head.method === 'CONNECT' || stream.upgrade;
    // Settings may have changed the window since the stream was made.
    stream.sendWindow = this.peer.initialWindowBytes;
    this.#nextStream += 2;
    this.streams.set(stream.id, stream);
    const sent = stream.upgrade ? this.#asConnect(stream, head) : head;
    const at = this.beginBlock(HpackEncoder.requestBound(sent));
    const to = this.encoder.request(sent, this.output.buffer, at);
    this.endBlock(stream.id, end ? Flag.endStream : 0, at, to);
  }

  /** An upgrade request as extended CONNECT. */
  #asConnect(stream: Http2ClientStream, head: RequestHead): RequestHead {
    stream.protocol = head.protocol ?? '';
    stream.websocketKey = websocketKey(head.headers);
    return { ...head, headers: new HeaderMap(withoutWebsocketProof(head.headers.fields)) };
  }

  override close(reason: ResetReason): void {
    if (this.closed) return;
    const reserved = [...this.#reserved];
    this.#reserved.clear();
    super.close(reason);
    for (const stream of reserved) {
      stream.dispose();
      stream.fail(reason);
    }
  }

  override resetStream(stream: Http2Stream, code: number): void {
    this.#reserved.delete(stream as Http2ClientStream);
    super.resetStream(stream, code);
  }

  protected onHeaders(
    id: number,
    stream: Http2Stream | undefined,
    source: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (stream === undefined) {
      if (this.isIdle(id)) return this.fault(ErrorCode.protocolError, 'HEADERS on an idle stream');
      this.block.reset('trailers');
      if (this.decode(source, start, end)) this.nuisance(1);
      return;
    }
    const client = stream as Http2ClientStream;
    if (client.responded) return this.receiveTrailers(stream, source, start, end, endStream);
    this.block.reset('response');
    if (this.decode(source, start, end)) this.#onResponse(client, endStream);
  }

  #onResponse(stream: Http2ClientStream, endStream: boolean): void {
    const { block } = this;
    if (block.tooLarge) return this.streamFault(stream.id, ErrorCode.protocolError, stream);
    let status = block.finishResponse();
    // 101 does not exist in HTTP/2, and what is informational cannot be the end.
    if (status === 0 || status === 101 || (status < 200 && endStream)) {
      return this.streamFault(stream.id, ErrorCode.protocolError, stream);
    }
    const headers = new HeaderMap(block.fields);
    if (status < 200) {
      if (!this.nuisance(1)) stream.handler.onInformational({ status, headers, httpVersion: 20 });
      return;
    }
    const bodyless = stream.headRequest || status === 204 || status === 304;
    if (!bodyless && !stream.connectRequest) stream.contentLeft = block.contentLength;
    if (endStream && stream.contentLeft > 0) {
      return this.streamFault(stream.id, ErrorCode.protocolError, stream);
    }
    if (stream.upgrade && status === 200) {
      status = 101;
      completeUpgradeResponse(headers, stream.protocol, stream.websocketKey);
    }
    stream.responded = true;
    stream.remoteEnded = endStream;
    stream.handler.onResponse({ status, headers, httpVersion: 20 }, endStream);
    if (endStream && stream.localEnded) this.finish(stream);
  }

  protected override onPeerReset(stream: Http2Stream, code: number): void {
    // The server has answered completely and wants no more of the request (RFC 9113 §8.1): the message is whole.
    if (code === ErrorCode.noError && stream.remoteEnded) {
      stream.localEnded = true;
      this.finish(stream);
      return;
    }
    super.onPeerReset(stream, code);
  }

  protected onGoaway(lastStreamId: number): void {
    this.#goingAway = true;
    for (const stream of [...this.streams.values()]) {
      if (stream.id > lastStreamId) this.endByPeer(stream, 'remote-refused-stream');
      if (this.closed) return;
    }
    this.#events.onCapacity();
  }

  protected onPingAck(): void {}

  protected onSettings(): void {
    this.#events.onCapacity();
  }

  protected onStreamGone(): void {
    this.#events.onCapacity();
  }

  protected onConnectionFault(detail: string): void {
    this.#events.onConnectionError(detail);
  }

  protected get lastPeerStream(): number {
    return 0;
  }

  protected isIdle(id: number): boolean {
    return id >= this.#nextStream || (id & 1) === 0;
  }
}
