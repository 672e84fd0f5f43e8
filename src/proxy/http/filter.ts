import type { RouteView } from '../router/route.ts';
import type { HeaderMap } from './header-map.ts';
import type { RequestHead, ResponseHead } from './stream.ts';
import type { StreamInfo } from './stream-info.ts';

/**
 * The contract of HTTP filters. A filter is compiled once per configuration into a factory; `create` gives what handles one request:
 * a fresh instance, or (filters that keep no state between calls) always the same object, which costs nothing.
 *
 * The exchange runs `onRequestHead`, `onRequestData`, `onRequestTrailers` in filter order and the response callbacks in reverse order,
 * as Envoy does. A callback a filter does not have is never looked at again, so only define what is needed.
 */
export interface HttpFilterFactory {
  /** The configured name: the key of `typed_per_filter_config`. */
  readonly name: string;
  /** `disabled: true` in the chain: only a route can switch it on. */
  readonly disabledByDefault?: boolean;
  /** The filter for one request; undefined leaves this filter out of the request. */
  create(exchange: HttpExchange): HttpFilter | undefined;
}

export interface HttpFilter {
  onRequestHead?(exchange: HttpExchange, head: RequestHead, end: boolean): HeadStatus;
  onRequestData?(exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult;
  onRequestTrailers?(exchange: HttpExchange, trailers: HeaderMap): HeadStatus;
  onResponseHead?(exchange: HttpExchange, head: ResponseHead, end: boolean): HeadStatus;
  onResponseData?(exchange: HttpExchange, chunk: Buffer, end: boolean): DataResult;
  onResponseTrailers?(exchange: HttpExchange, trailers: HeaderMap): HeadStatus;
  /** A 1xx head on its way to the client. */
  onInformational?(exchange: HttpExchange, head: ResponseHead): void;
  /** The exchange is over, whatever its end; timers and calls under way must be given up here. Called once. */
  onDestroy?(exchange: HttpExchange): void;
}

/**
 * `stop`: nothing goes on past this filter until `continueRequest` / `continueResponse`, or a local reply. Body that arrives meanwhile
 * still goes to this filter's data callback when it has one, otherwise it waits as for `watermark`.
 */
export type HeadStatus = 'continue' | 'stop';

/**
 * What a data callback answers: the bytes to pass on (the chunk itself, others instead, or an empty buffer for none: with `end` the message
 * still ends), or
 * `buffer`: hold the chunk and what follows; above the buffer limit the request is answered 413 (a response 500);
 * `watermark`: hold it; above the limit the sender is paused until the filter continues.
 * Held chunks go on, in order and not through this filter again, when it continues. Returning bytes while the head is stopped continues the head first.
 */
export type DataResult = Buffer | 'buffer' | 'watermark';

/** One request and its response as filters see it. */
export interface HttpExchange {
  readonly request: RequestHead;
  /** The response head once it came. */
  readonly response: ResponseHead | undefined;
  readonly info: StreamInfo;

  /** The route of this request, matched on the first call and then kept; undefined when none matches. */
  route(): RouteView | undefined;
  /** Forgets the kept route after a filter changed what routes are matched on. */
  clearRouteCache(): void;
  /**
   * The compiled `typed_per_filter_config` for a filter, most specific first: weighted cluster, route, virtual host, route configuration. A route may
   * also disable a filter (FilterConfig.disabled); the exchange deals with that itself.
   */
  routeConfig(filterName: string): unknown;
  /** Every level's config for a filter, least specific first, for filters that merge (header_mutation, cors). */
  routeConfigs(filterName: string): readonly unknown[];

  /** Lets the request go on after `stop`. Does nothing when it is not stopped or the exchange is over. */
  continueRequest(): void;
  continueResponse(): void;
  /** Body so far held back by `buffer`, oldest first; for filters that need the whole body. */
  readonly heldRequestData: readonly Buffer[];
  readonly heldResponseData: readonly Buffer[];
  /** Replaces what is held. */
  replaceHeldRequestData(chunks: Buffer[]): void;
  replaceHeldResponseData(chunks: Buffer[]): void;
  /** Adds trailers to a message that has none yet; call from the data callback with `end` true. */
  addRequestTrailers(trailers: HeaderMap): void;
  addResponseTrailers(trailers: HeaderMap): void;
  /** Ends the response with these bytes instead of its trailers; call from `onResponseTrailers`, which then answers `stop`. */
  endResponseWith(chunk: Buffer): void;

  /**
   * Answers here and now, through the response filters; gRPC requests get the status in trailers-only form, as Envoy does. The filter then returns `stop`.
   * After the response head went out, the stream is reset instead.
   */
  localReply(reply: LocalReply): void;

  /** True once the exchange is over: callbacks that come later must do nothing. */
  readonly over: boolean;
}

export interface LocalReply {
  readonly status: number;
  readonly body?: string;
  /** RESPONSE_CODE_DETAILS, e.g. `rbac_access_denied_matched_policy[ns[x]-policy[y]-rule[0]]`. */
  readonly details: string;
  /** Extra fields, flat: name, value, … */
  readonly headers?: readonly string[];
  /** grpc-status instead of the one mapped from `status`. */
  readonly grpcStatus?: number;
  /** Bits of ResponseFlag. */
  readonly flags?: number;
}

/** What a filter gets at compile time. */
export interface FilterEnvironment {
  /** Prefix of the connection manager's statistics, `http.<stat_prefix>.`. */
  readonly statPrefix: string;
  readonly stats: StatsSink;
  readonly clock: { now(): number; monotonic(): number };
  /** Uniform in [0, 1). */
  random(): number;
  /** Runs `fn` once after about `ms` on the coarse timer wheel (10 ms steps). */
  after(ms: number, fn: () => void): { cancel(): void };
  /** A request through a cluster, on behalf of a filter. */
  readonly calls: UpstreamCalls;
  /** Value of a runtime key, or undefined. */
  runtime(key: string): number | boolean | string | undefined;
  readonly log: { warn(message: string, fields?: Readonly<Record<string, unknown>>): void };
}

/** Counters, gauges and histograms by full Envoy name; get them once at compile time, not per request. */
export interface StatsSink {
  counter(name: string): { value: number };
  gauge(name: string): { value: number };
  histogram(name: string): { record(value: number): void };
}

export interface UpstreamCalls {
  /**
   * Sends one request through a cluster and gathers the answer (at most `maxResponseBytes`, 1 MiB by default). Rejects with an Error whose `message`
   * says why: no such cluster, no healthy host, connect failure, reset, timeout.
   */
  send(
    cluster: string,
    head: RequestHead,
    body: Buffer | undefined,
    options: CallOptions,
  ): Promise<CallResponse>;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly maxResponseBytes?: number;
  readonly signal?: AbortSignal;
  readonly hash?: bigint;
}

export interface CallResponse {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body: Buffer;
  readonly trailers: HeaderMap | undefined;
}
