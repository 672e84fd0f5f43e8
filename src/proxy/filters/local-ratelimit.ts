import { runtimeFraction } from '../../match/fraction.ts';
import { compileMutations } from '../config/header-mutation.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { LocalRateLimit } from '../config/messages.ts';
import type { FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import { ResponseFlag } from '../http/response-flag.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import { formatContext } from './format-context.ts';
import { randomInteger } from './random-integer.ts';
import { type CompiledRateLimit, compileRateLimits, type DescriptorEntry } from './rate-limit-descriptor.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * `envoy.filters.http.local_ratelimit`: token buckets of this proxy process, one for all requests and one a descriptor. A worker counts for
 * itself. Statistics: `<stat_prefix>.http_local_rate_limit.{enabled,enforced,rate_limited,ok}`.
 */
export const localRatelimit: HttpFilterKind = {
  compile(name, config, env) {
    const own = new Limiter(config as LocalRateLimit, env);
    return {
      name,
      create(exchange) {
        const limiter = (exchange.routeConfig(name) as Limiter | undefined) ?? own;
        return limiter.idle ? undefined : new LocalRateLimitFilter(limiter);
      },
    };
  },
  compileRoute: (config, env) => new Limiter(config as LocalRateLimit, env),
};

const connectionBuckets = new WeakMap<object, Map<Limiter, TokenBucket>>();

class Limiter {
  readonly config: LocalRateLimit;
  readonly env: FilterEnvironment;
  readonly idle: boolean;
  readonly #bucket: TokenBucket | undefined;
  readonly #descriptors: readonly {
    readonly entries: readonly DescriptorEntry[];
    readonly bucket: TokenBucket;
  }[];
  readonly #limits: readonly CompiledRateLimit[];
  readonly stats: Record<'enabled' | 'enforced' | 'limited' | 'ok', { value: number }>;
  readonly addToResponse: ReturnType<typeof compileMutations>;
  readonly addToRequest: ReturnType<typeof compileMutations>;

  constructor(config: LocalRateLimit, env: FilterEnvironment) {
    this.config = config;
    this.env = env;
    this.idle = config.token_bucket === undefined && config.descriptors.length === 0;
    this.#bucket = config.token_bucket && new TokenBucket(config.token_bucket, env.clock);
    this.#descriptors = config.descriptors.map((d) => ({
      entries: d.entries,
      bucket: new TokenBucket(d.token_bucket, env.clock),
    }));
    this.#limits = compileRateLimits(config.rate_limits);
    const at = `${config.stat_prefix}.http_local_rate_limit.`;
    this.stats = {
      enabled: env.stats.counter(`${at}enabled`),
      enforced: env.stats.counter(`${at}enforced`),
      limited: env.stats.counter(`${at}rate_limited`),
      ok: env.stats.counter(`${at}ok`),
    };
    this.addToResponse = compileMutations([
      { add: config.response_headers_to_add, remove: [], path: 'response_headers_to_add' },
    ]);
    this.addToRequest = compileMutations([
      {
        add: config.request_headers_to_add_when_not_enforced,
        remove: [],
        path: 'request_headers_to_add_when_not_enforced',
      },
    ]);
  }

  /** Takes the tokens of a request; `bucket` is the one its rate-limit headers speak of. */
  take(exchange: HttpExchange): { allowed: boolean; bucket: TokenBucket | undefined } {
    const matched = this.#matching(exchange);
    for (const bucket of matched) if (!bucket.take()) return { allowed: false, bucket };
    const own = this.#ownBucket(exchange);
    const useOwn = matched.length === 0 || this.config.always_consume_default_token_bucket;
    if (own !== undefined && useOwn && !own.take()) return { allowed: false, bucket: own };
    return { allowed: true, bucket: matched[0] ?? own };
  }

  #ownBucket(exchange: HttpExchange): TokenBucket | undefined {
    if (!this.config.local_rate_limit_per_downstream_connection || this.config.token_bucket === undefined)
      return this.#bucket;
    const connection = exchange.info.downstream;
    let buckets = connectionBuckets.get(connection);
    if (buckets === undefined) {
      buckets = new Map();
      connectionBuckets.set(connection, buckets);
    }
    let bucket = buckets.get(this);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.config.token_bucket, this.env.clock);
      buckets.set(this, bucket);
    }
    return bucket;
  }

  #matching(exchange: HttpExchange): TokenBucket[] {
    if (this.#descriptors.length === 0) return [];
    const route = exchange.route();
    const limits =
      this.#limits.length > 0
        ? this.#limits
        : compileRateLimits(
            route === undefined
              ? []
              : [...route.rateLimits, ...(this.#hostLimits(route) ? route.virtualHostRateLimits : [])],
          );
    const found: TokenBucket[] = [];
    for (const limit of limits) {
      if (limit.stage !== this.config.stage) continue;
      const entries = limit.descriptor(exchange, '');
      if (entries === undefined) continue;
      const match = this.#descriptors.find((d) => sameEntries(d.entries, entries));
      if (match !== undefined) found.push(match.bucket);
    }
    return found;
  }

  #hostLimits(route: {
    readonly rateLimits: readonly unknown[];
    readonly includeVirtualHostRateLimits: boolean;
  }): boolean {
    if (this.config.vh_rate_limits === 'INCLUDE') return true;
    if (this.config.vh_rate_limits === 'IGNORE') return false;
    return route.rateLimits.length === 0 || route.includeVirtualHostRateLimits;
  }
}

