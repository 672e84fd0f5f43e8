import type { MatchContext } from '../../match/request.ts';
import type { FormatContext } from '../access-log/format.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import { now, wallNow } from '../network/event-loop.ts';
import { after, Deadline } from '../network/timer.ts';
import type { Route } from '../router/route.ts';
import { Router } from '../router/router.ts';
import type { Cluster } from '../upstream/cluster.ts';
import { httpDate } from './date.ts';
import type { HttpExchange, HttpFilter, HttpFilterFactory, LocalReply } from './filter.ts';
import { FilterPass } from './filter-pass.ts';
import { encodeGrpcMessage, grpcStatusOf, isGrpc } from './grpc.ts';
import { HeaderMap } from './header-map.ts';
import { localReplies } from './local-reply.ts';
import type { ManagerConfig, Span } from './manager-config.ts';
import { RequestOwner, ResponseOwner } from './pass-owners.ts';
import { checkRequest, prepareRequest } from './request-headers.ts';
import { ResponseFlag } from './response-flag.ts';
import type {
  Refusal,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerStream,
  ServerStreamHandler,
} from './stream.ts';
import { StreamInfo } from './stream-info.ts';

/** The connection an exchange belongs to. */
export interface ExchangeOwner {
  readonly config: ManagerConfig;
  readonly info: DownstreamInfo;
  onExchangeDone(exchange: Exchange): void;
}

const noBytes = Buffer.alloc(0);

