import type { Socket } from 'node:net';
import type { ClientCodec, ClientStream, ClientStreamHandler } from '../http/stream.ts';
import { Http1ClientCodec } from '../http1/client-codec.ts';
import { Address } from '../network/address.ts';
import { readFrom } from '../network/direct-socket.ts';
import { enter, leave, now } from '../network/event-loop.ts';
import { reportFault } from '../network/fault.ts';
import { SocketIo } from '../network/socket-io.ts';
import { Deadline } from '../network/timer.ts';
import type { TlsInfo } from '../network/tls-info.ts';
import type { ClientTransport, ClientTransportOptions } from '../network/transport.ts';
import type { Breaker } from './breaker.ts';
import type { Cluster } from './cluster.ts';
import { dial } from './dial.ts';
import type { Host } from './host.ts';

/** Errors of the socket itself; the others are the transport's (TLS) and are told to the client as Envoy tells them. */
function isSocketError(error: Error | undefined): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return /^E[A-Z]+$/.test(code);
}

/** What a connection tells its pool. */
export interface ConnectionOwner {
  onConnected(connection: UpstreamConnection): void;
  onConnectFailed(connection: UpstreamConnection, timedOut: boolean, reason: string): void;
  /** It may take (more) streams. */
  onCapacity(connection: UpstreamConnection): void;
  onClosed(connection: UpstreamConnection): void;
}

/** One pooled connection to a host: connect with a limit, transport socket, codec, idle time and life span. */
export class UpstreamConnection extends Deadline {
  readonly host: Host;
  codec: ClientCodec | undefined = undefined;
  tls: TlsInfo | undefined = undefined;
  local: Address | undefined = undefined;
  /** Streams it served or serves. */
  streams = 0;
  closed = false;
  /** Takes no new streams. */
  retired = false;
  /** Where it stands in its pool's list of usable connections. */
  listed = false;
  readonly #cluster: Cluster;
  readonly #owner: ConnectionOwner;
  readonly #breaker: Breaker;
  readonly #http2: boolean;
  readonly #started: number;
  #socket: Socket;
  #io: SocketIo | undefined = undefined;
  #lifeTimer: { cancel(): void } | undefined = undefined;

  constructor(
    cluster: Cluster,
    host: Host,
    owner: ConnectionOwner,
    breaker: Breaker,
    http2: boolean,
    transport: ClientTransport,
    options: ClientTransportOptions,
    after: (ms: number, fn: () => void) => { cancel(): void },
  ) {
    super();
    this.#cluster = cluster;
    this.host = host;
    this.#owner = owner;
    this.#breaker = breaker;
    this.#http2 = http2;
    this.#started = now();
    const stats = cluster.stats;
    stats.cxTotal++;
    stats.cxActive++;
    host.stats.cxTotal++;
    host.stats.cxActive++;
    breaker.connections++;
    this.#socket = dial(cluster.config, host.address, transport.name === 'raw_buffer');
    const raw = this.#socket;
    raw.once('error', () => this.#failed(''));
    raw.once('close', () => this.#failed(''));
    transport.connect(raw, options, (error, stream, tls) => {
      enter();
      if (error !== undefined || stream === undefined)
        this.#failed(isSocketError(error) ? '' : (error?.message ?? ''));
      else this.#connected(stream, tls);
      leave();
    });
    this.start(cluster.config.connectTimeoutMs);
    const life = cluster.config.maxConnectionDurationMs;
    if (life > 0) {
      this.#lifeTimer = after(life, () => {
        stats.cxMaxDuration++;
        this.retire();
      });
    }
  }

  #connected(stream: Socket, tls: TlsInfo | undefined): void {
    if (this.closed) return void stream.destroy();
    this.stop();
    const cluster = this.#cluster;
    this.tls = tls;
    this.#socket = stream;
    cluster.stats.connectMs.record(now() - this.#started);
    if (stream.localAddress !== undefined)
      this.local = Address.ip(stream.localAddress, stream.localPort ?? 0);
    const io = new SocketIo(stream, cluster.config.bufferLimitBytes, () => this.codec?.onWritable());
    this.#io = io;
    const http2 = cluster.config.protocol === 'alpn' ? tls?.alpn === 'h2' : this.#http2;
    const events = {
      onCapacity: () => this.#capacityChanged(),
      onConnectionError: () => void cluster.stats.cxProtocolError++,
    };
    if (http2) {
      cluster.stats.cxHttp2Total++;
      this.codec = cluster.config.createHttp2(io, events);
    } else {
      cluster.stats.cxHttp1Total++;
      this.codec = new Http1ClientCodec(io, cluster.config.http1, events);
    }
    this.#listen(stream, io);
    this.#owner.onConnected(this);
    this.#armIdle();
  }

