import type { HeaderMap } from './header-map.ts';

/**
 * The contract between codecs (HTTP/1.1, HTTP/2; client and server side) and the connection manager, router and filters. Codecs turn
 * bytes into these calls and back; nothing above a codec knows which protocol is on the wire.
 *
 * Flow control runs both ways: a `data()` that returns false means "above the high watermark, stop until `onDrain`"; a reader that
 * calls `pause()` stops the codec from reading the socket (HTTP/1.1) or from extending the stream's window (HTTP/2).
 */
export interface RequestHead {
  method: string;
  /** `http` or `https`: how the request reached this codec, or `:scheme`. */
  scheme: string;
  /** `Host` or `:authority`; not repeated in `headers`. */
  authority: string;
  /** Path with query, as on the wire; `*` for `OPTIONS *`; empty for CONNECT without a path. */
  path: string;
  /** `:protocol` of extended CONNECT (RFC 8441), or the `upgrade` token of an HTTP/1.1 upgrade request, lower-case. */
  protocol?: string | undefined;
  headers: HeaderMap;
  /** 10, 11 or 20. */
  httpVersion: HttpVersion;
}

export interface ResponseHead {
  status: number;
  headers: HeaderMap;
  httpVersion?: HttpVersion;
}

export type HttpVersion = 10 | 11 | 20;

/** Why a stream ended before its message did; names follow Envoy's StreamResetReason. */
export type ResetReason =
  | 'local-reset'
  | 'local-refused-stream'
  | 'remote-reset'
  | 'remote-refused-stream'
  | 'connection-failure'
  | 'connection-timeout'
  | 'connection-termination'
  | 'overflow'
  | 'protocol-error'
  | 'connect-error';

/** What both directions of both codecs can do with a message that is being written or read. */
interface StreamControl {
  /** Writes body bytes; `end` finishes the message. False: above the high watermark, wait for `onDrain`. The buffer is the codec's from here on. */
  data(chunk: Buffer, end: boolean): boolean;
  /** Finishes the message with trailers. */
  trailers(trailers: HeaderMap): void;
  /** Ends the stream at once: RST_STREAM, or closing the HTTP/1.1 connection. No event follows on this side. */
  reset(reason: ResetReason): void;
  /** Stops and restarts delivery of `onData`; calls nest not. */
  pause(): void;
  resume(): void;
}

/** A request as the server codec hands it to the connection manager; used to write the response. */
export interface ServerStream extends StreamControl {
  /** A 1xx head (100, 103); the final head follows later. 101 is a final head here. */
  informational(head: ResponseHead): void;
  /** The final head. With `end` the message has no body. */
  respond(head: ResponseHead, end: boolean): void;
}

/** What an HTTP/1.1 codec answers to a request it cannot read: status and body bytes, with the reason for the access log. */
export interface Refusal {
  readonly detail: string;
  readonly status: number;
  readonly bytes: number;
}

export interface ServerStreamHandler {
  onRequest(head: RequestHead, end: boolean): void;
  onData(chunk: Buffer, end: boolean): void;
  onTrailers(trailers: HeaderMap): void;
  /** The peer or the connection ended the stream early; nothing can be written any more. `refusal`: the codec answers a broken request itself. */
  onReset(reason: ResetReason, refusal?: Refusal): void;
  /** Written data fell below the low watermark. */
  onDrain(): void;
}

/** A request being sent upstream. */
export interface ClientStream extends StreamControl {
  request(head: RequestHead, end: boolean): void;
}

export interface ClientStreamHandler {
  onInformational(head: ResponseHead): void;
  onResponse(head: ResponseHead, end: boolean): void;
  onData(chunk: Buffer, end: boolean): void;
  onTrailers(trailers: HeaderMap): void;
  onReset(reason: ResetReason): void;
  onDrain(): void;
}

/** One downstream connection's codec, fed with bytes by the connection. */
export interface ServerCodec {
  /** Bytes from the peer. Protocol errors are answered and reported through the handler factory's `onConnectionError`. */
  receive(chunk: Buffer): void;
  /** The peer half-closed. */
  receiveEnd(): void;
  /** The socket was closed or failed: resets open streams. */
  close(reason: ResetReason): void;
  /** The socket's write buffer drained. */
  onWritable(): void;
  /** Starts graceful shutdown: GOAWAY, or `connection: close` on the next response. */
  drain(): void;
  readonly activeStreams: number;
  readonly protocol: 'http/1.1' | 'h2';
}

/** What a server codec tells the connection that owns it; given to the codec's constructor. */
export interface ServerCodecEvents {
  /** A request begins: the returned handler receives it. `onRequest` follows at once, in the same tick. */
  onStream(stream: ServerStream): ServerStreamHandler;
  /** The peer broke the protocol or a limit; the codec has answered (400, GOAWAY) and ends the connection itself. `refusal`: what it answered to something that never became a request. */
  onConnectionError(detail: string, refusal?: Refusal): void;
  /** After `drain()`: the last stream is done and the peer was told; the owner closes the socket. */
  onDrained(): void;
}

/** What a client codec tells the pool that owns it. */
export interface ClientCodecEvents {
  /** `capacity` may have changed: a stream ended, SETTINGS raised the limit, GOAWAY arrived (capacity 0 from then on). */
  onCapacity(): void;
  onConnectionError(detail: string): void;
}

/** One upstream connection's codec. */
export interface ClientCodec extends Omit<ServerCodec, 'drain'> {
  /** Opens a stream, or undefined when the connection takes no more (GOAWAY, stream limit, request under way on HTTP/1.1). */
  newStream(handler: ClientStreamHandler): ClientStream | undefined;
  /** How many more streams it could take now. */
  readonly capacity: number;
}

/** What a codec writes to: a socket, TLS or not, with the fewest writes. False: above the socket's high watermark. */
export interface ConnectionIo {
  write(chunk: Buffer | string): boolean;
  /** Writes several buffers with one system call. The buffers are the socket's until `bufferedBytes` is 0 again. */
  writev(chunks: Buffer[]): boolean;
  /** Bytes written but not yet taken by the kernel. */
  readonly bufferedBytes: number;
  /** A write returned false and its `onWritable` has not come yet. */
  readonly congested: boolean;
  pauseReading(): void;
  resumeReading(): void;
  /** Sends FIN after what was written. */
  end(): void;
  /** RST or immediate close. */
  destroy(): void;
}
