import type { Address } from '../network/address.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import type { TlsInfo } from '../network/tls-info.ts';
import type { Host } from '../upstream/host.ts';
import type { HttpVersion } from './stream.ts';

/** Everything that is recorded of one request or TCP connection, for access logs, telemetry and filters. Times are monotonic milliseconds, -1 = not (yet). */
export class StreamInfo {
  readonly downstream: DownstreamInfo;
  /** Client address after XFF rules. */
  remote: Address;
  /** Wall clock at the first byte, milliseconds. */
  startTime: number;
  start: number;
  lastRxByte = -1;
  firstUpstreamTx = -1;
  lastUpstreamTx = -1;
  firstUpstreamRx = -1;
  lastUpstreamRx = -1;
  firstDownstreamTx = -1;
  lastDownstreamTx = -1;
  complete = -1;

  /** Body bytes. */
  bytesReceived = 0;
  bytesSent = 0;
  upstreamBytesSent = 0;
  upstreamBytesReceived = 0;

  /** 0 until an answer began. */
  responseCode = 0;
  /** RESPONSE_CODE_DETAILS; '' until known. */
  details = '';
  flags = 0;
  /** 0 for TCP. */
  protocol: HttpVersion | 0 = 0;
  upstreamProtocol: HttpVersion | 0 = 0;
  requestId = '';
  routeName = '';
  virtualCluster = '';
  clusterName = '';
  attempts = 0;
  upstreamHost: Host | undefined = undefined;
  upstreamLocal: Address | undefined = undefined;
  upstreamTls: TlsInfo | undefined = undefined;
  upstreamFailure = '';
  connectionTermination = '';
  /** grpc-status of the response, or -1. */
  grpcStatus = -1;
  /** `ip:port` a stateful session wants; strict = fail rather than choose another host. */
  overrideHost: string | undefined = undefined;
  overrideHostStrict = false;
  /** The health_check filter answered it. */
  healthCheck = false;

  #metadata: Map<string, Readonly<Record<string, unknown>>> | undefined = undefined;
  #filterState: Map<string, unknown> | undefined = undefined;

  constructor(downstream: DownstreamInfo, startTime: number, start: number) {
    this.downstream = downstream;
    this.remote = downstream.remote;
    this.startTime = startTime;
    this.start = start;
  }

  setFlag(flag: number): void {
    this.flags |= flag;
  }

  hasFlag(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Merges `value` into the dynamic metadata of a namespace. */
  setMetadata(namespace: string, value: Readonly<Record<string, unknown>>): void {
    this.#metadata ??= new Map();
    const before = this.#metadata.get(namespace);
    // Values are never changed in place, so the first one needs no copy.
    this.#metadata.set(namespace, before === undefined ? value : { ...before, ...value });
  }

  /** Dynamic metadata of a namespace: this request's, else the connection's. */
  metadata(namespace: string): Readonly<Record<string, unknown>> | undefined {
    return this.#metadata?.get(namespace) ?? this.downstream.metadata.get(namespace);
  }

  setFilterState(key: string, value: unknown): void {
    this.#filterState ??= new Map();
    this.#filterState.set(key, value);
  }

  filterState(key: string): unknown {
    return this.#filterState?.get(key) ?? this.downstream.filterState.get(key);
  }
}
