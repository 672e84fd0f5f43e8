import type { Address } from './address.ts';
import type { TlsInfo } from './tls-info.ts';

/** What is known of a downstream connection once its listener filters ran; filters, matchers and access logs read it. */
export interface DownstreamInfo {
  readonly id: number;
  /** The client: the socket's peer, or what PROXY protocol said. XFF changes only the request's `StreamInfo.remote`. */
  readonly remote: Address;
  /** The socket's peer, always. */
  readonly directRemote: Address;
  /** Where the client connected to: the original destination when it was restored, else the socket's own address. */
  readonly local: Address;
  readonly tls: TlsInfo | undefined;
  /** SNI by the TLS inspector or the handshake, '' when none. */
  readonly requestedServerName: string;
  /** ALPN the TLS inspector (or `http/1.1`, `h2c` the HTTP inspector) saw. */
  readonly applicationProtocols: readonly string[];
  /** `raw_buffer` or `tls`: what the inspectors detected. */
  readonly transportProtocol: string;
  /** Wall clock, milliseconds. */
  readonly startTime: number;
  /** Dynamic metadata by namespace that network filters set, and filter state shared by the requests of this connection. */
  readonly metadata: Map<string, Record<string, unknown>>;
  readonly filterState: Map<string, unknown>;
  /** PROXY protocol v2 TLVs by type, when they were read. */
  readonly proxyTlvs: ReadonlyMap<number, Buffer> | undefined;
}
