import type { Exchange } from './exchange.ts';
import type { DataResult, HeadStatus, HttpFilter } from './filter.ts';
import type { PassOwner } from './filter-pass.ts';
import type { HeaderMap } from './header-map.ts';
import { localReplies } from './local-reply.ts';
import type { ResponseHead } from './stream.ts';

/** The request's way through the filters: from the codec to the router. */
export class RequestOwner implements PassOwner {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  callHead(filter: HttpFilter, end: boolean): HeadStatus {
    return filter.onRequestHead === undefined
      ? 'continue'
      : filter.onRequestHead(this.#exchange, this.#exchange.request, end);
  }

  callData(filter: HttpFilter, chunk: Buffer, end: boolean): DataResult | undefined {
    return filter.onRequestData?.(this.#exchange, chunk, end);
  }

  callTrailers(filter: HttpFilter, trailers: HeaderMap): HeadStatus {
    return filter.onRequestTrailers?.(this.#exchange, trailers) ?? 'continue';
  }

  deliverHead(end: boolean): void {
    this.#exchange.deliverRequestHead(end);
  }

  deliverData(chunk: Buffer, end: boolean): boolean {
    return this.#exchange.deliverRequestData(chunk, end);
  }

  deliverTrailers(trailers: HeaderMap): void {
    this.#exchange.deliverRequestTrailers(trailers);
  }

  get stopped(): boolean {
    return this.#exchange.requestStopped;
  }

  get limitBytes(): number {
    return this.#exchange.route()?.bufferLimitBytes ?? this.#exchange.config.bufferLimitBytes;
  }

  tooLarge(): void {
    this.#exchange.config.stats.rqTooLarge++;
    this.#exchange.localReply(localReplies.payloadTooLarge);
  }

  pauseSource(): void {
    this.#exchange.pauseRequest();
  }

  resumeSource(): void {
    this.#exchange.resumeRequest();
  }
}

/** The response's way back: from the router to the codec. */
export class ResponseOwner implements PassOwner {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  callHead(filter: HttpFilter, end: boolean): HeadStatus {
    if (filter.onResponseHead === undefined) return 'continue';
    return filter.onResponseHead(this.#exchange, this.#exchange.response as ResponseHead, end);
  }

  callData(filter: HttpFilter, chunk: Buffer, end: boolean): DataResult | undefined {
    return filter.onResponseData?.(this.#exchange, chunk, end);
  }

  callTrailers(filter: HttpFilter, trailers: HeaderMap): HeadStatus {
    return filter.onResponseTrailers?.(this.#exchange, trailers) ?? 'continue';
  }

  deliverHead(end: boolean): void {
    this.#exchange.deliverResponseHead(end);
  }

  deliverData(chunk: Buffer, end: boolean): boolean {
    return this.#exchange.deliverResponseData(chunk, end);
  }

  deliverTrailers(trailers: HeaderMap): void {
    this.#exchange.deliverResponseTrailers(trailers);
  }

  get stopped(): boolean {
    return this.#exchange.over;
  }

  get limitBytes(): number {
    return this.#exchange.config.bufferLimitBytes;
  }

  tooLarge(): void {
    this.#exchange.config.stats.rsTooLarge++;
    this.#exchange.localReply(localReplies.responseTooLarge);
  }

  pauseSource(): void {
    this.#exchange.pauseUpstream();
  }

  resumeSource(): void {
    this.#exchange.resumeUpstream();
  }
}