/** One request and its response on their way through the connection manager: checks, filters, router, and the record of it all. Its own deadline is the stream idle timeout. */
export class Exchange
  extends Deadline
  implements ServerStreamHandler, HttpExchange, FormatContext, MatchContext
{
  request!: RequestHead;
  response: ResponseHead | undefined = undefined;
  responseTrailers: HeaderMap | undefined = undefined;
  localReplyBody = '';
  readonly info: StreamInfo;
  readonly config: ManagerConfig;
  /** Where the router sent it. */
  cluster: Cluster | undefined = undefined;
  over = false;
  requestEnded = false;
  responseStarted = false;
  /** set-cookie values that hash policies and stateful sessions add to the response. */
  readonly #owner: ExchangeOwner;
  readonly #stream: ServerStream;
  #idleMs: number;
  #router: Router | undefined = undefined;
  #filters: HttpFilter[] | undefined = undefined;
  #requestPass: FilterPass | undefined = undefined;
  #responsePass: FilterPass | undefined = undefined;
  #route: Route | undefined = undefined;
  #routeKnown = false;
  #random = -1;
  #timers: { cancel(): void }[] | undefined = undefined;
  #span: Span | undefined = undefined;
  #cookies: string[] | undefined = undefined;
  #replying = false;
  #upgraded = false;

  constructor(owner: ExchangeOwner, stream: ServerStream) {
    super();
    this.#owner = owner;
    this.#stream = stream;
    this.config = owner.config;
    this.#idleMs = owner.config.streamIdleTimeoutMs;
    this.info = new StreamInfo(owner.info, wallNow(), now());
    const stats = this.config.stats;
    stats.rqTotal++;
    stats.rqActive++;
  }

  // --- request, from the codec ---

  onRequest(head: RequestHead, end: boolean): void {
    this.request = head;
    const config = this.config;
    const info = this.info;
    info.protocol = head.httpVersion;
    if (head.httpVersion === 20) config.stats.rqHttp2Total++;
    else config.stats.rqHttp1Total++;
    if (end) this.#markRequestEnd();
    if (this.#idleMs > 0) this.start(this.#idleMs);
    if (config.maxStreamDurationMs > 0) this.timer(config.maxStreamDurationMs, () => this.#maxDuration());
    if (config.requestTimeoutMs > 0 && !end)
      this.timer(config.requestTimeoutMs, () => this.#requestTimeout());
    const refused = checkRequest(head, config);
    if (refused !== undefined) return this.localReply(refused);
    config.telemetry?.receive(head, info);
    prepareRequest(head, info, config);
    if (!config.proxy100Continue && !end) this.#expectContinue(head);
    this.#span = config.tracing?.start(this, info.downstream.tls);
    const factories = this.#filtersFor(head);
    if (factories === undefined) return;
    if (factories.length > 0 && this.#createFilters(factories)) (this.#requestPass as FilterPass).head(end);
    else this.deliverRequestHead(end);
  }

  #expectContinue(head: RequestHead): void {
    const expect = head.headers.get('expect');
    if (expect === undefined || expect.toLowerCase() !== '100-continue') return;
    head.headers.remove('expect');
    this.#stream.informational({ status: 100, headers: new HeaderMap() });
  }

  /** The filter chain of this request; undefined when it was refused. */
  #filtersFor(head: RequestHead): readonly HttpFilterFactory[] | undefined {
    const upgrade = head.method === 'CONNECT' && head.protocol === undefined ? 'connect' : head.protocol;
    if (upgrade === undefined) return this.config.filters;
    const manager = this.config.upgrades.get(upgrade);
    const rule = this.route()?.upgrades?.get(upgrade);
    const enabled = rule === undefined ? manager?.enabled === true : rule.enabled;
    if (!enabled) {
      this.config.stats.rqWsOnNonWsRoute++;
      this.localReply(
        this.#route === undefined && manager === undefined && upgrade === 'connect'
          ? localReplies.routeNotFound
          : localReplies.upgradeFailed,
      );
      return undefined;
    }
    return manager?.filters ?? this.config.filters;
  }

  #createFilters(factories: readonly HttpFilterFactory[]): boolean {
    const filters: HttpFilter[] = [];
    for (const factory of factories) {
      if (this.#disabled(factory)) continue;
      const filter = factory.create(this);
      if (filter !== undefined) filters.push(filter);
    }
    if (filters.length === 0) return false;
    this.#filters = filters;
    this.#requestPass = new FilterPass(filters, new RequestOwner(this));
    this.#responsePass = new FilterPass(filters.toReversed(), new ResponseOwner(this));
    return true;
  }

  #disabled(factory: HttpFilterFactory): boolean {
    const byDefault = factory.disabledByDefault === true;
    const entries = this.route()?.filterConfigs.get(factory.name);
    if (entries === undefined) return byDefault;
    for (let i = entries.length - 1; i >= 0; i--) {
      const disabled = entries[i]?.disabled;
      if (disabled !== undefined) return disabled;
    }
    return false;
  }

  onData(chunk: Buffer, end: boolean): void {
    if (this.over) return;
    this.info.bytesReceived += chunk.length;
    if (end) this.#markRequestEnd();
    this.#touch();
    if (this.#requestPass !== undefined) this.#requestPass.data(chunk, end);
    else this.deliverRequestData(chunk, end);
  }

  onTrailers(trailers: HeaderMap): void {
    if (this.over) return;
    this.#markRequestEnd();
    this.#touch();
    if (this.#requestPass !== undefined) this.#requestPass.trailers(trailers);
    else this.deliverRequestTrailers(trailers);
  }

  #markRequestEnd(): void {
    this.requestEnded = true;
    this.info.lastRxByte = now();
  }

  onReset(reason: ResetReason, refusal?: Refusal): void {
    if (this.over) return;
    const info = this.info;
    if (reason === 'protocol-error') {
      info.setFlag(ResponseFlag.downstreamProtocolError);
      if (refusal !== undefined) {
        info.details = refusal.detail;
        info.responseCode = refusal.status;
        info.bytesSent = refusal.bytes;
      } else if (info.details === '') info.details = 'codec_error';
    } else {
      info.setFlag(ResponseFlag.downstreamConnectionTermination);
      info.details = 'downstream_remote_disconnect';
    }
    this.config.stats.rqRxReset++;
    this.#finish();
  }

  onDrain(): void {
    if (!this.over) this.#router?.resumeResponse();
  }

  // --- request, after the filters ---

  deliverRequestHead(end: boolean): void {
    const router = new Router(this);
    this.#router = router;
    router.start(end);
  }

  deliverRequestData(chunk: Buffer, end: boolean): boolean {
    if (this.#router === undefined || this.#router.data(chunk, end)) return true;
    this.#stream.pause();
    return false;
  }

  deliverRequestTrailers(trailers: HeaderMap): void {
    this.#router?.trailers(trailers);
  }

  pauseRequest(): void {
    if (!this.over) this.#stream.pause();
  }

  resumeRequest(): void {
    if (!this.over) this.#stream.resume();
  }

  pauseUpstream(): void {
    this.#router?.pauseResponse();
  }

  resumeUpstream(): void {
    this.#router?.resumeResponse();
  }

  // --- response, from the router ---

  informational(head: ResponseHead): void {
    if (this.over || this.responseStarted) return;
    if (head.status === 100 && !this.config.proxy100Continue) return;
    if (this.#filters !== undefined) for (const filter of this.#filters) filter.onInformational?.(this, head);
    this.#stream.informational(head);
  }

  /** The upstream's response, or one the router made. */
  respond(head: ResponseHead, end: boolean): void {
    if (this.over) return;
    this.response = head;
    this.#touch();
    if (this.#responsePass !== undefined) this.#responsePass.head(end);
    else this.deliverResponseHead(end);
  }

  /** False: wait for resumeResponse. */
  responseData(chunk: Buffer, end: boolean): boolean {
    if (this.over) return true;
    this.#touch();
    if (this.#responsePass !== undefined) return this.#responsePass.data(chunk, end);
    return this.deliverResponseData(chunk, end);
  }

  trailersFromUpstream(trailers: HeaderMap): void {
    if (this.over) return;
    if (this.#responsePass !== undefined) this.#responsePass.trailers(trailers);
    else this.deliverResponseTrailers(trailers);
  }

  deliverResponseHead(end: boolean): void {
    const head = this.response as ResponseHead;
    const config = this.config;
    const info = this.info;
    const headers = head.headers;
    this.responseStarted = true;
    info.responseCode = head.status;
    if (info.firstDownstreamTx < 0) info.firstDownstreamTx = now();
    if (config.serverHeader === 'overwrite') headers.set('server', config.serverName);
    else if (config.serverHeader === 'append-if-absent' && !headers.has('server'))
      headers.add('server', config.serverName);
    if (!headers.has('date')) headers.add('date', httpDate());
    if (config.via !== '') {
      const via = headers.getJoined('via');
      headers.set('via', via === undefined ? config.via : `${via}, ${config.via}`);
    }
    if (config.requestIdInResponse && info.requestId !== '') headers.set('x-request-id', info.requestId);
    if (this.#cookies !== undefined) for (const cookie of this.#cookies) headers.add('set-cookie', cookie);
    if (end) this.#noteGrpc(headers);
    if (head.status === 101 || (this.request.method === 'CONNECT' && head.status < 300)) this.#countUpgrade();
    this.#stream.respond(head, end);
    if (end) this.#finishResponse();
  }

  #countUpgrade(): void {
    this.#upgraded = true;
    this.config.stats.cxUpgradesTotal++;
    this.config.stats.cxUpgradesActive++;
  }

  deliverResponseData(chunk: Buffer, end: boolean): boolean {
    this.info.bytesSent += chunk.length;
    const room = this.#stream.data(chunk, end);
    if (end) this.#finishResponse();
    return room;
  }

  deliverResponseTrailers(trailers: HeaderMap): void {
    this.responseTrailers = trailers;
    this.#noteGrpc(trailers);
    this.#stream.trailers(trailers);
    this.#finishResponse();
  }

  #noteGrpc(fields: HeaderMap): void {
    const status = fields.get('grpc-status');
    if (status !== undefined && /^[0-9]{1,3}$/.test(status)) this.info.grpcStatus = Number(status);
  }

  #finishResponse(): void {
    this.info.lastDownstreamTx = now();
    if (this.over) return;
    // What is left of the request is never read: Envoy counts that as a reset.
    if (!this.requestEnded) this.config.stats.rqRxReset++;
    this.#finish();
  }

  /** The upstream failed after its response began. */
  resetDownstream(details: string, flags: number): void {
    if (this.over) return;
    this.info.setFlag(flags);
    this.info.details = details;
    this.config.stats.rqTxReset++;
    this.#stream.reset('local-reset');
    this.#finish();
  }

  // --- filters' interface ---

  route(): Route | undefined {
    if (this.#routeKnown) return this.#route;
    this.#routeKnown = true;
    let route = this.config.routes()?.match(this.request, this);
    if (route?.weighted !== undefined) route = route.weighted.pick(this.randomValue, this.request);
    this.#route = route;
    if (route !== undefined) {
      this.info.routeName = route.name;
      this.info.clusterName = route.clusterName;
      if (route.idleTimeoutMs !== undefined) this.#setIdle(route.idleTimeoutMs);
    }
    return route;
  }

  // MatchContext
  get stream(): StreamInfo {
    return this.info;
  }

  /** The same for the whole exchange, so that all its matches agree. */
  get randomValue(): number {
    if (this.#random < 0) this.#random = Math.floor(this.config.random() * 4_294_967_296);
    return this.#random;
  }

  runtime(key: string): number | boolean | string | undefined {
    return this.config.runtime(key);
  }

  #setIdle(ms: number): void {
    this.#idleMs = ms;
    if (ms > 0) this.start(ms);
    else this.stop();
  }

  clearRouteCache(): void {
    this.#routeKnown = false;
    this.#route = undefined;
  }

  routeConfig(filterName: string): unknown {
    const entries = this.route()?.filterConfigs.get(filterName);
    if (entries === undefined) return undefined;
    for (let i = entries.length - 1; i >= 0; i--)
      if (entries[i]?.value !== undefined) return entries[i]?.value;
    return undefined;
  }

  routeConfigs(filterName: string): readonly unknown[] {
    const entries = this.route()?.filterConfigs.get(filterName) ?? [];
    return entries.filter((entry) => entry.value !== undefined).map((entry) => entry.value);
  }

  continueRequest(): void {
    if (!this.over && !this.#replying) this.#requestPass?.continue();
  }

  continueResponse(): void {
    if (!this.over) this.#responsePass?.continue();
  }

  get heldRequestData(): readonly Buffer[] {
    return this.#requestPass?.held ?? [];
  }

  get heldResponseData(): readonly Buffer[] {
    return this.#responsePass?.held ?? [];
  }

  replaceHeldRequestData(chunks: Buffer[]): void {
    this.#requestPass?.replaceHeld(chunks);
  }

  replaceHeldResponseData(chunks: Buffer[]): void {
    this.#responsePass?.replaceHeld(chunks);
  }

  addRequestTrailers(trailers: HeaderMap): void {
    this.#requestPass?.addTrailers(trailers);
  }

  endResponseWith(chunk: Buffer): void {
    this.#responsePass?.endWith(chunk);
  }

  addResponseTrailers(trailers: HeaderMap): void {
    this.#responsePass?.addTrailers(trailers);
  }

  addCookie(cookie: string): void {
    this.#cookies ??= [];
    this.#cookies.push(cookie);
  }

  /** Whether the request side must not go on: over, or being answered locally. */
  get requestStopped(): boolean {
    return this.over || this.#replying;
  }

  localReply(reply: LocalReply): void {
    if (this.over) return;
    this.info.setFlag(reply.flags ?? 0);
    if (this.responseStarted) return this.resetDownstream(reply.details, 0);
    if (this.#replying && this.response !== undefined) return this.resetDownstream(reply.details, 0);
    this.#replying = true;
    this.info.details = reply.details;
    this.#router?.abort();
    this.#router = undefined;
    const head = isGrpc(this.request.headers) ? this.#grpcReply(reply) : this.#plainReply(reply);
    this.response = head;
    const body =
      this.request.method === 'HEAD' || this.localReplyBody === ''
        ? noBytes
        : Buffer.from(this.localReplyBody, 'utf8');
    const end = body.length === 0;
    this.respond(head, end);
    if (!end && !this.over) this.responseData(body, true);
  }

  #plainReply(reply: LocalReply): ResponseHead {
    const rewritten = this.config.localReply?.(reply, this);
    const body = rewritten?.body ?? reply.body ?? '';
    const headers = new HeaderMap();
    this.localReplyBody = body;
    if (body !== '') {
      headers.add('content-length', String(Buffer.byteLength(body)));
      headers.add('content-type', rewritten?.contentType ?? 'text/plain');
    }
    this.#addFields(headers, rewritten?.headers ?? reply.headers);
    return { status: rewritten?.status ?? reply.status, headers };
  }

  #grpcReply(reply: LocalReply): ResponseHead {
    const status = reply.grpcStatus ?? grpcStatusOf(reply.status);
    const headers = new HeaderMap(['content-type', 'application/grpc', 'grpc-status', String(status)]);
    if (reply.body) headers.add('grpc-message', encodeGrpcMessage(reply.body));
    this.#addFields(headers, reply.headers);
    this.localReplyBody = '';
    return { status: 200, headers };
  }

  #addFields(headers: HeaderMap, fields: readonly string[] | undefined): void {
    if (fields === undefined) return;
    for (let i = 0; i < fields.length; i += 2) headers.set(fields[i] as string, fields[i + 1] as string);
  }

  // --- time ---

  /** A timer that ends with the exchange. */
  timer(ms: number, fn: () => void): { cancel(): void } {
    const timer = after(ms, fn);
    this.#timers ??= [];
    this.#timers.push(timer);
    return timer;
  }

  #touch(): void {
    if (this.#idleMs > 0) this.start(this.#idleMs);
  }

  override onTimeout(): void {
    this.config.stats.rqIdleTimeout++;
    if (this.#router?.waitsForUpstream === true && this.requestEnded) {
      this.localReply({ ...localReplies.streamIdleTimeout, status: 504 });
    } else {
      this.localReply(localReplies.streamIdleTimeout);
    }
  }

  #maxDuration(): void {
    this.config.stats.rqMaxDuration++;
    this.localReply(localReplies.maxDuration);
  }

  #requestTimeout(): void {
    if (this.requestEnded) return;
    this.config.stats.rqTimeout++;
    this.localReply(localReplies.requestTimeout);
  }

  #finish(): void {
    this.over = true;
    this.stop();
    if (this.#timers !== undefined) for (const timer of this.#timers) timer.cancel();
    this.#router?.abort();
    if (this.#filters !== undefined) for (const filter of this.#filters) filter.onDestroy?.(this);
    const config = this.config;
    const info = this.info;
    const stats = config.stats;
    info.complete = now();
    stats.rqActive--;
    if (this.#upgraded) stats.cxUpgradesActive--;
    if (info.responseCode !== 0) stats.countStatus(info.responseCode);
    stats.requestMs.record(info.complete - info.start);
    if (config.accessLogs.length > 0) for (const log of config.accessLogs) log.log(this);
    config.telemetry?.record(this, this.cluster);
    this.#span?.end(this);
    this.#owner.onExchangeDone(this);
  }
}
