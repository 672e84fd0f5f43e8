import type { HeaderMap } from '../http/header-map.ts';
import type {
  ClientCodec,
  ClientCodecEvents,
  ClientStream,
  ClientStreamHandler,
  ConnectionIo,
  RequestHead,
  ResetReason,
  ResponseHead,
} from '../http/stream.ts';
import { BodyDecoder, BodyMode, type BodySink } from './body-decoder.ts';
import { HeadCollector, HeadState } from './head-collector.ts';
import { HeadFacts, parseResponseHead } from './head-parser.ts';
import { chunkHead, fieldsText, trailersText, WrittenFraming } from './head-writer.ts';
import type { Http1Options } from './options.ts';

const maxInformational = 16;
const noBytes = Buffer.alloc(0);
const framing = new WrittenFraming();

/**
 * Client side of HTTP/1.1. A server that answers in a way that two readers could understand differently ends the connection: nothing
 * of it is ever taken for the answer to a later request.
 */
export class Http1ClientCodec implements ClientCodec, BodySink {
  readonly protocol = 'http/1.1';
  readonly #io: ConnectionIo;
  readonly #options: Http1Options;
  readonly #events: ClientCodecEvents;
  readonly #heads = new HeadCollector();
  readonly #facts = new HeadFacts();
  readonly #body: BodyDecoder;
  #stream: Http1ClientStream | undefined = undefined;
  #responding = false;
  #informational = 0;
  #tunnel = false;
  #reusable = true;
  #closed = false;
  /** Set while the last piece of an answer is delivered, so that stray bytes behind it are seen first. */
  #endPending = false;

  constructor(io: ConnectionIo, options: Http1Options, events: ClientCodecEvents) {
    this.#io = io;
    this.#options = options;
    this.#events = events;
    this.#body = new BodyDecoder(options);
  }

  get activeStreams(): number {
    return this.#stream === undefined ? 0 : 1;
  }

  get capacity(): number {
    return this.#closed || this.#stream !== undefined || !this.#reusable ? 0 : 1;
  }

  get closed(): boolean {
    return this.#closed;
  }

  newStream(handler: ClientStreamHandler): ClientStream | undefined {
    if (this.capacity === 0) return undefined;
    const stream = new Http1ClientStream(this, this.#io, handler, this.#options.enableTrailers);
    this.#stream = stream;
    this.#responding = false;
    this.#informational = 0;
    return stream;
  }

  receive(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#closed) {
      const stream = this.#stream;
      if (stream === undefined) return this.#fail('http1.unsolicited_response');
      if (this.#tunnel) {
        stream.handler.onData(at === 0 ? chunk : chunk.subarray(at), false);
        return;
      }
      if (!this.#responding) {
        at = this.#readHead(chunk, at, stream);
        if (at < 0) return;
      } else {
        at = this.#readBody(chunk, at);
      }
    }
  }

  /** Returns where the body starts; -1 when the chunk is used up or the connection failed. */
  #readHead(chunk: Buffer, at: number, stream: Http1ClientStream): number {
    const state = this.#heads.add(chunk, at, this.#options.maxHeadBytes);
    if (state !== HeadState.complete) {
      if (state !== HeadState.incomplete) this.#fail('http1.invalid_response_head');
      return -1;
    }
    const bodyAt = this.#heads.bodyAt;
    const facts = this.#facts;
    const head = parseResponseHead(this.#heads.text, facts, this.#options);
    if (head === undefined || !stream.requestSent) {
      this.#fail(head === undefined ? facts.error : 'http1.unsolicited_response');
      return -1;
    }
    if (head.status < 200 && head.status !== 101) {
      if (++this.#informational > maxInformational || facts.chunked || facts.contentLength > 0) {
        this.#fail('http1.invalid_informational');
        return -1;
      }
      stream.handler.onInformational(head);
      return bodyAt;
    }
    return this.#begin(head, stream, chunk, bodyAt) ? bodyAt : -1;
  }

