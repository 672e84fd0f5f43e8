import { STATUS_CODES } from 'node:http';
import { parseDuration, protoDuration } from '../../base/duration.ts';
import type { HttpRetry } from '../../mesh/index.ts';
import type { Json } from '../typed.ts';
import { compact, extension } from '../typed.ts';

/** Nothing that may already have had an effect is tried again by default; a plain 503 is not in the list. */
const defaultRetryOn = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';

/** An inbound request that was reset before it was sent never reached the application. */
const inboundRetryOn = 'reset-before-request';

/** Envoy's policy for a route; undefined when `attempts: 0` switches retries off (Istio: retry.ConvertPolicy). */
export function retryPolicy(retry: HttpRetry | undefined, consistentHash: boolean): Json | undefined {
  if (retry !== undefined && (retry.attempts ?? 0) <= 0) return undefined;
  const ignorePrevious = retry?.retryIgnorePreviousHosts ?? !consistentHash;
  return compact({
    num_retries: retry?.attempts ?? 2,
    ...retryConditions(retry?.retryOn, defaultRetryOn),
    per_try_timeout: duration(retry?.perTryTimeout),
    retry_host_predicate: ignorePrevious
      ? [extension('envoy.retry_host_predicates.previous_hosts', 'previousHosts')]
      : undefined,
    host_selection_retry_max_attempts: '5',
    retry_priority: retry?.retryRemoteLocalities
      ? extension('envoy.retry_priorities.previous_priorities', 'previousPriorities', { update_frequency: 2 })
      : undefined,
    retry_back_off: backOff(retry),
  });
}

export function inboundRetryPolicy(): Json {
  return { num_retries: 2, retry_on: inboundRetryOn };
}

/** Users mix Envoy's words and status codes in one list. */
function retryConditions(retryOn: string | undefined, fallback: string): Record<string, unknown> {
  if (!retryOn) return { retry_on: fallback };
  const parts = retryOn
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const codes = parts.filter((part) => STATUS_CODES[part] !== undefined).map(Number);
  const words = parts.filter((part) => STATUS_CODES[part] === undefined);
  if (codes.length > 0 && !words.includes('retriable-status-codes')) words.push('retriable-status-codes');
  return { retry_on: words.join(','), ...(codes.length > 0 && { retriable_status_codes: codes }) };
}

function backOff(retry: HttpRetry | undefined): Json | undefined {
  const base = duration(retry?.backoff);
  return base === undefined ? undefined : { base_interval: base };
}

function duration(text: string | undefined): string | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  return ms === undefined ? undefined : protoDuration(ms);
}
