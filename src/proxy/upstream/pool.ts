import type { ClientStream, ClientStreamHandler } from '../http/stream.ts';
import { after } from '../network/timer.ts';
import type { ClientTransport, ClientTransportOptions } from '../network/transport.ts';
import type { Breaker } from './breaker.ts';
import type { Cluster } from './cluster.ts';
import { type ConnectionOwner, UpstreamConnection } from './connection.ts';
import type { Host } from './host.ts';

/** Who waits for a stream: the router's attempt. */
export interface StreamWaiter extends ClientStreamHandler {
  /** A stream is open on this connection; called once, perhaps before `Pool.open` returns. */
  onStreamReady(stream: ClientStream, connection: UpstreamConnection): void;
  onPoolFailure(reason: 'overflow' | 'connect-failure' | 'connect-timeout', detail: string): void;
}

/** Connections to one host with the same protocol and transport options. Streams wait in order while connections come up. */
export class Pool implements ConnectionOwner {
  readonly host: Host;
  readonly #cluster: Cluster;
  readonly #breaker: Breaker;
  readonly #http2: boolean;
  readonly #transport: ClientTransport;
  readonly #options: ClientTransportOptions;
  /** Used from the end: the connection used last is the warmest. */
  readonly #usable: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  #waiting: StreamWaiter[] = [];
  #connecting = 0;
  #draining = false;

  constructor(
    cluster: Cluster,
    host: Host,
    breaker: Breaker,
    http2: boolean,
    transport: ClientTransport,
    options: ClientTransportOptions,
  ) {
    this.#cluster = cluster;
    this.host = host;
    this.#breaker = breaker;
    this.#http2 = http2;
    this.#transport = transport;
    this.#options = options;
  }

  open(waiter: StreamWaiter): void {
    while (this.#usable.length > 0) {
      const connection = this.#usable.at(-1) as UpstreamConnection;
      if (connection.usable && this.#start(connection, waiter)) return;
      this.#unlist(connection);
    }
    const stats = this.#cluster.stats;
    if (!this.#breaker.canQueue) {
      stats.rqPendingOverflow++;
      waiter.onPoolFailure('overflow', 'overflow');
      return;
    }
    stats.rqPendingTotal++;
    stats.rqPendingActive++;
    this.#breaker.pending++;
    this.#waiting.push(waiter);
    this.#connectMore();
  }

  #start(connection: UpstreamConnection, waiter: StreamWaiter): boolean {
    const stream = connection.open(waiter);
    if (stream === undefined) return false;
    if (!connection.usable) this.#unlist(connection);
    waiter.onStreamReady(stream, connection);
    return true;
  }

  #unlist(connection: UpstreamConnection): void {
    if (!connection.listed) return;
    connection.listed = false;
    const usable = this.#usable;
    if (usable.at(-1) === connection) usable.pop();
    else usable.splice(usable.indexOf(connection), 1);
  }

  #list(connection: UpstreamConnection): void {
    if (connection.listed || !connection.usable) return;
    connection.listed = true;
    this.#usable.push(connection);
  }

  #connectMore(): void {
    const perConnection = this.#http2 ? 100 : 1;
    while (this.#connecting * perConnection < this.#waiting.length) {
      // The first connection to a host is always allowed, as Envoy does, or a full cluster would starve it.
      if (!this.#breaker.canConnect) {
        this.#cluster.stats.cxOverflow++;
        if (this.#all.size > 0 || this.#connecting > 0) return;
      }
      this.#connecting++;
      const connection = new UpstreamConnection(
        this.#cluster,
        this.host,
        this,
        this.#breaker,
        this.#http2,
        this.#transport,
        this.#options,
        after,
      );
      this.#all.add(connection);
    }
  }

  onConnected(connection: UpstreamConnection): void {
    this.#connecting--;
    this.onCapacity(connection);
  }

  onCapacity(connection: UpstreamConnection): void {
    while (this.#waiting.length > 0 && connection.usable) {
      const waiter = this.#takeWaiter();
      const stream = connection.open(waiter);
      if (stream === undefined) {
        this.#waiting.unshift(waiter);
        this.#countWaiting(1);
        break;
      }
      waiter.onStreamReady(stream, connection);
    }
    if (this.#draining) {
      if (connection.codec?.activeStreams === 0) connection.close();
      return;
    }
    if (connection.usable) this.#list(connection);
    else this.#unlist(connection);
  }

  #takeWaiter(): StreamWaiter {
    this.#countWaiting(-1);
    return this.#waiting.shift() as StreamWaiter;
  }

  #countWaiting(change: number): void {
    this.#breaker.pending += change;
    this.#cluster.stats.rqPendingActive += change;
  }

  onConnectFailed(connection: UpstreamConnection, timedOut: boolean, detail: string): void {
    this.#connecting--;
    this.#all.delete(connection);
    // Everyone who waits gets the failure: their retry policies choose what is next, perhaps another host.
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#countWaiting(-waiting.length);
    this.#cluster.stats.rqPendingFailureEject += waiting.length;
    for (const waiter of waiting) {
      waiter.onPoolFailure(timedOut ? 'connect-timeout' : 'connect-failure', detail);
    }
  }

  onClosed(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    this.#unlist(connection);
    if (this.#waiting.length > 0) this.#connectMore();
  }

  /** Gives up a waiter; false when it was not waiting any more. */
  cancel(waiter: StreamWaiter): boolean {
    const index = this.#waiting.indexOf(waiter);
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    this.#countWaiting(-1);
    this.#cluster.stats.rqCancelled++;
    return true;
  }

  /** Closes idle connections now, busy ones when their streams end. */
  drain(): void {
    this.#draining = true;
    for (const connection of [...this.#all]) {
      if (connection.codec !== undefined) connection.retire();
    }
  }

  close(): void {
    for (const connection of [...this.#all]) connection.close();
  }

  get connections(): number {
    return this.#all.size;
  }
}