  #listen(stream: Socket, io: SocketIo): void {
    const codec = this.codec as ClientCodec;
    const stats = this.#cluster.stats;
    readFrom(stream, (chunk) => {
      enter();
      stats.cxRxBytes += chunk.length;
      try {
        codec.receive(chunk);
      } catch (thrown) {
        this.#broke(thrown);
      }
      leave();
    });
    stream.on('end', () => this.#turn(() => codec.receiveEnd()));
    stream.on('drain', () => this.#turn(() => io.room()));
    stream.on('error', () => this.#gone());
    stream.on('close', () => this.#gone());
  }

  /** A fault of ours while handling this connection ends this connection only. */
  #turn(fn: () => void): void {
    enter();
    try {
      fn();
    } catch (thrown) {
      this.#broke(thrown);
    }
    leave();
  }

  #broke(thrown: unknown): void {
    reportFault('upstream connection', thrown);
    this.close();
  }

  /** Before the connection was ready. */
  #failed(reason: string): void {
    if (this.closed) return;
    if (this.codec !== undefined) return this.#gone();
    enter();
    this.#cluster.stats.cxConnectFail++;
    this.host.stats.cxConnectFail++;
    this.#finish(true);
    this.#owner.onConnectFailed(this, false, reason);
    leave();
  }

  override onTimeout(): void {
    const stats = this.#cluster.stats;
    if (this.codec === undefined) {
      stats.cxConnectFail++;
      stats.cxConnectTimeout++;
      this.host.stats.cxConnectFail++;
      this.#finish(true);
      this.#owner.onConnectFailed(this, true, '');
    } else if (this.codec.activeStreams === 0) {
      stats.cxIdleTimeout++;
      this.close();
    }
  }

  #gone(): void {
    if (this.closed) return;
    enter();
    const active = this.codec?.activeStreams ?? 0;
    this.#finish(false);
    if (active > 0) {
      this.#cluster.stats.cxDestroyWithActiveRq++;
      this.#cluster.stats.cxDestroyRemoteWithActiveRq++;
    }
    this.#cluster.stats.cxDestroyRemote++;
    this.codec?.close('connection-termination');
    this.#owner.onClosed(this);
    leave();
  }

  #finish(local: boolean): void {
    this.closed = true;
    this.retired = true;
    this.stop();
    this.#lifeTimer?.cancel();
    const stats = this.#cluster.stats;
    stats.cxActive--;
    stats.cxDestroy++;
    if (local) stats.cxDestroyLocal++;
    stats.connectionLengthMs.record(now() - this.#started);
    stats.cxTxBytes += this.#io?.bytesWritten ?? 0;
    this.host.stats.cxActive--;
    this.#breaker.connections--;
    this.#socket.destroy();
  }

  #capacityChanged(): void {
    if (this.closed) return;
    this.#armIdle();
    if (!this.retired) this.#owner.onCapacity(this);
    else if (this.codec?.activeStreams === 0) this.close();
  }

  #armIdle(): void {
    const idle = this.#cluster.config.idleTimeoutMs;
    if (idle > 0 && this.codec?.activeStreams === 0) this.start(idle);
  }

  get usable(): boolean {
    return !this.retired && this.codec !== undefined && this.codec.capacity > 0;
  }

  /** Opens a stream; undefined when it turned out to take none. */
  open(handler: ClientStreamHandler): ClientStream | undefined {
    const stream = this.codec?.newStream(handler);
    if (stream === undefined) return undefined;
    this.stop();
    this.streams++;
    const max = this.#cluster.config.maxRequestsPerConnection;
    if (max > 0 && this.streams >= max) {
      this.#cluster.stats.cxMaxRequests++;
      this.retired = true;
    }
    return stream;
  }

  /** Takes no more streams and closes when the last one ends. */
  retire(): void {
    this.retired = true;
    if (this.codec === undefined || this.codec.activeStreams === 0) this.close();
  }

  /** Closes at once; open streams are reset. */
  close(): void {
    if (this.closed) return;
    this.#finish(true);
    this.codec?.close('connection-termination');
    this.#owner.onClosed(this);
  }
}
