import { createServer, type Server, type Socket } from 'node:net';
import { ResponseFlag } from '../http/response-flag.ts';
import { StreamInfo } from '../http/stream-info.ts';
import { Address } from '../network/address.ts';
import { acceptDirect, readFrom, stopReading, surrender } from '../network/direct-socket.ts';
import { enter, inTurn, leave, now, wallNow } from '../network/event-loop.ts';
import { after } from '../network/timer.ts';
import { ListenerStats } from '../stats/listener-stats.ts';
import type { StatsScope } from '../stats/store.ts';
import { Connection, ConnectionInfo } from './connection.ts';
import type { FilterChainConfig, ListenerConfig } from './listener-config.ts';
import type { ListenerFilter, ListenerFilterFactory } from './listener-filter.ts';

/** What a listener needs of the set it belongs to. */
export interface ListenerOwner {
  /** The listener a restored destination belongs to, or undefined. */
  findVirtual(address: Address): Listener | undefined;
  /** False: the process takes no more connections. */
  admit(): boolean;
  onOpened(): void;
  onClosed(): void;
}

/** One running listener: sockets, connections on their way to a filter chain, connections served. */
export class Listener {
  readonly stats: ListenerStats;
  readonly owner: ListenerOwner;
  /** Replaced when only the content changed; connections keep the chain they have. */
  config: ListenerConfig;
  readonly #servers: Server[] = [];
  readonly #connections = new Set<Connection>();
  readonly #pending = new Set<Socket>();
  draining = false;

  constructor(config: ListenerConfig, scope: StatsScope, owner: ListenerOwner) {
    this.config = config;
    this.owner = owner;
    this.stats = scope.attachment('listener', () => new ListenerStats(scope));
  }

  /** Binds its addresses; rejects with the system's error. Virtual listeners have nothing to bind. */
  async open(): Promise<void> {
    if (!this.config.bindToPort) return;
    try {
      for (const address of this.config.addresses) this.#servers.push(await this.#bind(address));
    } catch (thrown) {
      this.closeSockets();
      throw thrown;
    }
  }

