import { runtimeFraction } from '../../match/fraction.ts';
import { compileMutations } from '../config/header-mutation.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { HttpRateLimit, RateLimitPerRoute } from '../config/messages.ts';
import type { FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import { HeaderMap } from '../http/header-map.ts';
import { ResponseFlag } from '../http/response-flag.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import { inTurn } from '../network/event-loop.ts';
import { formatContext } from './format-context.ts';
import { callGrpc } from './grpc-call.ts';
import {
  fieldBytes,
  fieldNumber,
  fieldText,
  type ProtoField,
  ProtoWriter,
  readProto,
  readStruct,
} from './protobuf.ts';
import { randomInteger } from './random-integer.ts';
import { compileRateLimits, type DescriptorEntry } from './rate-limit-descriptor.ts';

/**
 * `envoy.filters.http.ratelimit`: asks a rate-limit service (gRPC) whether a request may pass. Statistics of the route's cluster:
 * `cluster.<name>.ratelimit.{ok,over_limit,error,failure_mode_allowed}`.
 */
export const ratelimit: HttpFilterKind = {
  compile(name, message, env) {
    const config = message as HttpRateLimit;
    return {
      name,
      create: (exchange) =>
        new RateLimitFilter(config, env, exchange.routeConfig(name) as RateLimitPerRoute | undefined),
    };
  },
  compileRoute: (config) => config,
};

const method = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit';
const overLimit = 2;

interface Answer {
  readonly over: boolean;
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  readonly body: string;
  readonly limits: readonly ProtoField[];
  readonly metadata: Record<string, unknown> | undefined;
}

class RateLimitFilter implements HttpFilter {
  readonly #config: HttpRateLimit;
  readonly #env: FilterEnvironment;
  readonly #route: RateLimitPerRoute | undefined;
  #answer: Answer | undefined;

  constructor(config: HttpRateLimit, env: FilterEnvironment, route: RateLimitPerRoute | undefined) {
    this.#config = config;
    this.#env = env;
    this.#route = route;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const { filter_enabled, request_type } = this.#config;
    if (
      filter_enabled !== undefined &&
      !runtimeFraction(filter_enabled, this.#env.runtime, randomInteger(this.#env))
    )
      return 'continue';
    const internal = head.headers.get('x-envoy-internal') === 'true';
    if ((request_type === 'internal' && !internal) || (request_type === 'external' && internal))
      return 'continue';
    const descriptors = this.#descriptors(exchange);
    if (descriptors.length === 0) return 'continue';
    void this.#ask(exchange, descriptors);
    return 'stop';
  }

  #descriptors(exchange: HttpExchange): (readonly DescriptorEntry[])[] {
    const route = exchange.route();
    if (route === undefined) return [];
    const own = this.#route?.rate_limits.length ? this.#route.rate_limits : this.#config.rate_limits;
    const fromRoute = own.length > 0 ? own : route.rateLimits;
    const option = this.#route?.vh_rate_limits ?? 'OVERRIDE';
    const withHost =
      option === 'INCLUDE' ||
      (option === 'OVERRIDE' && (fromRoute.length === 0 || route.includeVirtualHostRateLimits));
    const limits = compileRateLimits(
      withHost && own.length === 0 ? [...fromRoute, ...route.virtualHostRateLimits] : fromRoute,
    );
    return limits.flatMap((limit) => {
      const entries = limit.stage === this.#config.stage ? limit.descriptor(exchange, '') : undefined;
      return entries === undefined ? [] : [entries];
    });
  }

  async #ask(exchange: HttpExchange, descriptors: readonly (readonly DescriptorEntry[])[]): Promise<void> {
    const request = new ProtoWriter().string(1, this.#route?.domain || this.#config.domain);
    for (const entries of descriptors)
      request.message(2, (d) => {
        for (const e of entries) d.message(1, (entry) => entry.string(1, e.key).string(2, e.value));
      });
    let answer: Answer | undefined;
    try {
      const service = this.#config.rate_limit_service.grpc_service;
      answer = readAnswer(await callGrpc(this.#env, service, method, request.finish(), this.#config.timeout));
    } catch {
      answer = undefined;
    }
    inTurn(() => {
      if (!exchange.over) this.#decide(exchange, answer);
    });
  }

  #decide(exchange: HttpExchange, answer: Answer | undefined): void {
    const { request } = exchange;
    if (answer === undefined) return this.#failed(exchange);
    this.#answer = answer;
    if (answer.metadata !== undefined)
      exchange.info.setMetadata('envoy.filters.http.ratelimit', answer.metadata);
    addAll(request.headers, answer.requestHeaders);
    if (!answer.over) {
      this.#count(exchange, 'ok');
      return exchange.continueRequest();
    }
    this.#count(exchange, 'over_limit');
    const { filter_enforced } = this.#config;
    if (
      filter_enforced !== undefined &&
      !runtimeFraction(filter_enforced, this.#env.runtime, randomInteger(this.#env))
    )
      return exchange.continueRequest();
    const headers = new HeaderMap([...answer.responseHeaders]);
    compileMutations([
      { add: this.#config.response_headers_to_add, remove: [], path: 'response_headers_to_add' },
    ])?.(headers, formatContext(exchange), request);
    if (!this.#config.disable_x_envoy_ratelimited_header) headers.set('x-envoy-ratelimited', 'true');
    const status = this.#config.rate_limited_status?.code ?? 429;
    exchange.localReply({
      status: status < 400 ? 429 : status,
      body: answer.body,
      details: 'request_rate_limited',
      flags: ResponseFlag.rateLimited,
      headers: headers.fields,
      ...(this.#config.rate_limited_as_resource_exhausted ? { grpcStatus: 8 } : {}),
    });
  }

  #failed(exchange: HttpExchange): void {
    this.#count(exchange, 'error');
    if (!this.#config.failure_mode_deny) {
      this.#count(exchange, 'failure_mode_allowed');
      return exchange.continueRequest();
    }
    const status = this.#config.status_on_error?.code ?? 500;
    exchange.localReply({ status, details: 'rate_limiter_error', flags: ResponseFlag.rateLimitServiceError });
  }

  #count(exchange: HttpExchange, name: string): void {
    this.#env.stats.counter(`cluster.${exchange.route()?.clusterName ?? ''}.ratelimit.${name}`).value++;
  }

  onResponseHead(_exchange: HttpExchange, head: ResponseHead): HeadStatus {
    if (this.#answer === undefined) return 'continue';
    if (!this.#answer.over) addAll(head.headers, this.#answer.responseHeaders);
    if (this.#config.enable_x_ratelimit_headers === 'DRAFT_VERSION_03')
      this.#rateHeaders(head.headers, this.#answer.limits);
    return 'continue';
  }

  /** `x-ratelimit-*` of the descriptor with the least left. */
  #rateHeaders(headers: HeaderMap, statuses: readonly ProtoField[]): void {
    const limits = statuses.map((s) => readProto(s.bytes)).filter((s) => fieldBytes(s, 2) !== undefined);
    const least = limits.sort((a, b) => fieldNumber(a, 3) - fieldNumber(b, 3))[0];
    if (least === undefined) return;
    const limit = readProto(fieldBytes(least, 2) ?? Buffer.alloc(0));
    const reset = fieldBytes(least, 4);
    headers.set('x-ratelimit-limit', String(fieldNumber(limit, 1)));
    headers.set('x-ratelimit-remaining', String(fieldNumber(least, 3)));
    headers.set('x-ratelimit-reset', String(reset === undefined ? 0 : fieldNumber(readProto(reset), 1)));
  }
}

function readAnswer(data: Buffer): Answer {
  const fields = readProto(data);
  const metadata = fieldBytes(fields, 6);
  const headers = (field: number) =>
    fields
      .filter((f) => f.field === field)
      .flatMap((f) => {
        const parts = readProto(f.bytes);
        const raw = fieldBytes(parts, 3);
        return [
          fieldText(parts, 1).toLowerCase(),
          raw === undefined ? fieldText(parts, 2) : raw.toString('latin1'),
        ];
      });
  return {
    over: fieldNumber(fields, 1) === overLimit,
    responseHeaders: headers(3),
    requestHeaders: headers(4),
    body: fieldBytes(fields, 5)?.toString('utf8') ?? '',
    limits: fields.filter((f) => f.field === 2),
    metadata: metadata === undefined ? undefined : readStruct(metadata),
  };
}

function addAll(headers: HeaderMap, fields: readonly string[]): void {
  for (let i = 0; i < fields.length; i += 2) headers.add(fields[i] as string, fields[i + 1] as string);
}
