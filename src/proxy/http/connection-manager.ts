import { Http1ServerCodec } from '../http1/server-codec.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import { now, wallNow } from '../network/event-loop.ts';
import type {
  ConnectionHandler,
  DownstreamConnection,
  TerminalFilterFactory,
} from '../network/network-filter.ts';
import { after, Deadline } from '../network/timer.ts';
import { httpDate } from './date.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import type { ManagerConfig } from './manager-config.ts';
import { ResponseFlag } from './response-flag.ts';
import type { Refusal, ServerCodec, ServerCodecEvents, ServerStream, ServerStreamHandler } from './stream.ts';
import { StreamInfo } from './stream-info.ts';

/** The HTTP connection manager as the end of a filter chain. */
export function createConnectionManager(config: ManagerConfig): TerminalFilterFactory {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    start: (connection) => new HttpConnection(config, connection),
  };
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** How long an idle connection of a draining listener still takes a request, to answer it with `connection: close`. */
const drainGraceMs = 500;

/** One downstream HTTP connection: its codec, its exchanges, its time limits. Its own deadline is the idle or the request-head timeout. */
class HttpConnection extends Deadline implements ConnectionHandler, ExchangeOwner, ServerCodecEvents {
  readonly config: ManagerConfig;
  readonly info: DownstreamInfo;
  readonly #connection: DownstreamConnection;
  readonly #started = now();
  #codec: ServerCodec | undefined = undefined;
  #sniffed: Buffer | undefined = undefined;
  #draining = false;
  #requests = 0;
  #awaitingHead = false;
  #lifeTimer: { cancel(): void } | undefined = undefined;
  #closed = false;

