import type { HeaderMap } from '../http/header-map.ts';
import type {
  ConnectionIo,
  Refusal,
  ResetReason,
  ResponseHead,
  ServerCodec,
  ServerCodecEvents,
  ServerStream,
  ServerStreamHandler,
} from '../http/stream.ts';
import { BodyDecoder, BodyMode, type BodySink } from './body-decoder.ts';
import { HeadCollector, HeadState } from './head-collector.ts';
import { HeadFacts, parseRequestHead } from './head-parser.ts';
import { chunkHead, fieldsText, trailersText, WrittenFraming } from './head-writer.ts';
import type { Http1Options } from './options.ts';
import { statusLine, statusLine10, statusText } from './status-text.ts';

/** Server side of HTTP/1.1 (RFC 9112): one request at a time; what a client pipelines waits unread until the answer is complete. */
export class Http1ServerCodec implements ServerCodec, BodySink {
  readonly protocol = 'http/1.1';
  readonly #io: ConnectionIo;
  readonly #options: Http1Options;
  readonly #events: ServerCodecEvents;
  readonly #heads = new HeadCollector();
  readonly #facts = new HeadFacts();
  readonly #body: BodyDecoder;
  #stream: Http1ServerStream | undefined = undefined;
  /** Bytes that came while they could not be used: pipelined requests, or tunnel data before the switch. */
  #waiting: Buffer | undefined = undefined;
  #tunnel = false;
  #draining = false;
  #closed = false;
  #peerEnded = false;
  #busy = false;

  constructor(io: ConnectionIo, options: Http1Options, events: ServerCodecEvents) {
    this.#io = io;
    this.#options = options;
    this.#events = events;
    this.#body = new BodyDecoder(options);
  }

  get activeStreams(): number {
    return this.#stream === undefined ? 0 : 1;
  }

  /** Whether a request head has begun to arrive and is not complete. */
  get receivingHead(): boolean {
    return this.#stream === undefined && this.#heads.started;
  }

