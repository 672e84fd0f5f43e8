import type { Socket } from 'node:net';
import type { Address } from '../network/address.ts';
import { readFrom } from '../network/direct-socket.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import { enter, leave, wallNow } from '../network/event-loop.ts';
import type { ConnectionHandler, DownstreamConnection, NetworkFilter } from '../network/network-filter.ts';
import { SocketIo } from '../network/socket-io.ts';
import type { TlsInfo } from '../network/tls-info.ts';
import type { FilterChainConfig } from './listener-config.ts';

let lastId = 0;

/** What a connection is, filled in as listener filters and the handshake learn it. */
export class ConnectionInfo implements DownstreamInfo {
  readonly id = ++lastId;
  remote: Address;
  readonly directRemote: Address;
  local: Address;
  tls: TlsInfo | undefined = undefined;
  requestedServerName = '';
  applicationProtocols: readonly string[] = [];
  transportProtocol = 'raw_buffer';
  readonly startTime = wallNow();
  proxyTlvs: ReadonlyMap<number, Buffer> | undefined = undefined;
  #metadata: Map<string, Record<string, unknown>> | undefined = undefined;
  #filterState: Map<string, unknown> | undefined = undefined;

  constructor(remote: Address, local: Address) {
    this.remote = remote;
    this.directRemote = remote;
    this.local = local;
  }

  get metadata(): Map<string, Record<string, unknown>> {
    this.#metadata ??= new Map();
    return this.#metadata;
  }

  get filterState(): Map<string, unknown> {
    this.#filterState ??= new Map();
    return this.#filterState;
  }
}

/** A connection that found its filter chain: reads the socket, runs network filters, feeds the terminal one. */
export class Connection implements DownstreamConnection {
  readonly info: DownstreamInfo;
  readonly io: SocketIo;
  closed = false;
  /** CONNECTION_TERMINATION_DETAILS. */
  terminationDetails = '';
  readonly #socket: Socket;
  readonly #filters: readonly NetworkFilter[];
  readonly #chain: FilterChainConfig;
  readonly #onClosed: (connection: Connection) => void;
  #handler: ConnectionHandler | undefined = undefined;
  #stoppedAt = -1;
  /** Chunks that wait, with the filter each goes on at. */
  #held: { readonly chunk: Buffer; readonly next: number }[] = [];
  /** A filter closed the connection: nothing of it goes on, whatever the socket still delivers. */
  #refused = false;
  #endHeld = false;
  #hadError = false;
  #draining = false;

  constructor(
    socket: Socket,
    info: DownstreamInfo,
    chain: FilterChainConfig,
    onClosed: (connection: Connection) => void,
  ) {
    this.info = info;
    this.#socket = socket;
    this.#chain = chain;
    this.#onClosed = onClosed;
    this.io = new SocketIo(socket, chain.bufferLimitBytes, () => this.#handler?.onWritable());
    this.#filters = chain.filters.map((factory) => factory.create());
    const receive = (chunk: Buffer) => {
      enter();
      try {
        this.#receive(chunk);
      } catch (thrown) {
        this.#broke(thrown);
      }
      leave();
    };
    socket.on('end', () => this.#turn(() => this.#ended()));
    socket.on('drain', () => this.#turn(() => this.io.room()));
    socket.on('error', () => {
      this.#hadError = true;
    });
    socket.on('close', () => this.#turn(() => this.#gone()));
    this.#run(0);
    if (!this.closed) readFrom(socket, receive);
    if (this.io.readingPaused) socket.pause();
  }

  #turn(fn: () => void): void {
    enter();
    try {
      fn();
    } catch (thrown) {
      this.#broke(thrown);
    }
    leave();
  }

  /** A fault of ours on this connection ends this connection only. */
  #broke(thrown: unknown): void {
    this.#chain.onFault(thrown);
    this.#socket.destroy();
  }

  /** Shows the connection to the filters from `start` on; the terminal one begins when all let it pass. */
  #run(start: number): void {
    for (let i = start; i < this.#filters.length; i++) {
      const status = this.#filters[i]?.onNewConnection?.(this) ?? 'continue';
      if (this.closed || this.#refused) return;
      if (status === 'stop') {
        this.#stoppedAt = i;
        return;
      }
    }
    this.#stoppedAt = -1;
    this.#handler = this.#chain.terminal.start(this);
    if (this.#draining) this.#handler.drain();
    this.#release();
  }

  continueReading(): void {
    if (this.closed || this.#refused || this.#stoppedAt < 0) return;
    const at = this.#stoppedAt;
    this.#stoppedAt = -1;
    this.io.resumeReading();
    if (this.#handler === undefined) this.#run(at + 1);
    else this.#release();
  }

  #receive(chunk: Buffer): void {
    if (this.#stoppedAt >= 0 || this.#handler === undefined) return this.#hold(chunk, 0);
    this.#deliver(chunk, 0);
  }

  /** Runs a chunk through the filters from `start` on; every filter sees every chunk once, before the terminal one does. */
  #deliver(chunk: Buffer, start: number): void {
    for (let i = start; i < this.#filters.length; i++) {
      const status = this.#filters[i]?.onData?.(this, chunk) ?? 'continue';
      if (this.closed || this.#refused) return;
      if (status === 'stop') {
        this.#stoppedAt = i;
        return this.#hold(chunk, i + 1);
      }
    }
    this.#handler?.onData(chunk);
  }

  #hold(chunk: Buffer, next: number): void {
    if (this.closed || this.#refused) return;
    this.#held.push({ chunk, next });
    this.io.pauseReading();
  }

  /** What was held goes on in order, until a filter stops it again. */
  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const { chunk, next } of held) {
      if (this.#stoppedAt >= 0) this.#held.push({ chunk, next });
      else this.#deliver(chunk, next);
    }
    if (this.#endHeld && this.#stoppedAt < 0 && !this.closed && !this.#refused) this.#handler?.onEnd();
  }

  #ended(): void {
    if (this.#handler === undefined) {
      this.#endHeld = true;
      if (this.#stoppedAt >= 0) this.close('downstream_half_closed');
    } else {
      this.#handler.onEnd();
    }
  }

  drain(): void {
    this.#draining = true;
    this.#handler?.drain();
  }

  get active(): number {
    return this.#handler?.active ?? 0;
  }

  close(details: string): void {
    if (this.closed) return;
    this.terminationDetails = details;
    this.#refused = true;
    this.#held = [];
    this.io.destroy();
  }

  #gone(): void {
    if (this.closed) return;
    this.closed = true;
    for (const filter of this.#filters) filter.onClose?.();
    this.#handler?.onClose(this.#hadError);
    this.#onClosed(this);
  }
}
