import { defaultMaxFrameBytes, defaultWindowBytes, maxWindowBytes, Setting } from './frame.ts';

/** How one side of a connection is set up; proxy/config fills it from Http2ProtocolOptions and the connection manager's limits. */
export interface Http2Options {
  /** Streams the peer may have open at once; clients: streams we open at most. */
  maxConcurrentStreams: number;
  /** Bytes of one stream's body that the peer may send ahead of its reader. */
  initialStreamWindowBytes: number;
  /** The same for the connection as a whole. */
  initialConnectionWindowBytes: number;
  /** Names and values of one decoded header block. */
  maxHeaderBytes: number;
  /** Fields of one header block, pseudo-headers included. */
  maxHeaderFields: number;
  /** Extended CONNECT (RFC 8441), as a server. */
  allowConnect: boolean;
  /** SETTINGS_HEADER_TABLE_SIZE: bytes of dynamic table the peer may make us keep. */
  headerTableBytes: number;
  /** PINGs that find out whether the peer is still there; undefined: none. */
  keepalive: KeepaliveOptions | undefined;
  /** Unsent bytes of one stream above which its writer is told to wait. */
  streamBufferBytes: number;
}

export interface KeepaliveOptions {
  /** Milliseconds between PINGs, and for the answer to one. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/**
 * Windows are smaller than Envoy's (16 MiB, 24 MiB): what a stream may send ahead of a reader that stalls is memory, and a proxy's
 * peers are near.
 */
export const defaultHttp2Options: Http2Options = {
  maxConcurrentStreams: 1024,
  initialStreamWindowBytes: 256 * 1024,
  initialConnectionWindowBytes: 1024 * 1024,
  maxHeaderBytes: 60 * 1024,
  maxHeaderFields: 100,
  allowConnect: false,
  headerTableBytes: 4096,
  keepalive: undefined,
  streamBufferBytes: 64 * 1024,
};

/** What the peer allows us, from its SETTINGS frames. */
export class PeerSettings {
  maxConcurrentStreams = 100;
  initialWindowBytes: number = defaultWindowBytes;
  maxFrameBytes: number = defaultMaxFrameBytes;
  enableConnectProtocol = false;
}

/** A setting out of its range (RFC 9113 §6.5.2): the error code's kind, or undefined. */
export function settingFault(id: number, value: number): 'protocol' | 'flow-control' | undefined {
  if (id === Setting.enablePush || id === Setting.enableConnectProtocol)
    return value > 1 ? 'protocol' : undefined;
  if (id === Setting.initialWindowSize) return value > maxWindowBytes ? 'flow-control' : undefined;
  if (id === Setting.maxFrameSize) {
    return value < defaultMaxFrameBytes || value > 0xffffff ? 'protocol' : undefined;
  }
  return undefined;
}
