import type { HeaderMap } from '../http/header-map.ts';
import type { ClientStream, RequestHead, ResetReason, ResponseHead } from '../http/stream.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import { now } from '../network/event-loop.ts';
import { Deadline } from '../network/timer.ts';
import { type ClientTransportOptions, noTransportOptions } from '../network/transport.ts';
import type { UpstreamConnection } from '../upstream/connection.ts';
import type { Host } from '../upstream/host.ts';
import type { LoadBalancerContext } from '../upstream/load-balancer.ts';
import type { Pool, StreamWaiter } from '../upstream/pool.ts';
import type { Router } from './router.ts';

/** One try of a request: a host, a stream, and what came of it. Its own deadline is the per-try timeout. */
export class Attempt extends Deadline implements StreamWaiter, LoadBalancerContext {
  host: Host | undefined = undefined;
  responded = false;
  readonly #router: Router;
  #stream: ClientStream | undefined = undefined;
  #pool: Pool | undefined = undefined;
  #done = false;
  #started = 0;
  #sentAll = false;
  #paused = false;
  #idleTry = false;

  constructor(router: Router) {
    super();
    this.#router = router;
  }

  // LoadBalancerContext
  get hash(): bigint | undefined {
    return this.#router.hash;
  }
  get metadataMatch(): LoadBalancerContext['metadataMatch'] {
    return this.#router.route.metadataMatch;
  }
  get overrideHost(): string | undefined {
    return this.#router.exchange.info.overrideHost;
  }
  get overrideHostStrict(): boolean {
    return this.#router.exchange.info.overrideHostStrict;
  }
  get downstream(): DownstreamInfo {
    return this.#router.exchange.info.downstream;
  }
  get head(): RequestHead {
    return this.#router.head;
  }
  get attempted(): readonly Host[] {
    return this.#router.attempted;
  }
  get maxReselections(): number {
    return this.#router.retry?.maxReselections ?? 0;
  }
  readonly priorityLoad = undefined;

