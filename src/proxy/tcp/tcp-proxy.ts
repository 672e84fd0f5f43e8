import type { Socket } from 'node:net';
import type { FormatContext } from '../access-log/format.ts';
import type { AccessLogger } from '../access-log/logger.ts';
import { ResponseFlag } from '../http/response-flag.ts';
import { StreamInfo } from '../http/stream-info.ts';
import { Address } from '../network/address.ts';
import { readFrom } from '../network/direct-socket.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import { enter, leave, now, wallNow } from '../network/event-loop.ts';
import { reportFault } from '../network/fault.ts';
import type {
  ConnectionHandler,
  DownstreamConnection,
  TerminalFilterFactory,
} from '../network/network-filter.ts';
import { SocketIo } from '../network/socket-io.ts';
import { after, Deadline } from '../network/timer.ts';
import { noTransportOptions } from '../network/transport.ts';
import type { TcpStats } from '../stats/tcp-stats.ts';
import type { RequestTelemetry } from '../stats/telemetry.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { ClusterRegistry } from '../upstream/cluster-registry.ts';
import { dial } from '../upstream/dial.ts';
import type { Host } from '../upstream/host.ts';
import type { LoadBalancerContext } from '../upstream/load-balancer.ts';

/** tcp_proxy compiled from its Envoy message. Times are milliseconds, 0 = none. */
export interface TcpProxyConfig {
  readonly stats: TcpStats;
  readonly clusters: ClusterRegistry;
  /** By weight; one entry for a plain cluster. */
  readonly targets: readonly TcpTarget[];
  readonly totalWeight: number;
  readonly random: () => number;
  readonly idleTimeoutMs: number;
  readonly maxDurationMs: number;
  readonly maxConnectAttempts: number;
  readonly hash: ((info: DownstreamInfo) => bigint | undefined) | undefined;
  readonly accessLogs: readonly AccessLogger[];
  readonly telemetry: RequestTelemetry | undefined;
}

export interface TcpTarget {
  readonly cluster: string;
  readonly weight: number;
  readonly metadataMatch: readonly (readonly [key: string, value: unknown])[] | undefined;
}

/** tcp_proxy as the end of a filter chain. */
export function createTcpProxy(config: TcpProxyConfig): TerminalFilterFactory {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    start(connection) {
      const proxied = new TcpConnection(config, connection);
      proxied.begin();
      return proxied;
    },
  };
}

/** Filter state by which an earlier filter (sni_cluster) names the cluster. */
export const tcpClusterState = 'envoy.tcp_proxy.cluster';

/** One connection and its counterpart upstream; bytes, half-closes and back-pressure pass through both ways. Its deadline is the idle timeout. */
class TcpConnection extends Deadline implements ConnectionHandler, FormatContext, LoadBalancerContext {
  readonly info: StreamInfo;
  readonly request = undefined;
  readonly response = undefined;
  readonly responseTrailers = undefined;
  readonly localReplyBody = '';
  // LoadBalancerContext
  readonly hash: bigint | undefined;
  metadataMatch: LoadBalancerContext['metadataMatch'] = undefined;
  readonly overrideHost = undefined;
  readonly overrideHostStrict = false;
  readonly downstream: DownstreamInfo;
  readonly head = undefined;
  readonly attempted: Host[] = [];
  readonly maxReselections = 0;
  readonly priorityLoad = undefined;

  readonly #config: TcpProxyConfig;
  readonly #connection: DownstreamConnection;
  #cluster: Cluster | undefined = undefined;
  #host: Host | undefined = undefined;
  #upstream: SocketIo | undefined = undefined;
  #socket: Socket | undefined = undefined;
  #early: Buffer[] = [];
  #downEnded = false;
  #upEnded = false;
  #counted = false;
  #done = false;
  #telemetryOpened = false;
  #attempts = 0;
  #connectTimer: { cancel(): void } | undefined = undefined;
  #lifeTimer: { cancel(): void } | undefined = undefined;
  #connectStarted = 0;

