import type { Exchange } from '../http/exchange.ts';
import type { LocalReply } from '../http/filter.ts';
import { grpcTimeoutMs, isGrpc } from '../http/grpc.ts';
import { HeaderMap } from '../http/header-map.ts';
import {
  localReplies,
  resetDetail,
  resetFlags,
  transportFailure,
  upstreamResetReply,
} from '../http/local-reply.ts';
import { ResponseFlag } from '../http/response-flag.ts';
import type { RequestHead, ResetReason, ResponseHead } from '../http/stream.ts';
import { now } from '../network/event-loop.ts';
import { after, Deadline } from '../network/timer.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { Host } from '../upstream/host.ts';
import { Attempt } from './attempt.ts';
import { controlHeaders, readControlHeaders, removeControlHeaders } from './control-headers.ts';
import { backOffMs, retriesReset, retriesResponse } from './retry.ts';
import type { RetryPolicy, Route } from './route.ts';
import { sendShadows } from './shadow.ts';

/** The terminal HTTP filter: from route to upstream, with timeouts, retries and shadows. One object a request. */
export class Router {
  readonly exchange: Exchange;
  readonly head: RequestHead;
  route!: Route;
  cluster!: Cluster;
  hash: bigint | undefined = undefined;
  /** Hosts of earlier attempts. */
  readonly attempted: Host[] = [];
  retry: RetryPolicy | undefined = undefined;
  perTryTimeoutMs = 0;
  requestEnded = false;
  trailersToSend: HeaderMap | undefined = undefined;
  /** Body that a coming attempt still needs: all of it while a retry is possible, else what no stream has taken yet. */
  body: Buffer[] | undefined = undefined;
  #bodyBytes = 0;
  #replayable = false;
  #shadowBody: Buffer[] | undefined = undefined;
  #attempt: Attempt | undefined = undefined;
  #retriesLeft = 0;
  #backOff: { cancel(): void } | undefined = undefined;
  #timeout: RouteTimeout | undefined = undefined;
  #timeoutMs = 0;
  #retrying = false;
  #aborted = false;
  #pausedDownstream = false;
  #responseDone = false;
  #headForShadow: RequestHead | undefined = undefined;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.head = exchange.request;
  }

  /** True while a request is out and no response came. */
  get waitsForUpstream(): boolean {
    return this.#attempt !== undefined && !this.#attempt.responded;
  }

  start(end: boolean): void {
    const exchange = this.exchange;
    const stats = exchange.config.stats;
    const route = exchange.route();
    this.requestEnded = end;
    stats.rqRouted++;
    if (route === undefined) {
      stats.noRoute++;
      return exchange.localReply(localReplies.routeNotFound);
    }
    this.route = route;
    if (route.requireTls !== 'none' && this.#redirectToTls(route)) return;
    if (route.kind === 'direct') return this.#direct(route);
    if (route.kind === 'redirect') return this.#redirect(route);
    const name =
      route.clusterHeader === '' ? route.clusterName : (this.head.headers.get(route.clusterHeader) ?? '');
    const cluster = exchange.config.clusters.get(name);
    if (cluster === undefined) {
      stats.noCluster++;
      exchange.info.clusterName = '';
      return exchange.localReply({ ...localReplies.clusterNotFound, status: route.clusterNotFoundStatus });
    }
    exchange.info.clusterName = name;
    this.cluster = cluster;
    exchange.cluster = cluster;
    this.#prepare(route);
    this.#begin();
  }

  #redirectToTls(route: Route): boolean {
    const head = this.head;
    if (head.headers.get('x-forwarded-proto') === 'https') return false;
    if (route.requireTls === 'external-only' && head.headers.get('x-envoy-internal') === 'true') return false;
    this.exchange.config.stats.rqDirectResponse++;
    this.exchange.localReply({
      status: 301,
      details: 'https_required',
      headers: ['location', `https://${head.authority}${head.path}`],
    });
    return true;
  }

  #direct(route: Route): void {
    const direct = route.direct as NonNullable<Route['direct']>;
    this.exchange.config.stats.rqDirectResponse++;
    this.#localResponse(
      route,
      direct.status,
      'direct_response',
      direct.body?.toString('utf8') ?? '',
      // 201 and redirects name where they are about, as Envoy has it: the request's own address.
      direct.status === 201 || (direct.status >= 300 && direct.status < 400)
        ? ['location', `${this.head.scheme}://${this.head.authority}${this.head.path}`]
        : undefined,
    );
  }

  #redirect(route: Route): void {
    const rule = route.redirect as NonNullable<Route['redirect']>;
    this.exchange.config.stats.rqDirectResponse++;
    this.#localResponse(route, rule.status, 'direct_response', '', ['location', rule.location(this.head)]);
  }

  #localResponse(
    route: Route,
    status: number,
    details: string,
    body: string,
    headers: string[] | undefined,
  ): void {
    const extra = new HeaderMap(headers ?? []);
    route.mutateResponse?.(extra, this.exchange, { status, headers: extra });
    this.exchange.localReply({ status, details, body, headers: extra.fields });
  }

  /** An answer of the router after it took the route: it carries what the route adds to responses. */
  #reply(reply: LocalReply): void {
    const { route, exchange } = this;
    this.cluster.stats.countStatus(reply.status);
    if (route.mutateResponse === undefined && !route.includeAttemptCountInResponse)
      return exchange.localReply(reply);
    const headers = new HeaderMap([...(reply.headers ?? [])]);
    if (route.includeAttemptCountInResponse)
      headers.set('x-envoy-attempt-count', String(exchange.info.attempts));
    const head = { status: reply.status, headers };
    route.mutateResponse?.(headers, this.#withResponse(head), head);
    exchange.localReply({ ...reply, headers: headers.fields });
  }

  /** Timeouts, retries, hash and the upstream form of the head. */
  #prepare(route: Route): void {
    const exchange = this.exchange;
    const head = this.head;
    const control = readControlHeaders(head.headers);
    this.retry = control === controlHeaders.none ? route.retry : control.retryPolicy(route.retry);
    this.#timeoutMs = control.timeoutMs ?? route.timeoutMs;
    if (route.grpcTimeoutMaxMs !== undefined && isGrpc(head.headers)) this.#grpcTimeout(route);
    if (route.maxStreamDurationMs !== undefined && route.maxStreamDurationMs > 0) {
      exchange.timer(route.maxStreamDurationMs, () => this.#maxDuration());
    }
    this.perTryTimeoutMs = control.perTryTimeoutMs ?? this.retry?.perTryTimeoutMs ?? 0;
    if (this.#timeoutMs > 0 && this.perTryTimeoutMs >= this.#timeoutMs) this.perTryTimeoutMs = 0;
    this.#retriesLeft = this.retry?.count ?? 0;
    this.#replayable = this.retry !== undefined && this.#retriesLeft > 0;
    if (this.retry?.matchesRequest !== undefined && !this.retry.matchesRequest(head))
      this.#replayable = false;
    if (route.hash !== undefined)
      this.hash = route.hash(head, exchange, (cookie) => exchange.addCookie(cookie));
    if (control !== controlHeaders.none) removeControlHeaders(head.headers);
    if (route.internalOnlyHeaders.length > 0 && head.headers.get('x-envoy-internal') !== 'true') {
      for (const name of route.internalOnlyHeaders) head.headers.remove(name);
    }
    const suppress = exchange.config.suppressEnvoyHeaders;
    const originalPath = head.path;
    // Header mutations see the path the client asked for; the rewrite comes after, as in Envoy.
    route.mutateRequest?.(head.headers, exchange, head);
    if (route.rewrite !== undefined) {
      route.rewrite(head);
      if (!suppress) head.headers.set('x-envoy-original-path', originalPath);
    }
    exchange.config.telemetry?.send(head, this.cluster);
    if (!suppress) {
      const expected = this.perTryTimeoutMs > 0 ? this.perTryTimeoutMs : this.#timeoutMs;
      if (expected > 0) head.headers.set('x-envoy-expected-rq-timeout-ms', String(expected));
    }
    if (route.mirrors.length > 0) {
      this.#headForShadow = { ...head, headers: head.headers.clone() };
      this.#shadowBody = [];
    }
  }

  #grpcTimeout(route: Route): void {
    const asked = grpcTimeoutMs(this.head.headers.get('grpc-timeout')) ?? 0;
    const max = route.grpcTimeoutMaxMs as number;
    let timeout = asked - Math.min(asked, route.grpcTimeoutOffsetMs);
    if (max > 0 && (timeout === 0 || timeout > max)) timeout = max;
    this.#timeoutMs = timeout;
  }

  #begin(): void {
    if (!this.cluster.breakers[this.route.priority].canRequest) {
      this.cluster.stats.rqPendingOverflow++;
      return this.#reply(localReplies.requestsOverflow);
    }
    if (this.#dropped()) return this.#reply(localReplies.dropOverload);
    this.#tryOnce();
    if (this.requestEnded) this.#requestComplete();
  }

  #dropped(): boolean {
    for (const { millionths } of this.cluster.dropOverloads) {
      if (millionths > 0 && this.exchange.config.random() * 1e6 < millionths) return true;
    }
    return false;
  }

  #tryOnce(): void {
    const info = this.exchange.info;
    info.attempts++;
    if (this.route.includeAttemptCount) this.head.headers.set('x-envoy-attempt-count', String(info.attempts));
    const attempt = new Attempt(this);
    this.#attempt = attempt;
    attempt.begin();
  }

  noHost(): void {
    this.#reply(localReplies.noHealthyUpstream);
  }

  data(chunk: Buffer, end: boolean): boolean {
    if (this.#aborted) return true;
    this.requestEnded = end;
    this.#shadowBody?.push(chunk);
    const attempt = this.#attempt;
    const ready = attempt?.ready === true;
    if (this.#replayable) this.#keep(chunk);
    else if (!ready && chunk.length > 0) this.#queue(chunk);
    let room = true;
    if (ready) room = (attempt as Attempt).sendData(chunk, end);
    else if (this.#bodyBytes > this.exchange.config.bufferLimitBytes) room = false;
    if (end) this.#requestComplete();
    if (!room && !end) this.#pausedDownstream = true;
    return room || end;
  }

  #keep(chunk: Buffer): void {
    this.#queue(chunk);
    const limit = this.route.bufferLimitBytes ?? this.exchange.config.bufferLimitBytes;
    if (this.#bodyBytes <= limit) return;
    this.#replayable = false;
    if (this.#attempt?.ready === true) this.#dropBody();
  }

  #queue(chunk: Buffer): void {
    this.body ??= [];
    this.body.push(chunk);
    this.#bodyBytes += chunk.length;
  }

  #dropBody(): void {
    this.body = undefined;
    this.#bodyBytes = 0;
  }

  trailers(trailers: HeaderMap): void {
    if (this.#aborted) return;
    this.requestEnded = true;
    this.trailersToSend = trailers;
    if (this.#attempt?.ready === true) this.#attempt.sendTrailers(trailers);
    this.#requestComplete();
  }

  #requestComplete(): void {
    if (this.#aborted || this.exchange.over) return;
    if (this.#timeoutMs > 0 && this.#timeout === undefined) {
      this.#timeout = new RouteTimeout(this);
      this.#timeout.start(this.#timeoutMs);
    }
    this.#attempt?.requestComplete();
    if (this.#headForShadow !== undefined) {
      sendShadows(this.exchange, this.route, this.#headForShadow, this.#shadowBody ?? []);
      this.#headForShadow = undefined;
      this.#shadowBody = undefined;
    }
  }

  /** The attempt has its stream and has written what there was of the body. */
  streamReady(): void {
    if (!this.#replayable) this.#dropBody();
    this.#resumeDownstream();
  }

  /** The upstream took what was written. */
  upstreamDrained(): void {
    this.#resumeDownstream();
  }

  #resumeDownstream(): void {
    if (!this.#pausedDownstream) return;
    this.#pausedDownstream = false;
    this.exchange.resumeRequest();
  }

  // --- answers ---

  onInformational(head: ResponseHead): void {
    this.exchange.informational(head);
  }

  onResponse(head: ResponseHead, end: boolean): void {
    const exchange = this.exchange;
    const info = exchange.info;
    const status = head.status;
    const cluster = this.cluster;
    if (this.retry !== undefined && this.#maybeRetryResponse(head)) return;
    cluster.stats.countStatus(status);
    if (this.#retrying) {
      this.#retrying = false;
      if (status < 500) cluster.stats.rqRetrySuccess++;
    }
    this.#timeout?.stop();
    const config = exchange.config;
    if (!config.suppressEnvoyHeaders && this.requestEnded) {
      head.headers.set(
        'x-envoy-upstream-service-time',
        String(Math.max(0, Math.round(now() - this.#sentAt(info.lastRxByte)))),
      );
    }
    if (this.route.includeAttemptCountInResponse)
      head.headers.set('x-envoy-attempt-count', String(info.attempts));
    this.route.mutateResponse?.(head.headers, this.#withResponse(head), head);
    info.details = 'via_upstream';
    this.#responseDone = end;
    this.#dropBodyUnlessNeeded();
    exchange.respond(head, end);
  }

  /** Mutations with operators see the response they change. */
  #withResponse(head: ResponseHead): Exchange {
    this.exchange.response = head;
    return this.exchange;
  }

  #sentAt(lastRx: number): number {
    return lastRx < 0 ? this.exchange.info.start : lastRx;
  }

  #dropBodyUnlessNeeded(): void {
    this.#replayable = false;
    if (this.#attempt?.ready === true) this.#dropBody();
  }

  onResponseData(chunk: Buffer, end: boolean): boolean {
    if (end) this.#responseDone = true;
    return this.exchange.responseData(chunk, end);
  }

  onResponseTrailers(trailers: HeaderMap): void {
    this.#responseDone = true;
    this.exchange.trailersFromUpstream(trailers);
  }

  /** The attempt failed; `responded` when its response head had gone on. */
  onAttemptReset(reason: ResetReason, cause: string, responded: boolean, requestSent: boolean): void {
    const exchange = this.exchange;
    const failure = transportFailure(cause);
    exchange.info.upstreamFailure = failure;
    if (responded) {
      exchange.config.stats.rqResetAfterResponseStarted++;
      exchange.resetDownstream(
        `upstream_reset_after_response_started{${resetDetail(reason, failure)}}`,
        resetFlags(reason),
      );
      return;
    }
    if (
      this.retry !== undefined &&
      retriesReset(this.retry, reason, requestSent) &&
      this.#retryAllowed(resetFlags(reason))
    ) {
      return this.#retryLater(undefined);
    }
    this.#reply(upstreamResetReply(reason, failure, exchange.info.attempts > 1));
  }

  #maybeRetryResponse(head: ResponseHead): boolean {
    const retry = this.retry as RetryPolicy;
    if (!retriesResponse(retry, head) || !this.#retryAllowed(0)) return false;
    this.#retryLater(head);
    return true;
  }

  #retryAllowed(flags: number): boolean {
    const stats = this.cluster.stats;
    if (!this.#replayable || this.#aborted) return false;
    if (this.#retriesLeft <= 0) {
      stats.rqRetryLimitExceeded++;
      this.exchange.info.setFlag(ResponseFlag.upstreamRetryLimitExceeded);
      return false;
    }
    if (!this.cluster.breakers[this.route.priority].canRetry) {
      stats.rqRetryOverflow++;
      this.exchange.info.setFlag(ResponseFlag.upstreamOverflow | flags);
      return false;
    }
    return true;
  }

  #retryLater(head: ResponseHead | undefined): void {
    const retry = this.retry as RetryPolicy;
    const breaker = this.cluster.breakers[this.route.priority];
    this.#retriesLeft--;
    this.#retrying = true;
    this.cluster.stats.rqRetry++;
    this.#attempt?.abort();
    this.#attempt = undefined;
    breaker.retries++;
    const tries = retry.count - this.#retriesLeft;
    const wait = backOffMs(retry, tries, head, this.exchange.config.random());
    if (wait.limited) this.cluster.stats.rqRetryBackoffRatelimited++;
    else this.cluster.stats.rqRetryBackoffExponential++;
    const timer = after(wait.ms, () => {
      this.#backOff = undefined;
      breaker.retries--;
      if (this.#aborted || this.exchange.over) return;
      this.#tryOnce();
      if (this.requestEnded) this.#attempt?.requestComplete();
    });
    this.#backOff = {
      cancel() {
        timer.cancel();
        breaker.retries--;
      },
    };
  }

  // --- time and end ---

  onRouteTimeout(): void {
    const stats = this.cluster.stats;
    stats.rqTimeout++;
    this.#attempt?.timedOut();
    this.#reply(localReplies.upstreamTimeout);
  }

  onPerTryTimeout(idle: boolean): void {
    const stats = this.cluster.stats;
    if (idle) stats.rqPerTryIdleTimeout++;
    else stats.rqPerTryTimeout++;
    const attempt = this.#attempt;
    attempt?.timedOut();
    if (attempt?.responded === true)
      return this.exchange.resetDownstream('upstream_per_try_timeout', ResponseFlag.upstreamRequestTimeout);
    if (this.retry !== undefined && retriesReset(this.retry, 'local-reset', true) && this.#retryAllowed(0)) {
      return this.#retryLater(undefined);
    }
    this.#reply(idle ? localReplies.perTryIdleTimeout : localReplies.perTryTimeout);
  }

  #maxDuration(): void {
    this.cluster.stats.rqMaxDuration++;
    this.#reply(localReplies.upstreamMaxDuration);
  }

  pauseResponse(): void {
    this.#attempt?.pause();
  }

  resumeResponse(): void {
    this.#attempt?.resume();
  }

  /** The exchange is over or answered otherwise. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#timeout?.stop();
    this.#backOff?.cancel();
    this.#dropBody();
    this.#attempt?.abort();
  }

  get responseDone(): boolean {
    return this.#responseDone;
  }
}

class RouteTimeout extends Deadline {
  readonly #router: Router;

  constructor(router: Router) {
    super();
    this.#router = router;
  }

  onTimeout(): void {
    this.#router.onRouteTimeout();
  }
}