  shouldReselect(host: Host): boolean {
    const retry = this.#router.retry;
    if (retry === undefined || this.#router.attempted.length === 0) return false;
    return (
      (retry.avoidPreviousHosts && this.#router.attempted.includes(host)) ||
      (retry.avoidCanaries && host.canary)
    );
  }

  get ready(): boolean {
    return this.#stream !== undefined;
  }

  begin(): void {
    const router = this.#router;
    const cluster = router.cluster;
    const host = cluster.choose(this);
    if (host === undefined) {
      this.#done = true;
      return router.noHost();
    }
    this.host = host;
    router.attempted.push(host);
    const info = router.exchange.info;
    info.upstreamHost = host;
    this.#started = now();
    cluster.stats.rqActive++;
    cluster.stats.rqTotal++;
    cluster.breakers[router.route.priority].requests++;
    host.stats.rqActive++;
    host.stats.rqTotal++;
    const protocol = cluster.config.protocol;
    const http2 = protocol === 'http2' || (protocol === 'downstream' && router.head.httpVersion === 20);
    const options =
      cluster.config.autoSni || cluster.config.autoSanValidation
        ? this.#transportOptions()
        : noTransportOptions;
    this.#pool = cluster.open(host, router.route.priority, http2, options, this);
  }

  #transportOptions(): ClientTransportOptions {
    const { autoSni, autoSanValidation, overrideSniHeader } = this.#router.cluster.config;
    const head = this.#router.head;
    const named = overrideSniHeader === '' ? undefined : head.headers.get(overrideSniHeader);
    const name = (named ?? head.authority).replace(/:[0-9]+$/, '').toLowerCase();
    return { sni: autoSni ? name : '', verifySans: autoSanValidation ? [name] : undefined, alpn: undefined };
  }

  onStreamReady(stream: ClientStream, connection: UpstreamConnection): void {
    if (this.#done) return stream.reset('local-reset');
    this.#stream = stream;
    const router = this.#router;
    const info = router.exchange.info;
    info.upstreamLocal = connection.local;
    info.upstreamTls = connection.tls;
    info.upstreamProtocol = connection.codec?.protocol === 'h2' ? 20 : 11;
    if (info.firstUpstreamTx < 0) info.firstUpstreamTx = now();
    const head = this.#upstreamHead(router.head);
    const body = router.body;
    const trailers = router.trailersToSend;
    const ended = router.requestEnded;
    stream.request(head, ended && body === undefined && trailers === undefined);
    if (body !== undefined) {
      const last = body.length - 1;
      for (let i = 0; i <= last && !this.#done; i++) {
        stream.data(body[i] as Buffer, i === last && ended && trailers === undefined);
      }
    }
    if (trailers !== undefined && !this.#done) stream.trailers(trailers);
    if (ended) this.#allSent();
    router.streamReady();
  }

  #upstreamHead(head: RequestHead): RequestHead {
    const rewrite = this.#router.route.hostRewrite;
    if (rewrite === undefined) return head;
    let authority: string | undefined;
    if (rewrite.kind === 'literal') authority = rewrite.value;
    else if (rewrite.kind === 'auto') authority = this.host?.hostname || undefined;
    else if (rewrite.kind === 'header') authority = head.headers.get(rewrite.value);
    else authority = rewrite.fromPath?.(head.path);
    if (authority === undefined || authority === head.authority) return head;
    if (rewrite.appendXForwardedHost) {
      const before = head.headers.getJoined('x-forwarded-host');
      head.headers.set(
        'x-forwarded-host',
        before === undefined ? head.authority : `${before},${head.authority}`,
      );
    }
    if (!this.#router.exchange.config.suppressEnvoyHeaders)
      head.headers.set('x-envoy-original-host', head.authority);
    return { ...head, authority };
  }

  #allSent(): void {
    this.#sentAll = true;
    this.#router.exchange.info.lastUpstreamTx = now();
  }

  /** The request is complete: the per-try clock starts. */
  requestComplete(): void {
    const router = this.#router;
    if (this.#done || this.running) return;
    if (router.perTryTimeoutMs > 0) this.start(router.perTryTimeoutMs);
    else if (router.retry !== undefined && router.retry.perTryIdleTimeoutMs > 0) {
      this.#idleTry = true;
      this.start(router.retry.perTryIdleTimeoutMs);
    }
  }

  override onTimeout(): void {
    this.#router.onPerTryTimeout(this.#idleTry);
  }

  sendData(chunk: Buffer, end: boolean): boolean {
    if (end) this.#allSent();
    this.#router.exchange.info.upstreamBytesSent += chunk.length;
    return (this.#stream as ClientStream).data(chunk, end);
  }

  sendTrailers(trailers: HeaderMap): void {
    this.#allSent();
    (this.#stream as ClientStream).trailers(trailers);
  }

  onPoolFailure(reason: 'overflow' | 'connect-failure' | 'connect-timeout', detail: string): void {
    if (this.#done) return;
    const host = this.host as Host;
    if (reason !== 'overflow') {
      host.stats.rqError++;
      this.#router.cluster.outlier?.onLocalOriginFailure(
        host,
        reason === 'connect-timeout' ? 'timeout' : 'connect-failed',
      );
    }
    this.#finish();
    const resetReason: ResetReason =
      reason === 'overflow'
        ? 'overflow'
        : reason === 'connect-timeout'
          ? 'connection-timeout'
          : 'connection-failure';
    this.#router.onAttemptReset(resetReason, reason === 'connect-failure' ? detail : '', false, false);
  }

  onInformational(head: ResponseHead): void {
    if (!this.#done) this.#router.onInformational(head);
  }

  onResponse(head: ResponseHead, end: boolean): void {
    if (this.#done) return;
    const router = this.#router;
    const info = router.exchange.info;
    const host = this.host as Host;
    const time = now();
    if (info.firstUpstreamRx < 0) info.firstUpstreamRx = time;
    this.responded = true;
    if (!this.#idleTry) this.stop();
    else this.start(router.retry?.perTryIdleTimeoutMs ?? 0);
    if (head.status >= 500) host.stats.rqError++;
    else host.stats.rqSuccess++;
    const outlier = router.cluster.outlier;
    if (outlier !== undefined) {
      outlier.onStatus(host, head.status);
      outlier.onResponseTime(host, time - this.#started);
    }
    if (end) this.#complete();
    router.onResponse(head, end);
  }

  onData(chunk: Buffer, end: boolean): void {
    if (this.#done) return;
    this.#router.exchange.info.upstreamBytesReceived += chunk.length;
    if (this.#idleTry) this.start(this.#router.retry?.perTryIdleTimeoutMs ?? 0);
    if (end) this.#complete();
    if (!this.#router.onResponseData(chunk, end) && !end && !this.#done) this.pause();
  }

  onTrailers(trailers: HeaderMap): void {
    if (this.#done) return;
    this.#complete();
    this.#router.onResponseTrailers(trailers);
  }

  #complete(): void {
    const router = this.#router;
    router.exchange.info.lastUpstreamRx = now();
    router.cluster.stats.requestMs.record(now() - this.#started);
    if (this.#sentAll || router.requestEnded) {
      this.#finish();
    } else {
      // The response ended before the request: the stream still has to be given up.
      const stream = this.#stream;
      this.#finish();
      queueMicrotask(() => stream?.reset('local-reset'));
    }
  }

  onReset(reason: ResetReason): void {
    if (this.#done) return;
    const host = this.host as Host;
    host.stats.rqError++;
    this.#router.cluster.stats.rqRxReset++;
    this.#router.cluster.outlier?.onLocalOriginFailure(host, 'reset');
    this.#finish();
    this.#router.onAttemptReset(reason, '', this.responded, this.#stream !== undefined);
  }

  onDrain(): void {
    if (!this.#done) this.#router.upstreamDrained();
  }

  pause(): void {
    if (this.#paused || this.#done) return;
    this.#paused = true;
    this.#router.cluster.stats.flowControlPausedReading++;
    this.#stream?.pause();
  }

  resume(): void {
    if (!this.#paused || this.#done) return;
    this.#paused = false;
    this.#router.cluster.stats.flowControlResumedReading++;
    this.#stream?.resume();
  }

  /** The upstream was too slow. */
  timedOut(): void {
    const host = this.host;
    if (host === undefined || this.#done) return;
    host.stats.rqTimeout++;
    host.stats.rqError++;
    this.#router.cluster.outlier?.onLocalOriginFailure(host, 'timeout');
  }

  /** Gives the attempt up: leaves the queue or resets the stream. */
  abort(): void {
    if (this.#done) return;
    const stream = this.#stream;
    this.#finish();
    if (stream !== undefined) {
      this.#router.cluster.stats.rqTxReset++;
      stream.reset('local-reset');
    } else {
      this.#pool?.cancel(this);
    }
  }

  #finish(): void {
    this.#done = true;
    this.stop();
    const host = this.host;
    if (host === undefined) return;
    const router = this.#router;
    router.cluster.stats.rqActive--;
    router.cluster.breakers[router.route.priority].requests--;
    host.stats.rqActive--;
  }
}