  constructor(config: TcpProxyConfig, connection: DownstreamConnection) {
    super();
    this.#config = config;
    this.#connection = connection;
    this.downstream = connection.info;
    this.info = new StreamInfo(connection.info, wallNow(), now());
    this.hash = config.hash?.(connection.info);
    config.stats.cxTotal++;
    if (config.maxDurationMs > 0) {
      this.#lifeTimer = after(config.maxDurationMs, () => {
        config.stats.maxDuration++;
        this.info.setFlag(ResponseFlag.durationTimeout);
        this.#close('max_duration');
      });
    }
  }

  shouldReselect(): boolean {
    return false;
  }

  begin(): void {
    // Nothing is read before there is somewhere to put it.
    this.#connection.io.pauseReading();
    const target = this.#target();
    const named = this.#connection.info.filterState.get(tcpClusterState);
    const name = typeof named === 'string' ? named : target.cluster;
    this.metadataMatch = target.metadataMatch;
    this.info.clusterName = name;
    const cluster = this.#config.clusters.get(name);
    if (cluster === undefined) {
      this.#config.stats.noRoute++;
      this.info.setFlag(ResponseFlag.noClusterFound);
      return this.#close('cluster_not_found');
    }
    this.#cluster = cluster;
    this.#connect();
  }

  #target(): TcpTarget {
    const { targets, totalWeight, random } = this.#config;
    let rest = targets.length === 1 ? 0 : random() * totalWeight;
    for (const target of targets) {
      rest -= target.weight;
      if (rest < 0) return target;
    }
    return targets[0] as TcpTarget;
  }

  #connect(): void {
    const cluster = this.#cluster as Cluster;
    const breaker = cluster.breakers[0];
    this.#attempts++;
    this.info.attempts++;
    if (!breaker.canConnect) {
      cluster.stats.cxOverflow++;
      this.info.setFlag(ResponseFlag.upstreamOverflow);
      return this.#close('upstream_overflow');
    }
    const host = cluster.choose(this);
    if (host === undefined) {
      this.info.setFlag(ResponseFlag.noHealthyUpstream);
      return this.#close('no_healthy_upstream');
    }
    this.#host = host;
    this.attempted.push(host);
    this.info.upstreamHost = host;
    cluster.stats.cxTotal++;
    cluster.stats.rqTotal++;
    cluster.stats.cxActive++;
    host.stats.cxTotal++;
    host.stats.cxActive++;
    breaker.connections++;
    this.#counted = true;
    this.#connectStarted = now();
    const transport = cluster.transportFor(host);
    const socket = dial(cluster.config, host.address, transport.name === 'raw_buffer');
    this.#socket = socket;
    let settled = false;
    const settle = (reason: string | undefined, stream?: Socket) => {
      if (settled) return;
      settled = true;
      this.#connectTimer?.cancel();
      if (reason !== undefined || stream === undefined) this.#connectFailed(socket, reason ?? 'failed');
      else this.#connected(stream);
    };
    this.#connectTimer = after(cluster.config.connectTimeoutMs, () => {
      cluster.stats.cxConnectTimeout++;
      settle('timeout');
    });
    socket.once('error', (error) => this.#turn(() => settle(error.message)));
    socket.once('close', () => this.#turn(() => settle('closed')));
    transport.connect(socket, noTransportOptions, (error, stream, tls) =>
      this.#turn(() => {
        this.info.upstreamTls = tls;
        settle(error?.message, stream);
      }),
    );
  }

  #turn(fn: () => void): void {
    enter();
    try {
      fn();
    } catch (thrown) {
      reportFault('TCP proxy', thrown);
      this.#connection.close('internal_error');
    }
    leave();
  }

  #release(): void {
    const cluster = this.#cluster;
    if (!this.#counted || cluster === undefined) return;
    this.#counted = false;
    cluster.stats.cxActive--;
    cluster.stats.cxDestroy++;
    cluster.breakers[0].connections--;
    const host = this.#host as Host;
    host.stats.cxActive--;
    cluster.stats.connectionLengthMs.record(now() - this.#connectStarted);
  }

  #connectFailed(socket: Socket, reason: string): void {
    socket.on('error', () => {});
    socket.destroy();
    if (this.#done) return;
    const cluster = this.#cluster as Cluster;
    cluster.stats.cxConnectFail++;
    (this.#host as Host).stats.cxConnectFail++;
    cluster.outlier?.onLocalOriginFailure(
      this.#host as Host,
      reason === 'timeout' ? 'timeout' : 'connect-failed',
    );
    this.#release();
    this.info.upstreamFailure = reason;
    if (this.#attempts < this.#config.maxConnectAttempts) return this.#connect();
    cluster.stats.cxConnectAttemptsExceeded++;
    this.info.setFlag(ResponseFlag.upstreamConnectionFailure);
    this.#close('upstream_connect_failed');
  }

  #connected(stream: Socket): void {
    if (this.#done) {
      stream.destroy();
      return;
    }
    const cluster = this.#cluster as Cluster;
    cluster.stats.connectMs.record(now() - this.#connectStarted);
    cluster.outlier?.onLocalOriginSuccess(this.#host as Host);
    this.#telemetryOpened = true;
    this.#config.telemetry?.tcpOpened(this, cluster);
    this.#socket = stream;
    if (stream.localAddress !== undefined)
      this.info.upstreamLocal = Address.ip(stream.localAddress, stream.localPort ?? 0);
    const io = new SocketIo(stream, cluster.config.bufferLimitBytes, () =>
      this.#connection.io.resumeReading(),
    );
    this.#upstream = io;
    readFrom(stream, (chunk) => {
      enter();
      this.#fromUpstream(chunk);
      leave();
    });
    stream.on('end', () => this.#turn(() => this.#upstreamEnded()));
    stream.on('drain', () => this.#turn(() => io.room()));
    stream.on('error', () => {});
    stream.on('close', () => this.#turn(() => this.#upstreamGone()));
    for (const chunk of this.#early) io.write(chunk);
    this.#early = [];
    if (this.#downEnded) io.end();
    this.#connection.io.resumeReading();
    if (this.#config.idleTimeoutMs > 0) this.start(this.#config.idleTimeoutMs);
  }

  onData(chunk: Buffer): void {
    const stats = this.#config.stats;
    stats.rxBytes += chunk.length;
    this.info.bytesReceived += chunk.length;
    if (this.running) this.start(this.#config.idleTimeoutMs);
    if (this.#upstream === undefined) {
      this.#early.push(chunk);
      return;
    }
    (this.#cluster as Cluster).stats.cxTxBytes += chunk.length;
    if (!this.#upstream.write(chunk)) {
      stats.pausedReading++;
      this.#connection.io.pauseReading();
    }
  }

  #fromUpstream(chunk: Buffer): void {
    const stats = this.#config.stats;
    stats.txBytes += chunk.length;
    (this.#cluster as Cluster).stats.cxRxBytes += chunk.length;
    this.info.bytesSent += chunk.length;
    if (this.running) this.start(this.#config.idleTimeoutMs);
    if (!this.#connection.io.write(chunk)) this.#upstream?.pauseReading();
  }

  onWritable(): void {
    this.#upstream?.resumeReading();
  }

  onEnd(): void {
    this.#downEnded = true;
    this.#upstream?.end();
    this.#closeWhenBothEnded();
  }

  #upstreamEnded(): void {
    this.#upEnded = true;
    this.#connection.io.end();
    this.#closeWhenBothEnded();
  }

  #closeWhenBothEnded(): void {
    // Both sides sent FIN: the sockets close themselves once their last bytes are out.
    if (this.#downEnded && this.#upEnded) this.stop();
  }

  #upstreamGone(): void {
    this.#release();
    if (this.#done) return;
    if (this.#upEnded) return;
    this.#connection.io.destroy();
  }

  onClose(_hadError: boolean): void {
    this.#finish();
  }

  #close(details: string): void {
    this.info.connectionTermination = details;
    this.#connection.close(details);
    // A connection closed while it is being started hears of it only later.
    this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.stop();
    this.#connectTimer?.cancel();
    this.#lifeTimer?.cancel();
    if (this.#downEnded && this.#upstream !== undefined) this.#upstream.end();
    else this.#socket?.destroy();
    this.#release();
    this.info.complete = now();
    for (const log of this.#config.accessLogs) log.log(this);
    if (this.#cluster !== undefined && this.#telemetryOpened)
      this.#config.telemetry?.tcpClosed(this, this.#cluster);
  }

  override onTimeout(): void {
    this.#config.stats.idleTimeout++;
    this.info.setFlag(ResponseFlag.streamIdleTimeout);
    this.#close('idle_timeout');
  }

  drain(): void {
    // TCP cannot be told politely: it goes on until the drain time is over.
  }

  get active(): number {
    return 1;
  }
}