  #begin(head: ResponseHead, stream: Http1ClientStream, chunk: Buffer, bodyAt: number): boolean {
    const facts = this.#facts;
    const switched = head.status === 101 || (stream.isConnect && head.status >= 200 && head.status < 300);
    if (head.status === 101 && !stream.isUpgrade) return this.#refuse('http1.unexpected_upgrade');
    this.#responding = true;
    if (facts.close || (head.httpVersion === 10 && !facts.keepAlive)) this.#reusable = false;
    if (switched) {
      this.#tunnel = true;
      this.#reusable = false;
      stream.handler.onResponse(head, false);
      stream.startTunnel();
      return true;
    }
    if (stream.isUpgrade || stream.isConnect) this.#reusable = false;
    this.#startBody(head, stream);
    if (this.#body.done) {
      if (bodyAt < chunk.length) return this.#refuse('http1.unexpected_body');
      if (head.status === 204 && (facts.chunked || facts.contentLength > 0))
        return this.#refuse('http1.body_with_204');
      this.#ended(stream);
      stream.handler.onResponse(head, true);
      this.#settle(stream);
    } else {
      const left = chunk.length - bodyAt;
      if (this.#body.mode === BodyMode.length && left > facts.contentLength)
        return this.#refuse('http1.unexpected_body');
      stream.handler.onResponse(head, false);
    }
    return true;
  }

  #refuse(detail: string): false {
    this.#fail(detail);
    return false;
  }

  #startBody(head: ResponseHead, stream: Http1ClientStream): void {
    const facts = this.#facts;
    if (stream.isHead || head.status === 204 || head.status === 304) this.#body.start(BodyMode.none, 0);
    else if (facts.chunked) this.#body.start(BodyMode.chunked, 0);
    else if (facts.contentLength >= 0) this.#body.start(BodyMode.length, facts.contentLength);
    else {
      this.#body.start(BodyMode.untilClose, 0);
      this.#reusable = false;
    }
  }

  #readBody(chunk: Buffer, at: number): number {
    const next = this.#body.decode(chunk, at, this);
    if (this.#body.error !== '') {
      this.#fail(this.#body.error);
      return chunk.length;
    }
    if (this.#endPending) {
      this.#endPending = false;
      if (next < chunk.length) this.#reusable = false;
      const stream = this.#stream;
      if (stream !== undefined) this.#settle(stream);
      return chunk.length;
    }
    return next;
  }

  bodyData(chunk: Buffer, end: boolean): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (end) this.#ended(stream);
    stream.handler.onData(chunk, end);
  }

  bodyTrailers(trailers: HeaderMap): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#ended(stream);
    if (this.#options.enableTrailers) stream.handler.onTrailers(trailers);
    else stream.handler.onData(noBytes, true);
  }

  /** The answer is complete: calls by the handler may no longer harm the connection. */
  #ended(stream: Http1ClientStream): void {
    stream.responseDone = true;
    if (!stream.requestDone) this.#reusable = false;
    this.#endPending = true;
  }

  /** Frees the connection for the next request, or closes it. */
  #settle(stream: Http1ClientStream): void {
    this.#endPending = false;
    if (this.#stream !== stream) return;
    stream.over = true;
    this.#stream = undefined;
    this.#responding = false;
    if (this.#reusable) {
      this.#events.onCapacity();
      return;
    }
    this.#closed = true;
    this.#io.destroy();
  }

  receiveEnd(): void {
    if (this.#closed) return;
    const stream = this.#stream;
    if (this.#tunnel && stream !== undefined) {
      stream.responseDone = true;
      stream.handler.onData(noBytes, true);
      if (stream.requestDone) this.#settle(stream);
      return;
    }
    this.#closed = true;
    if (stream !== undefined && this.#responding && this.#body.mode === BodyMode.untilClose) {
      stream.over = true;
      this.#stream = undefined;
      stream.handler.onData(noBytes, true);
    } else {
      // An answer cut short breaks the protocol; one that never began only lost its connection.
      this.#drop(this.#responding ? 'protocol-error' : 'connection-termination');
    }
    this.#io.destroy();
  }

  close(reason: ResetReason): void {
    this.#closed = true;
    this.#drop(reason);
  }

  #drop(reason: ResetReason): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream === undefined || stream.over) return;
    stream.over = true;
    if (!stream.responseDone || this.#tunnel) stream.handler.onReset(reason);
  }

  #fail(detail: string): void {
    this.#closed = true;
    this.#events.onConnectionError(detail);
    this.#drop('protocol-error');
    this.#io.destroy();
  }

  onWritable(): void {
    const stream = this.#stream;
    if (stream !== undefined && !stream.over) stream.handler.onDrain();
  }

  /** The stream was reset by its owner: an HTTP/1.1 connection ends with it. */
  abort(stream: Http1ClientStream): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#closed = true;
    this.#io.destroy();
  }

  /** The request is fully written. */
  requestFinished(stream: Http1ClientStream): void {
    if (!this.#tunnel) return;
    if (stream.responseDone) this.#settle(stream);
    else this.#io.end();
  }
}

