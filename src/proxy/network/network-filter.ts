import type { ConnectionIo } from '../http/stream.ts';
import type { DownstreamInfo } from './downstream.ts';

/** A downstream connection as network filters see it. */
export interface DownstreamConnection {
  readonly info: DownstreamInfo;
  /** `lingerMs` > 0: `end` closes for good, after that time at the latest. */
  readonly io: ConnectionIo & { lingerMs: number };
  /** Lets the chain go on after a filter answered `stop`. */
  continueReading(): void;
  /** Ends the connection at once; `details` goes to CONNECTION_TERMINATION_DETAILS. */
  close(details: string): void;
  readonly closed: boolean;
}

/** A network filter before the terminal one: looks at the connection and its first bytes, passes or refuses. */
export interface NetworkFilter {
  /** Once, when the connection is ready; `stop` holds the chain until `continueReading`. */
  onNewConnection?(connection: DownstreamConnection): 'continue' | 'stop';
  onData?(connection: DownstreamConnection, chunk: Buffer): 'continue' | 'stop';
  onClose?(): void;
}

export interface NetworkFilterFactory {
  readonly name: string;
  create(): NetworkFilter;
}

/** What ends a filter chain: the HTTP connection manager, tcp_proxy. */
export interface TerminalFilterFactory {
  readonly name: string;
  start(connection: DownstreamConnection): ConnectionHandler;
}

/** Takes the bytes of a connection. */
export interface ConnectionHandler {
  onData(chunk: Buffer): void;
  /** The peer half-closed. */
  onEnd(): void;
  /** The connection is gone. Called once. */
  onClose(hadError: boolean): void;
  onWritable(): void;
  /** The listener drains: finish gracefully. */
  drain(): void;
  /** Streams or connections under way; a draining connection with none is closed. */
  readonly active: number;
}
