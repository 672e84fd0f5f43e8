import type { AccessLogger } from '../access-log/logger.ts';
import type { Address } from '../network/address.ts';
import type { NetworkFilterFactory, TerminalFilterFactory } from '../network/network-filter.ts';
import type { ServerTransport } from '../network/transport.ts';
import type { ConnectionInfo } from './connection.ts';
import type { ListenerFilterFactory } from './listener-filter.ts';

/** A listener compiled from its Envoy message. Times are milliseconds, 0 = none. */
export interface ListenerConfig {
  readonly name: string;
  readonly statName: string;
  readonly addresses: readonly Address[];
  /** False: a virtual listener that gets its connections from one with `useOriginalDst`. */
  readonly bindToPort: boolean;
  readonly reusePort: boolean;
  readonly backlog: number;
  readonly useOriginalDst: boolean;
  readonly filters: readonly ListenerFilterFactory[];
  readonly filtersTimeoutMs: number;
  readonly continueOnFiltersTimeout: boolean;
  readonly chains: { find(connection: ConnectionInfo): FilterChainConfig | undefined };
  readonly allChains: readonly FilterChainConfig[];
  readonly bufferLimitBytes: number;
  /** 0 = no limit. */
  readonly maxConnections: number;
  readonly drainType: 'default' | 'modify-only';
  readonly direction: 'unspecified' | 'inbound' | 'outbound';
  /** Logs connections that found no chain or failed before it. */
  readonly accessLogs: readonly AccessLogger[];
  readonly keepalive: { readonly timeSeconds: number } | undefined;
  /** The resource as it was given, for config_dump. */
  readonly resource: unknown;
  readonly hash: string;
}

export interface FilterChainConfig {
  readonly name: string;
  readonly transport: ServerTransport;
  readonly handshakeTimeoutMs: number;
  readonly filters: readonly NetworkFilterFactory[];
  readonly terminal: TerminalFilterFactory;
  readonly bufferLimitBytes: number;
  /** A programming fault while serving a connection. */
  onFault(thrown: unknown): void;
}
