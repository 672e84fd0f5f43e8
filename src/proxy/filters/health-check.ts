import { allHeaders, type RequestTest } from '../../match/header-match.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { HealthCheckFilter } from '../config/messages.ts';
import type { FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import { ResponseFlag } from '../http/response-flag.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';

/**
 * `envoy.filters.http.health_check`: answers health checks itself, or passes them on and remembers the answer for `cache_time`. A request is a
 * health check when all `headers` match. `/healthcheck/fail` of the admin API makes it answer 503.
 */
export const healthCheck: HttpFilterKind = {
  compile(name, message, env) {
    const config = message as HealthCheckFilter;
    if (!config.pass_through_mode && config.cache_time !== undefined)
      throw new Error('cache_time_ms must not be set when path_through_mode is disabled');
    if (Object.keys(config.cluster_min_healthy_percentages).length > 0)
      throw new Error('cluster_min_healthy_percentages is not supported by this filter');
    const isCheck = allHeaders(config.headers) ?? (() => true);
    const cache = { status: 0, degraded: false, until: 0 };
    return {
      name,
      create: () => new HealthCheckInstance(config, env, cache, isCheck),
    };
  },
};

interface Cached {
  status: number;
  degraded: boolean;
  until: number;
}

class HealthCheckInstance implements HttpFilter {
  readonly #config: HealthCheckFilter;
  readonly #env: FilterEnvironment;
  readonly #cache: Cached;
  readonly #isCheck: RequestTest;
  #passed = false;

  constructor(config: HealthCheckFilter, env: FilterEnvironment, cache: Cached, isCheck: RequestTest) {
    this.#config = config;
    this.#env = env;
    this.#cache = cache;
    this.#isCheck = isCheck;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    if (!this.#isCheck(head)) return 'continue';
    exchange.info.healthCheck = true;
    const failing = this.#env.runtime('lateen.health_check_failed') === true;
    if (!failing && this.#config.pass_through_mode) {
      if (this.#cache.until <= this.#env.clock.monotonic()) {
        this.#passed = true;
        return 'continue';
      }
      this.#reply(exchange, this.#cache.status, this.#cache.degraded);
      return 'stop';
    }
    this.#reply(exchange, failing ? 503 : 200, false);
    return 'stop';
  }

  #reply(exchange: HttpExchange, status: number, degraded: boolean): void {
    exchange.localReply({
      status,
      details: status === 200 ? 'health_check_ok' : 'health_check_failed',
      flags: status === 200 ? 0 : ResponseFlag.failedLocalHealthCheck,
      ...(degraded ? { headers: ['x-envoy-degraded', ''] } : {}),
    });
  }

  onResponseHead(_exchange: HttpExchange, head: ResponseHead): HeadStatus {
    const { cache_time } = this.#config;
    if (this.#passed && cache_time !== undefined) {
      this.#cache.status = head.status;
      this.#cache.degraded = head.headers.has('x-envoy-degraded');
      this.#cache.until = this.#env.clock.monotonic() + cache_time;
    }
    return 'continue';
  }
}