  #bind(address: Address): Promise<Server> {
    const config = this.config;
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: false });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const ready = () => {
        acceptDirect(server, (socket) => this.#accept(socket));
        server.off('error', reject);
        // Running out of descriptors must neither end the process nor spin: accepting goes on with the next event.
        server.on('error', () => {});
        resolve(server);
      };
      if (address.path !== '') {
        server.listen(
          { path: address.path.startsWith('@') ? `\0${address.path.slice(1)}` : address.path },
          ready,
        );
      } else {
        const options = {
          host: address.ip,
          port: address.port,
          backlog: config.backlog,
          reusePort: config.reusePort,
        };
        server.listen(address.ip === '::' ? { ...options, ipv6Only: false } : options, ready);
      }
    });
  }

  /** Bound addresses, with the real port where 0 was asked for. */
  get boundAddresses(): Address[] {
    if (this.#servers.length === 0) return [...this.config.addresses];
    return this.#servers.map((server, i) => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') return this.config.addresses[i] as Address;
      return Address.ip(bound.address, bound.port);
    });
  }

  #accept(socket: Socket): void {
    enter();
    const stats = this.stats;
    const limit = this.config.maxConnections;
    if (limit > 0 && this.#connections.size + this.#pending.size >= limit) {
      stats.cxOverflow++;
      socket.destroy();
    } else if (!this.owner.admit()) {
      stats.globalCxOverflow++;
      socket.destroy();
    } else {
      const remote = peerAddress(socket.remoteAddress, socket.remotePort);
      const local = peerAddress(socket.localAddress, socket.localPort);
      if (this.config.keepalive !== undefined)
        socket.setKeepAlive(true, this.config.keepalive.timeSeconds * 1000);
      this.take(socket, new ConnectionInfo(remote, local));
    }
    leave();
  }

  /** Takes an accepted socket, from its own server or handed over by the listener that captured it. */
  take(socket: Socket, info: ConnectionInfo): void {
    this.stats.cxTotal++;
    this.stats.cxActive++;
    this.stats.preCxActive++;
    this.owner.onOpened();
    this.#pending.add(socket);
    new Reception(this, socket, info).run();
  }

  /** Ends the reception of a socket that will not be served here. */
  released(socket: Socket, refused: boolean): void {
    if (!this.#pending.delete(socket)) return;
    this.stats.preCxActive--;
    if (!refused) return;
    this.stats.cxActive--;
    this.stats.cxDestroy++;
    this.owner.onClosed();
  }

  serve(socket: Socket, info: ConnectionInfo, chain: FilterChainConfig): void {
    if (!this.#pending.delete(socket)) return;
    this.stats.preCxActive--;
    if (socket.destroyed) {
      this.stats.cxActive--;
      this.stats.cxDestroy++;
      this.owner.onClosed();
      return;
    }
    this.#secure(socket, info, chain);
  }

  #secure(socket: Socket, info: ConnectionInfo, chain: FilterChainConfig): void {
    const stats = this.stats;
    let told = false;
    const timer =
      chain.transport.name === 'tls' && chain.handshakeTimeoutMs > 0
        ? after(chain.handshakeTimeoutMs, () => {
            stats.transportSocketConnectTimeout++;
            socket.destroy();
          })
        : undefined;
    const refused = () => {
      if (told) return;
      told = true;
      timer?.cancel();
      stats.cxActive--;
      stats.cxDestroy++;
      this.owner.onClosed();
    };
    socket.once('close', refused);
    if (chain.transport.name === 'tls') surrender(socket);
    chain.transport.accept(socket, (error, stream, tls) => {
      if (told) return;
      timer?.cancel();
      if (error !== undefined || stream === undefined) {
        stats.connectionErrors++;
        socket.destroy();
        return;
      }
      told = true;
      socket.off('close', refused);
      if (tls !== undefined) {
        stats.handshakes++;
        info.tls = tls;
        if (info.requestedServerName === '') info.requestedServerName = tls.sni;
      }
      inTurn(() => this.#start(stream, info, chain));
    });
  }

  #start(stream: Socket, info: ConnectionInfo, chain: FilterChainConfig): void {
    const started = now();
    const connection = new Connection(stream, info, chain, (closed) => {
      this.#connections.delete(closed);
      this.stats.cxActive--;
      this.stats.cxDestroy++;
      this.stats.connectionLengthMs.record(now() - started);
      this.owner.onClosed();
    });
    this.#connections.add(connection);
    if (this.draining) connection.drain();
  }

  /** Records a connection that no chain served. */
  logRefusal(info: ConnectionInfo, details: string): void {
    if (this.config.accessLogs.length === 0) return;
    const record = new StreamInfo(info, wallNow(), now());
    record.setFlag(ResponseFlag.noRouteFound);
    record.details = details;
    record.complete = now();
    const context = {
      info: record,
      request: undefined,
      response: undefined,
      responseTrailers: undefined,
      localReplyBody: '',
    };
    for (const log of this.config.accessLogs) log.log(context);
  }

  get connections(): number {
    return this.#connections.size + this.#pending.size;
  }

  /** Stops accepting; what is open goes on. */
  closeSockets(): void {
    for (const server of this.#servers) server.close();
    this.#servers.length = 0;
  }

  /** Asks every connection to finish gracefully. */
  drain(): void {
    this.draining = true;
    inTurn(() => {
      for (const connection of [...this.#connections]) connection.drain();
    });
  }

  /** Goes over to a new content on the same sockets: new connections get it, old ones finish on the old one and drain. */
  swap(config: ListenerConfig): void {
    this.config = config;
    inTurn(() => {
      for (const connection of [...this.#connections]) connection.drain();
    });
  }

  /** Ends every connection now. */
  destroy(): void {
    this.closeSockets();
    for (const socket of [...this.#pending]) socket.destroy();
    for (const connection of [...this.#connections]) connection.close('listener_removed');
  }
}

function peerAddress(ip: string | undefined, port: number | undefined): Address {
  return ip === undefined ? Address.pipe('@') : Address.ip(ip, port ?? 0);
}

/** A fresh connection on its way through the listener filters to a filter chain. */
class Reception {
  readonly #listener: Listener;
  readonly #socket: Socket;
  readonly #info: ConnectionInfo;
  readonly #factories: readonly ListenerFilterFactory[];
  /** The filter whose turn it is; made when the ones before it are done, since they may change what is known. */
  #filter: ListenerFilter | undefined = undefined;
  #index = 0;
  #bytes: Buffer | undefined = undefined;
  #timer: { cancel(): void } | undefined = undefined;
  #listening = false;
  #done = false;

  constructor(listener: Listener, socket: Socket, info: ConnectionInfo) {
    this.#listener = listener;
    this.#socket = socket;
    this.#info = info;
    this.#factories = listener.config.filters;
  }

  run(): void {
    this.#socket.once('error', this.#onError);
    this.#advance();
  }

  readonly #onError = () => this.#refuse('socket error');

  #advance(): void {
    const factories = this.#factories;
    while (this.#index < factories.length) {
      if (this.#filter === undefined) {
        this.#filter = (factories[this.#index] as ListenerFilterFactory).create(this.#info);
        const failed = this.#filter?.onAccept?.(this.#socket, this.#info);
        if (failed !== undefined) return this.#refuse(failed.message);
      }
      const filter = this.#filter;
      if (filter === undefined) {
        this.#index++;
        continue;
      }
      if (filter.inspect !== undefined) {
        const result =
          this.#bytes === undefined || this.#bytes.length === 0
            ? 'more'
            : filter.inspect(this.#bytes, this.#info);
        if (result instanceof Error) return this.#refuse(result.message);
        if (result === 'more') {
          if ((this.#bytes?.length ?? 0) < filter.maxBytes) return this.#wait();
        } else if (typeof result === 'number') {
          this.#bytes = (this.#bytes as Buffer).subarray(result);
        }
      }
      this.#filter = undefined;
      this.#index++;
    }
    this.#finish();
  }

  #wait(): void {
    if (this.#listening) return;
    this.#listening = true;
    const config = this.#listener.config;
    this.#socket.once('end', this.#onEnd);
    this.#socket.once('close', this.#onEnd);
    if (config.filtersTimeoutMs > 0 && this.#timer === undefined) {
      this.#timer = after(config.filtersTimeoutMs, () => this.#timedOut());
    }
    readFrom(this.#socket, this.#onData);
  }

  readonly #onData = (chunk: Buffer) => {
    enter();
    this.#bytes = this.#bytes === undefined ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#advance();
    leave();
  };

  readonly #onEnd = () => {
    this.#listener.stats.listenerFilterRemoteClose++;
    inTurn(() => this.#refuse('remote close'));
  };

  #timedOut(): void {
    this.#listener.stats.preCxTimeout++;
    if (this.#listener.config.continueOnFiltersTimeout) this.#finish();
    else this.#refuse('listener filter timeout');
  }

  #stopListening(): void {
    this.#timer?.cancel();
    const socket = this.#socket;
    socket.off('error', this.#onError);
    if (!this.#listening) return;
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onEnd);
    stopReading(socket, this.#onData, this.#bytes);
  }

  #refuse(details: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#stopListening();
    this.#listener.stats.listenerFilterError++;
    this.#listener.logRefusal(this.#info, details);
    this.#listener.released(this.#socket, true);
    this.#socket.on('error', () => {});
    this.#socket.destroy();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#stopListening();
    const socket = this.#socket;
    const listener = this.#listener;
    const target = this.#target();
    if (target !== listener) {
      listener.released(socket, true);
      return target.take(socket, this.#info);
    }
    const chain = listener.config.chains.find(this.#info);
    if (chain === undefined) {
      listener.stats.noFilterChainMatch++;
      listener.logRefusal(this.#info, 'filter_chain_not_found');
      listener.released(socket, true);
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    listener.serve(socket, this.#info, chain);
  }

  /** With `use_original_dst` the connection belongs to the listener of its original destination, when there is one. */
  #target(): Listener {
    const listener = this.#listener;
    if (!listener.config.useOriginalDst) return listener;
    return listener.owner.findVirtual(this.#info.local) ?? listener;
  }
}
