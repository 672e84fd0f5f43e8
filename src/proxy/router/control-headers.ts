import type { HeaderMap } from '../http/header-map.ts';
import { parseRetryOn } from './retry.ts';
import type { RetryPolicy } from './route.ts';

/** What `x-envoy-*` request headers ask of the router; outside clients' were removed at the edge. */
export class ControlHeaders {
  timeoutMs: number | undefined = undefined;
  perTryTimeoutMs: number | undefined = undefined;
  maxRetries: number | undefined = undefined;
  retryOn = 0;
  statuses: readonly number[] = [];

  /** The route's policy with these wishes applied; undefined when neither retries. */
  retryPolicy(route: RetryPolicy | undefined): RetryPolicy | undefined {
    if (this.retryOn === 0 && this.maxRetries === undefined && this.statuses.length === 0) return route;
    const base = route ?? defaultPolicy;
    const on = base.on | this.retryOn;
    if (on === 0) return undefined;
    return {
      ...base,
      on,
      count: this.maxRetries ?? base.count,
      statuses: this.statuses.length === 0 ? base.statuses : new Set([...base.statuses, ...this.statuses]),
    };
  }
}

const defaultPolicy: RetryPolicy = {
  on: 0,
  count: 1,
  perTryTimeoutMs: 0,
  perTryIdleTimeoutMs: 0,
  baseMs: 25,
  maxMs: 250,
  statuses: new Set(),
  matchesResponse: undefined,
  matchesRequest: undefined,
  avoidPreviousHosts: false,
  avoidCanaries: false,
  maxReselections: 1,
  rateLimitedHeaders: [],
  rateLimitedMaxMs: 300_000,
};

export const controlHeaders = { none: new ControlHeaders() };

const names = new Set([
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-max-retries',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-hedge-on-per-try-timeout',
]);

/** Reads them in one pass; `controlHeaders.none` when there are none, the usual case. */
export function readControlHeaders(headers: HeaderMap): ControlHeaders {
  const fields = headers.fields;
  let control = controlHeaders.none;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.length < 16 || name.charCodeAt(2) !== 101 || !names.has(name)) continue;
    if (control === controlHeaders.none) control = new ControlHeaders();
    readOne(control, name, fields[i + 1] as string);
  }
  return control;
}

function readOne(control: ControlHeaders, name: string, value: string): void {
  const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
  if (name === 'x-envoy-upstream-rq-timeout-ms') control.timeoutMs = number ?? control.timeoutMs;
  else if (name === 'x-envoy-upstream-rq-per-try-timeout-ms')
    control.perTryTimeoutMs = number ?? control.perTryTimeoutMs;
  else if (name === 'x-envoy-max-retries') control.maxRetries = number ?? control.maxRetries;
  else if (name === 'x-envoy-retry-on' || name === 'x-envoy-retry-grpc-on')
    control.retryOn |= parseRetryOn(value);
  else if (name === 'x-envoy-retriable-status-codes') {
    control.statuses = value
      .split(',')
      .map(Number)
      .filter((status) => status >= 100 && status < 600);
  }
}

export function removeControlHeaders(headers: HeaderMap): void {
  for (const name of names) headers.remove(name);
}
