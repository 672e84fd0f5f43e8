import type { Socket } from 'node:net';
import type { TlsInfo } from './tls-info.ts';

/**
 * Transport sockets: what turns a TCP socket into the stream that network filters and codecs use. `proxy/tls` makes the TLS ones,
 * plain text is `rawTransport`.
 */
export interface ServerTransport {
  readonly name: 'raw_buffer' | 'tls';
  /**
   * Starts the server side on an accepted socket; bytes that listener filters looked at were unshifted onto it. `ready` is called exactly once: with the
   * stream to go on with, or with an Error (the caller counts it and destroys the socket). The caller guards the time.
   */
  accept(
    socket: Socket,
    ready: (error: Error | undefined, stream: Socket | undefined, tls: TlsInfo | undefined) => void,
  ): void;
}

export interface ClientTransport {
  readonly name: 'raw_buffer' | 'tls';
  /** Says whether connections with other options may be shared: connections of a pool have equal keys. */
  key(options: ClientTransportOptions): string;
  /** ALPN this transport offers by its own config; the pool decides h1 or h2 by what was agreed. */
  readonly alpn: readonly string[];
  /** Starts the client side on a socket that is connecting or connected. `ready` once, as above. */
  connect(
    socket: Socket,
    options: ClientTransportOptions,
    ready: (error: Error | undefined, stream: Socket | undefined, tls: TlsInfo | undefined) => void,
  ): void;
}

export interface ClientTransportOptions {
  /** Server name instead of the configured one (auto_sni, `envoy.network.upstream_server_name`); '' none. */
  readonly sni: string;
  /** Subject names instead of the configured ones (auto_san_validation), or undefined. */
  readonly verifySans: readonly string[] | undefined;
  /** ALPN instead of the configured one, or undefined. */
  readonly alpn: readonly string[] | undefined;
}

export const noTransportOptions: ClientTransportOptions = { sni: '', verifySans: undefined, alpn: undefined };