function sameEntries(a: readonly DescriptorEntry[], b: readonly DescriptorEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every((entry, i) => entry.key === b[i]?.key && (entry.value === '' || entry.value === b[i]?.value))
  );
}

class LocalRateLimitFilter implements HttpFilter {
  readonly #limiter: Limiter;
  #bucket: TokenBucket | undefined;

  constructor(limiter: Limiter) {
    this.#limiter = limiter;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const { config, env, stats } = this.#limiter;
    if (
      config.filter_enabled === undefined ||
      !runtimeFraction(config.filter_enabled, env.runtime, randomInteger(env))
    )
      return 'continue';
    stats.enabled.value++;
    const { allowed, bucket } = this.#limiter.take(exchange);
    this.#bucket = bucket;
    if (allowed) {
      stats.ok.value++;
      return 'continue';
    }
    stats.limited.value++;
    if (
      config.filter_enforced === undefined ||
      !runtimeFraction(config.filter_enforced, env.runtime, randomInteger(env))
    ) {
      this.#limiter.addToRequest?.(head.headers, formatContext(exchange), head);
      return 'continue';
    }
    stats.enforced.value++;
    const status = config.status?.code ?? 429;
    exchange.localReply({
      status: status >= 400 ? status : 429,
      body: 'local_rate_limited',
      details: 'local_rate_limited',
      flags: ResponseFlag.rateLimited,
      headers: this.#replyHeaders(exchange),
      ...(config.rate_limited_as_resource_exhausted ? { grpcStatus: 8 } : {}),
    });
    return 'stop';
  }

  #replyHeaders(exchange: HttpExchange): string[] {
    const headers = exchange.request.headers.clone();
    headers.fields.length = 0;
    this.#limiter.addToResponse?.(headers, formatContext(exchange), exchange.request);
    return headers.fields;
  }

  onResponseHead(_exchange: HttpExchange, head: ResponseHead): HeadStatus {
    const bucket = this.#bucket;
    if (bucket === undefined || this.#limiter.config.enable_x_ratelimit_headers === 'OFF') return 'continue';
    head.headers.set('x-ratelimit-limit', String(bucket.max));
    head.headers.set('x-ratelimit-remaining', String(bucket.remaining));
    head.headers.set('x-ratelimit-reset', String(bucket.resetSeconds));
    return 'continue';
  }
}
