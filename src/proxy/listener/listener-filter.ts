import type { Socket } from 'node:net';
import type { ConnectionInfo } from './connection.ts';

/** Looks at a connection before its filter chain is chosen. */
export interface ListenerFilterFactory {
  readonly name: string;
  /** Undefined: this connection does not need it. */
  create(info: ConnectionInfo): ListenerFilter | undefined;
}

export interface ListenerFilter {
  /** Bytes it may need to see; 0 = it needs none and `onAccept` decides. */
  readonly maxBytes: number;
  /** For filters that look at the socket only. An Error refuses the connection. */
  onAccept?(socket: Socket, info: ConnectionInfo): Error | undefined;
  /**
   * Looks at what has arrived so far (nothing is consumed). `more` waits for bytes, `done` goes on, an Error refuses the connection, a number goes on after taking
   * that many bytes away (PROXY protocol header).
   */
  inspect?(bytes: Buffer, info: ConnectionInfo): 'more' | 'done' | number | Error;
}