  receive(chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#waiting !== undefined) {
      this.#waiting = Buffer.concat([this.#waiting, chunk]);
      return;
    }
    this.#busy = true;
    this.#consume(chunk, 0);
    this.#busy = false;
  }

  #consume(chunk: Buffer, start: number): void {
    let at = start;
    while (at < chunk.length && !this.#closed) {
      const stream = this.#stream;
      if (stream === undefined) {
        // Pipelined requests wait while the client does not read the answers (CVE-2020-8661).
        if (this.#io.congested) return this.#hold(chunk, at);
        at = this.#readHead(chunk, at);
        if (at < 0) return;
      } else if (this.#tunnel) {
        stream.handler.onData(at === 0 ? chunk : chunk.subarray(at), false);
        return;
      } else if (!stream.requestDone && !stream.switching) {
        at = this.#body.decode(chunk, at, this);
        if (this.#body.error !== '') return this.#fail(this.#body.error, 400);
      } else {
        return this.#hold(chunk, at);
      }
    }
  }

  /** Keeps what follows the present request, and reads no more until its turn comes. */
  #hold(chunk: Buffer, at: number): void {
    this.#waiting = at === 0 ? chunk : chunk.subarray(at);
    this.#io.pauseReading();
  }

  /** Returns where the body starts, or -1 when the chunk is used up or the connection failed. */
  #readHead(chunk: Buffer, start: number): number {
    let at = start;
    if (!this.#heads.started) while (chunk[at] === 13 && chunk[at + 1] === 10) at += 2;
    if (at >= chunk.length) return -1;
    const state = this.#heads.add(chunk, at, this.#options.maxHeadBytes);
    if (state !== HeadState.complete) {
      if (state === HeadState.tooLarge) this.#fail('http1.headers_too_large', 431);
      else if (state === HeadState.malformed) this.#fail('http1.codec_error', 400);
      return -1;
    }
    const bodyAt = this.#heads.bodyAt;
    const facts = this.#facts;
    const head = parseRequestHead(this.#heads.text, facts, this.#options, this.#options.scheme);
    if (head === undefined) {
      this.#fail(facts.error, facts.status);
      return -1;
    }
    if (head.httpVersion === 10) {
      if (!this.#options.acceptHttp10) {
        this.#fail('low_version', 426);
        return -1;
      }
      if (head.authority === '') head.authority = this.#options.defaultHostForHttp10;
      if (head.authority === '') {
        this.#fail('http1.missing_host', 400);
        return -1;
      }
    }
    const stream = new Http1ServerStream(this, this.#io, head.method, head.httpVersion);
    stream.closeAfter = facts.close || (head.httpVersion === 10 && !facts.keepAlive);
    stream.keepAlive10 = head.httpVersion === 10 && facts.keepAlive;
    stream.switching = head.method === 'CONNECT' || head.protocol !== undefined;
    const length = Math.max(0, facts.contentLength);
    this.#body.start(facts.chunked ? BodyMode.chunked : length > 0 ? BodyMode.length : BodyMode.none, length);
    const bodyless = this.#body.done;
    stream.requestDone = bodyless && !stream.switching;
    if (stream.switching && !bodyless) {
      this.#fail('http1.upgrade_with_body', 400);
      return -1;
    }
    this.#stream = stream;
    stream.handler = this.#events.onStream(stream);
    stream.handler.onRequest(head, stream.requestDone);
    return bodyAt;
  }

  bodyData(chunk: Buffer, end: boolean): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (end) stream.requestDone = true;
    if (!stream.responseDone) stream.handler.onData(chunk, end);
    if (end && stream.responseDone) this.finished(stream);
  }

  bodyTrailers(trailers: HeaderMap): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    stream.requestDone = true;
    if (!stream.responseDone) {
      if (this.#options.enableTrailers) stream.handler.onTrailers(trailers);
      else stream.handler.onData(noBytes, true);
    }
    if (stream.responseDone) this.finished(stream);
  }

  receiveEnd(): void {
    this.#peerEnded = true;
    const stream = this.#stream;
    if (this.#tunnel && stream !== undefined && !stream.requestDone) {
      stream.requestDone = true;
      stream.handler.onData(noBytes, true);
      if (stream.responseDone) this.#finishTunnel();
      return;
    }
    if (this.#tunnel) return;
    this.#closed = true;
    this.#dropStream('remote-reset');
    this.#io.end();
  }

  close(reason: ResetReason): void {
    this.#closed = true;
    this.#dropStream(reason);
  }

  #dropStream(reason: ResetReason, refusal?: Refusal): void {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#waiting = undefined;
    if (stream === undefined) return;
    const told = stream.responseDone;
    stream.over = true;
    if (!told) stream.handler.onReset(reason, refusal);
  }

  onWritable(): void {
    const stream = this.#stream;
    if (stream === undefined) this.#releaseWaiting();
    else if (!stream.over) stream.handler.onDrain();
  }

  /** The next answer says `connection: close`. An idle connection stays open for a request that may be on its way; see `closeIdle`. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends the connection when no request is under way. */
  closeIdle(): void {
    if (this.#stream !== undefined || this.#closed) return;
    this.#closed = true;
    this.#io.end();
    this.#events.onDrained();
  }

  get draining(): boolean {
    return this.#draining;
  }

  get enableTrailers(): boolean {
    return this.#options.enableTrailers;
  }

  /** Called by the stream when its answer switched protocols: raw bytes from here on. */
  startTunnel(): void {
    this.#tunnel = true;
    this.#releaseWaiting();
  }

  /** Called by the stream when its answer is complete, and when the request then ends. */
  finished(stream: Http1ServerStream): void {
    if (stream !== this.#stream || this.#closed) return;
    if (this.#tunnel) {
      if (stream.requestDone) this.#finishTunnel();
      else this.#io.end();
      return;
    }
    if (stream.closeAfter || stream.switching || !stream.requestDone) {
      // An unread rest of the request must never be taken for the next one.
      this.#stream = undefined;
      stream.over = true;
      this.#closed = true;
      this.#waiting = undefined;
      this.#io.resumeReading();
      this.#io.end();
      if (this.#draining) this.#events.onDrained();
      return;
    }
    this.#stream = undefined;
    stream.over = true;
    this.#releaseWaiting();
  }

  #finishTunnel(): void {
    const stream = this.#stream;
    if (stream !== undefined) stream.over = true;
    this.#stream = undefined;
    this.#closed = true;
    this.#io.end();
    if (this.#draining) this.#events.onDrained();
  }

  #releaseWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (this.#busy) {
      // Let the caller unwind first, so that a train of pipelined requests does not recurse.
      queueMicrotask(() => this.#resumeWaiting());
      return;
    }
    this.#resumeWaiting();
  }

  #resumeWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#closed || this.#io.congested) return;
    this.#waiting = undefined;
    this.#io.resumeReading();
    this.#busy = true;
    this.#consume(waiting, 0);
    this.#busy = false;
    if (this.#peerEnded && this.#waiting === undefined && !this.#closed) this.receiveEnd();
  }

  /** The stream's owner wants the connection gone. */
  abort(stream: Http1ServerStream): void {
    if (stream !== this.#stream) return;
    this.#stream = undefined;
    this.#closed = true;
    this.#io.destroy();
  }

  /** The head did not arrive in time. */
  headTimedOut(): void {
    this.#fail('request_header_timeout', 408);
  }

  #fail(detail: string, status: number): void {
    if (this.#closed) return;
    const stream = this.#stream;
    const answered = stream?.headSent === true;
    const body = statusText(status);
    const refusal: Refusal = { detail, status, bytes: body.length };
    this.#closed = true;
    this.#dropStream('protocol-error', answered ? undefined : refusal);
    this.#events.onConnectionError(detail, stream === undefined ? refusal : undefined);
    if (answered) {
      this.#io.destroy();
      return;
    }
    const more = this.#options.replyFields?.() ?? '';
    this.#io.write(
      `${statusLine(status)}content-length: ${body.length}\r\ncontent-type: text/plain\r\n${more}connection: close\r\n\r\n${body}`,
    );
    this.#io.end();
  }
}

const noBytes = Buffer.alloc(0);
const framing = new WrittenFraming();

/** One request being answered. */
export class Http1ServerStream implements ServerStream {
  handler!: ServerStreamHandler;
  requestDone = false;
  responseDone = false;
  headSent = false;
  /** Close the connection after the answer. */
  closeAfter = false;
  keepAlive10 = false;
  /** An upgrade or CONNECT whose answer has not come. */
  switching = false;
  over = false;
  readonly #codec: Http1ServerCodec;
  readonly #io: ConnectionIo;
  readonly #method: string;
  readonly #version: number;
  #chunked = false;
  #bodyless = false;
  /** Body bytes still owed by content-length, -1 when it does not count. */
  #owed = -1;

  constructor(codec: Http1ServerCodec, io: ConnectionIo, method: string, version: number) {
    this.#codec = codec;
    this.#io = io;
    this.#method = method;
    this.#version = version;
  }

  informational(head: ResponseHead): void {
    if (this.over || this.headSent || this.#version === 10) return;
    this.#io.write(statusLine(head.status) + fieldsText(head.headers, framing) + '\r\n');
  }

  respond(head: ResponseHead, end: boolean): void {
    if (this.over || this.headSent) return;
    this.headSent = true;
    const status = head.status;
    let text =
      (this.#version === 10 ? statusLine10(status) : statusLine(status)) + fieldsText(head.headers, framing);
    if (this.switching && (status === 101 || (this.#method === 'CONNECT' && status >= 200 && status < 300))) {
      this.#io.write(text + (status === 101 ? 'connection: Upgrade\r\n\r\n' : '\r\n'));
      this.switching = false;
      this.#codec.startTunnel();
      if (end) this.#complete();
      return;
    }
    // As in Envoy, an answer before the request's end announces that the rest will not be read.
    if (framing.close || this.#codec.draining || !this.requestDone) this.closeAfter = true;
    this.#bodyless = this.#method === 'HEAD' || status === 204 || status === 304 || status < 200;
    this.#owed = this.#bodyless ? -1 : framing.contentLength;
    if (!this.#bodyless && framing.contentLength < 0) {
      if (end) {
        text += 'content-length: 0\r\n';
      } else if (this.#version === 10) {
        this.closeAfter = true;
      } else {
        this.#chunked = true;
        text += 'transfer-encoding: chunked\r\n';
      }
    } else if (
      this.#method === 'HEAD' &&
      framing.contentLength < 0 &&
      status !== 204 &&
      status !== 304 &&
      this.#version === 11
    ) {
      text += 'transfer-encoding: chunked\r\n';
    }
    if (this.closeAfter) text += 'connection: close\r\n';
    else if (this.keepAlive10) text += 'connection: keep-alive\r\n';
    this.#io.write(text + '\r\n');
    if (end) this.#complete();
  }

  data(chunk: Buffer, end: boolean): boolean {
    if (this.over || this.responseDone) return true;
    let room = true;
    if (!this.#bodyless && chunk.length > 0) {
      if (this.#owed >= 0) this.#owed -= chunk.length;
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
    if (this.over || this.responseDone) return;
    if (this.#chunked) this.#io.write(this.#codec.enableTrailers ? trailersText(trailers) : '0\r\n\r\n');
    this.#complete();
  }

  #complete(): void {
    this.responseDone = true;
    // A body shorter or longer than announced can only be ended by the connection's end.
    if (this.#owed > 0 || this.#owed < -1) this.#codec.abort(this);
    else this.#codec.finished(this);
  }

  reset(_reason: ResetReason): void {
    if (this.over) return;
    this.over = true;
    this.#codec.abort(this);
  }

  pause(): void {
    if (!this.over && !this.requestDone) this.#io.pauseReading();
  }

  resume(): void {
    if (!this.over) this.#io.resumeReading();
  }
}