/** Requests that need no content-length to say that they have no body. */
const bodilessMethods = new Set(['GET', 'HEAD', 'DELETE', 'TRACE', 'CONNECT']);

class Http1ClientStream implements ClientStream {
  readonly handler: ClientStreamHandler;
  requestSent = false;
  requestDone = false;
  responseDone = false;
  over = false;
  isHead = false;
  isConnect = false;
  isUpgrade = false;
  readonly #codec: Http1ClientCodec;
  readonly #io: ConnectionIo;
  readonly #writeTrailers: boolean;
  #chunked = false;
  #tunnel = false;
  #early: Buffer[] = [];
  #earlyEnd = false;

  constructor(
    codec: Http1ClientCodec,
    io: ConnectionIo,
    handler: ClientStreamHandler,
    writeTrailers: boolean,
  ) {
    this.#codec = codec;
    this.#io = io;
    this.handler = handler;
    this.#writeTrailers = writeTrailers;
  }

  request(head: RequestHead, end: boolean): void {
    if (this.over || this.requestSent) return;
    this.requestSent = true;
    this.isHead = head.method === 'HEAD';
    this.isUpgrade = head.protocol !== undefined;
    this.isConnect = head.method === 'CONNECT' && !this.isUpgrade;
    const method = this.isUpgrade && head.method === 'CONNECT' ? 'GET' : head.method;
    const target = this.isConnect ? head.authority : head.path;
    let text = method + ' ' + target + ' HTTP/1.1\r\nhost: ' + head.authority + '\r\n';
    text += fieldsText(head.headers, framing);
    if (this.isUpgrade) text += 'connection: Upgrade\r\nupgrade: ' + head.protocol + '\r\n';
    else if (!this.isConnect && framing.contentLength < 0) {
      if (!end) {
        this.#chunked = true;
        text += 'transfer-encoding: chunked\r\n';
      } else if (!bodilessMethods.has(head.method)) {
        text += 'content-length: 0\r\n';
      }
    }
    this.#io.write(text + '\r\n');
    if (end) this.#complete();
  }

  data(chunk: Buffer, end: boolean): boolean {
    if (this.over || this.requestDone) return true;
    if ((this.isUpgrade || this.isConnect) && !this.#tunnel) {
      if (chunk.length > 0) this.#early.push(chunk);
      this.#earlyEnd = end;
      return false;
    }
    let room = true;
    if (chunk.length > 0) {
      if (this.#chunked) {
        this.#io.write(chunkHead(chunk.length));
        this.#io.write(chunk);
        room = this.#io.write(end ? '\r\n0\r\n\r\n' : '\r\n');
      } else {
        room = this.#io.write(chunk);
      }
    } else if (end && this.#chunked) {
      this.#io.write('0\r\n\r\n');
    }
    if (end) this.#complete();
    return room;
  }

  trailers(trailers: HeaderMap): void {
    if (this.over || this.requestDone) return;
    if (this.#chunked) this.#io.write(this.#writeTrailers ? trailersText(trailers) : '0\r\n\r\n');
    this.#complete();
  }

  startTunnel(): void {
    this.#tunnel = true;
    const early = this.#early;
    this.#early = [];
    for (const chunk of early) this.#io.write(chunk);
    if (this.#earlyEnd) this.#complete();
    else if (early.length > 0) this.handler.onDrain();
  }

  #complete(): void {
    this.requestDone = true;
    this.#codec.requestFinished(this);
  }

  reset(_reason: ResetReason): void {
    if (this.over) return;
    this.over = true;
    this.#codec.abort(this);
  }

  pause(): void {
    if (!this.over) this.#io.pauseReading();
  }

  resume(): void {
    if (!this.over) this.#io.resumeReading();
  }
}