  constructor(config: ManagerConfig, connection: DownstreamConnection) {
    super();
    this.config = config;
    this.#connection = connection;
    this.info = connection.info;
    connection.io.lingerMs = Math.max(10, config.delayedCloseTimeoutMs);
    const stats = config.stats;
    stats.cxTotal++;
    stats.cxActive++;
    if (this.info.tls !== undefined) {
      stats.cxSslTotal++;
      stats.cxSslActive++;
    }
    if (config.idleTimeoutMs > 0) this.start(config.idleTimeoutMs);
    if (config.maxConnectionDurationMs > 0) {
      this.#lifeTimer = after(config.maxConnectionDurationMs, () => {
        stats.cxMaxDuration++;
        this.drain();
      });
    }
    this.#chooseByNegotiation();
  }

  #chooseByNegotiation(): void {
    const config = this.config;
    if (config.codec === 'http1') this.#use(false);
    else if (config.codec === 'http2') this.#use(true);
    else if (this.info.tls?.alpn === 'h2') this.#use(true);
    else if (this.info.tls?.alpn === 'http/1.1') this.#use(false);
  }

  #use(http2: boolean): ServerCodec {
    const config = this.config;
    const scheme = this.info.tls === undefined ? 'http' : 'https';
    if (http2) {
      config.stats.cxHttp2Total++;
      config.stats.cxHttp2Active++;
      this.#codec = config.createHttp2(this.#connection.io, this, scheme);
    } else {
      config.stats.cxHttp1Total++;
      config.stats.cxHttp1Active++;
      this.#codec = new Http1ServerCodec(
        this.#connection.io,
        { ...config.http1, scheme, replyFields: this.#replyFields },
        this,
      );
    }
    if (this.#draining) this.#codec.drain();
    return this.#codec;
  }

  onData(chunk: Buffer): void {
    this.config.stats.cxRxBytes += chunk.length;
    const codec = this.#codec ?? this.#sniff(chunk);
    if (codec === undefined) return;
    const first = this.#sniffed;
    this.#sniffed = undefined;
    codec.receive(first === undefined ? chunk : Buffer.concat([first, chunk]));
    if (this.config.requestHeadersTimeoutMs > 0) this.#watchHead();
  }

  /** AUTO without ALPN: HTTP/2 announces itself by its preface. */
  #sniff(chunk: Buffer): ServerCodec | undefined {
    const seen = this.#sniffed === undefined ? chunk : Buffer.concat([this.#sniffed, chunk]);
    const length = Math.min(seen.length, preface.length);
    if (seen.compare(preface, 0, length, 0, length) !== 0) return this.#use(false);
    if (length === preface.length) return this.#use(true);
    this.#sniffed = seen;
    return undefined;
  }

  #watchHead(): void {
    const codec = this.#codec;
    if (!(codec instanceof Http1ServerCodec)) return;
    if (codec.receivingHead === this.#awaitingHead) return;
    this.#awaitingHead = codec.receivingHead;
    if (this.#awaitingHead) this.start(this.config.requestHeadersTimeoutMs);
    else if (codec.activeStreams === 0 && this.config.idleTimeoutMs > 0)
      this.start(this.config.idleTimeoutMs);
    else this.stop();
  }

  onEnd(): void {
    if (this.#codec === undefined) this.#connection.io.end();
    else this.#codec.receiveEnd();
  }

  onWritable(): void {
    this.#codec?.onWritable();
  }

  onClose(hadError: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stop();
    this.#lifeTimer?.cancel();
    const stats = this.config.stats;
    const active = this.#codec?.activeStreams ?? 0;
    stats.cxActive--;
    stats.cxDestroy++;
    if (active > 0) {
      stats.cxDestroyActiveRq++;
      stats.cxDestroyRemoteActiveRq++;
    }
    if (hadError || active > 0) stats.cxDestroyRemote++;
    else stats.cxDestroyLocal++;
    if (this.info.tls !== undefined) stats.cxSslActive--;
    if (this.#codec?.protocol === 'h2') stats.cxHttp2Active--;
    else if (this.#codec !== undefined) stats.cxHttp1Active--;
    stats.connectionLengthMs.record(now() - this.#started);
    this.#codec?.close('connection-termination');
  }

  get active(): number {
    return this.#codec?.activeStreams ?? 0;
  }

  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.config.stats.cxDrainClose++;
    this.#codec?.drain();
    // A request that crosses our decision on the wire must not meet a closed socket.
    if (this.active === 0 && !this.#awaitingHead) this.start(drainGraceMs);
  }

  // --- events of the codec ---

  onStream(stream: ServerStream): ServerStreamHandler {
    const config = this.config;
    this.#requests++;
    this.stop();
    if (
      config.maxRequestsPerConnection > 0 &&
      this.#requests >= config.maxRequestsPerConnection &&
      !this.#draining
    ) {
      config.stats.cxMaxRequests++;
      this.#draining = true;
      this.#codec?.drain();
    }
    return new Exchange(this, stream);
  }

  readonly #replyFields = () =>
    this.config.serverHeader === 'pass-through'
      ? `date: ${httpDate()}\r\n`
      : `date: ${httpDate()}\r\nserver: ${this.config.serverName}\r\n`;

  onConnectionError(_detail: string, refusal?: Refusal): void {
    if (refusal !== undefined) this.#recordRefusal(refusal);
    this.config.stats.cxProtocolError++;
  }

  /** A request that never became one is counted and logged all the same. */
  #recordRefusal({ detail, status, bytes }: Refusal): void {
    const { accessLogs, stats } = this.config;
    stats.rqTotal++;
    stats.rqHttp1Total++;
    stats.rqRxReset++;
    stats.countStatus(status);
    if (accessLogs.length === 0) return;
    const info = new StreamInfo(this.info, wallNow(), now());
    info.setFlag(ResponseFlag.downstreamProtocolError);
    info.details = detail;
    info.responseCode = status;
    info.bytesSent = bytes;
    info.protocol = 11;
    info.complete = now();
    const context = {
      info,
      request: undefined,
      response: undefined,
      responseTrailers: undefined,
      localReplyBody: '',
    };
    for (const log of accessLogs) log.log(context);
  }

  onDrained(): void {
    this.#connection.io.end();
  }

  onExchangeDone(_exchange: Exchange): void {
    if (this.#closed || this.config.idleTimeoutMs === 0) return;
    // The codec still counts the stream that is just ending.
    if ((this.#codec?.activeStreams ?? 0) <= 1) this.start(this.config.idleTimeoutMs);
  }

  override onTimeout(): void {
    const codec = this.#codec;
    if (this.#awaitingHead) {
      this.config.stats.rqHeaderTimeout++;
      (codec as Http1ServerCodec).headTimedOut();
      return;
    }
    if (codec !== undefined && codec.activeStreams > 0) return;
    if (!this.#draining) this.config.stats.cxIdleTimeout++;
    if (codec === undefined) this.#connection.io.end();
    else if (codec instanceof Http1ServerCodec) codec.closeIdle();
    else this.drain();
  }
}
