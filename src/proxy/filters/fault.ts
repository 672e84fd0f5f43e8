import { inFraction } from '../../match/fraction.ts';
import { allHeaders, type RequestTest } from '../../match/header-match.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { FractionalPercent, HttpFault } from '../config/messages.ts';
import type { DataResult, FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import { ResponseFlag } from '../http/response-flag.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import { randomInteger } from './random-integer.ts';

/**
 * `envoy.filters.http.fault`: delays and aborts a share of the requests, and slows responses down. A fault without a percentage happens
 * never. Statistics: `http.<prefix>.fault.{delays_injected,aborts_injected,response_rl_injected,faults_overflow,active_faults}`.
 */
export const fault: HttpFilterKind = {
  compile(name, config, env) {
    const filter = compileFault(config as HttpFault, env);
    return { name, create: (exchange) => select(exchange, name, filter) };
  },
  compileRoute: (config, env) => compileFault(config as HttpFault, env),
};

function select(exchange: HttpExchange, name: string, own: CompiledFault): HttpFilter | undefined {
  const rule = (exchange.routeConfig(name) as CompiledFault | undefined) ?? own;
  return rule.idle ? undefined : new FaultFilter(rule);
}

interface CompiledFault {
  readonly config: HttpFault;
  readonly headers: RequestTest | undefined;
  readonly env: FilterEnvironment;
  /** Neither delay, abort nor rate limit is configured. */
  readonly idle: boolean;
  readonly stats: FaultStats;
}

interface FaultStats {
  readonly delays: { value: number };
  readonly aborts: { value: number };
  readonly limits: { value: number };
  readonly overflow: { value: number };
  readonly active: { value: number };
}

function compileFault(config: HttpFault, env: FilterEnvironment): CompiledFault {
  const at = `${env.statPrefix}fault.`;
  return {
    config,
    env,
    headers: allHeaders(config.headers),
    idle:
      config.delay === undefined && config.abort === undefined && config.response_rate_limit === undefined,
    stats: {
      delays: env.stats.counter(`${at}delays_injected`),
      aborts: env.stats.counter(`${at}aborts_injected`),
      limits: env.stats.counter(`${at}response_rl_injected`),
      overflow: env.stats.counter(`${at}faults_overflow`),
      active: env.stats.gauge(`${at}active_faults`),
    },
  };
}

class FaultFilter implements HttpFilter {
  readonly #rule: CompiledFault;
  #timer: { cancel(): void } | undefined;
  #active = false;
  #bytesPerMs = 0;
  /** Monotonic time when the bytes sent so far are paid for. */
  #paidUntil = 0;
  #releasing: { cancel(): void } | undefined;

  constructor(rule: CompiledFault) {
    this.#rule = rule;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const { config } = this.#rule;
    if (!this.#applies(exchange, head)) return 'continue';
    this.#limitResponse(head);
    const delay = this.#delayMs(head);
    if (delay > 0 && this.#claim()) {
      this.#rule.stats.delays.value++;
      exchange.info.setFlag(ResponseFlag.delayInjected);
      this.#timer = this.#rule.env.after(delay, () => this.#afterDelay(exchange, head));
      return 'stop';
    }
    if (config.abort !== undefined && this.#abort(exchange, head)) return 'stop';
    return 'continue';
  }

  #afterDelay(exchange: HttpExchange, head: RequestHead): void {
    this.#timer = undefined;
    if (exchange.over) return;
    if (this.#rule.config.abort !== undefined && this.#abort(exchange, head)) return;
    exchange.continueRequest();
  }

  #applies(exchange: HttpExchange, head: RequestHead): boolean {
    const { config, headers } = this.#rule;
    if (config.upstream_cluster !== '' && exchange.route()?.clusterName !== config.upstream_cluster)
      return false;
    if (config.downstream_nodes.length > 0) {
      const node = head.headers.get('x-envoy-downstream-service-node');
      if (node === undefined || !config.downstream_nodes.includes(node)) return false;
    }
    return headers === undefined || headers(head);
  }

  /** Takes one of the faults that may be active at once. */
  #claim(): boolean {
    const { config, env, stats } = this.#rule;
    const override = env.runtime(config.max_active_faults_runtime || 'fault.http.max_active_faults');
    const most = typeof override === 'number' ? override : config.max_active_faults;
    if (this.#active) return true;
    if (most !== undefined && stats.active.value >= most) {
      stats.overflow.value++;
      return false;
    }
    stats.active.value++;
    this.#active = true;
    return true;
  }

  #delayMs(head: RequestHead): number {
    const { delay, delay_percent_runtime, delay_duration_runtime } = this.#rule.config;
    if (delay === undefined) return 0;
    const key = delay_percent_runtime || 'fault.http.delay.fixed_delay_percent';
    if (
      !this.#chosen(
        delay.percentage,
        key,
        head,
        delay.header_delay !== undefined,
        'x-envoy-fault-delay-request-percentage',
      )
    )
      return 0;
    if (delay.header_delay !== undefined) return headerNumber(head, 'x-envoy-fault-delay-request') ?? 0;
    const override = this.#rule.env.runtime(delay_duration_runtime || 'fault.http.delay.fixed_duration_ms');
    return typeof override === 'number' ? override : (delay.fixed_delay ?? 0);
  }

  #abort(exchange: HttpExchange, head: RequestHead): boolean {
    const { abort, abort_percent_runtime, abort_http_status_runtime, abort_grpc_status_runtime } =
      this.#rule.config;
    if (abort === undefined) return false;
    const key = abort_percent_runtime || 'fault.http.abort.abort_percent';
    if (
      !this.#chosen(
        abort.percentage,
        key,
        head,
        abort.header_abort !== undefined,
        'x-envoy-fault-abort-request-percentage',
      )
    )
      return false;
    const runtime = (name: string) => {
      const value = this.#rule.env.runtime(name);
      return typeof value === 'number' ? value : undefined;
    };
    let http = abort.http_status;
    let grpc = abort.grpc_status;
    if (abort.header_abort !== undefined) {
      http = headerNumber(head, 'x-envoy-fault-abort-request');
      grpc = headerNumber(head, 'x-envoy-fault-abort-grpc-request');
      if (http !== undefined && (http < 200 || http > 599)) http = undefined;
    } else if (http !== undefined)
      http = runtime(abort_http_status_runtime || 'fault.http.abort.http_status') ?? http;
    else grpc = runtime(abort_grpc_status_runtime || 'fault.http.abort.grpc_status') ?? grpc;
    if ((http === undefined && grpc === undefined) || !this.#claim()) return false;
    this.#rule.stats.aborts.value++;
    exchange.localReply({
      status: http ?? 200,
      body: 'fault filter abort',
      details: 'fault_filter_abort',
      flags: ResponseFlag.faultInjected,
      ...(grpc === undefined ? {} : { grpcStatus: grpc }),
    });
    return true;
  }

  /** Whether this request is in the share; a header may lower the share where faults come from headers. */
  #chosen(
    percentage: FractionalPercent | undefined,
    key: string,
    head: RequestHead,
    byHeader: boolean,
    header: string,
  ): boolean {
    const { env } = this.#rule;
    const override = env.runtime(key);
    let share = percentage ?? { numerator: 0, denominator: 'HUNDRED' as const };
    if (typeof override === 'number') share = { numerator: override, denominator: 'HUNDRED' };
    const wanted = byHeader ? headerNumber(head, header) : undefined;
    if (wanted !== undefined) share = { ...share, numerator: Math.min(wanted, share.numerator) };
    return share.numerator > 0 && inFraction(share, randomInteger(env));
  }

  #limitResponse(head: RequestHead): void {
    const limit = this.#rule.config.response_rate_limit;
    if (limit === undefined) return;
    const key =
      this.#rule.config.response_rate_limit_percent_runtime || 'fault.http.rate_limit.response_percent';
    if (
      !this.#chosen(
        limit.percentage,
        key,
        head,
        limit.header_limit !== undefined,
        'x-envoy-fault-throughput-response-percentage',
      )
    )
      return;
    const kbps =
      limit.fixed_limit?.limit_kbps ?? headerNumber(head, 'x-envoy-fault-throughput-response') ?? 0;
    if (kbps <= 0 || !this.#claim()) return;
    this.#rule.stats.limits.value++;
    this.#bytesPerMs = (kbps * 1024) / 1000;
  }

  onResponseHead(_exchange: HttpExchange, _head: ResponseHead): HeadStatus {
    if (this.#bytesPerMs > 0) this.#paidUntil = this.#rule.env.clock.monotonic();
    return 'continue';
  }

  onResponseData(exchange: HttpExchange, chunk: Buffer): DataResult {
    if (this.#bytesPerMs === 0) return chunk;
    const now = this.#rule.env.clock.monotonic();
    this.#paidUntil = Math.max(this.#paidUntil, now) + chunk.length / this.#bytesPerMs;
    if (this.#releasing === undefined && this.#paidUntil - now < 1) return chunk;
    this.#releasing?.cancel();
    this.#releasing = this.#rule.env.after(this.#paidUntil - now, () => {
      this.#releasing = undefined;
      if (!exchange.over) exchange.continueResponse();
    });
    return 'watermark';
  }

  onDestroy(): void {
    this.#timer?.cancel();
    this.#releasing?.cancel();
    if (this.#active) this.#rule.stats.active.value--;
    this.#active = false;
  }
}

function headerNumber(head: RequestHead, name: string): number | undefined {
  const text = head.headers.get(name);
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
