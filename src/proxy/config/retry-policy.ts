import { ConfigFault } from '../../match/config-fault.ts';
import { allHeaders, compileFieldMatcher } from '../../match/header-match.ts';
import type { RetryPolicy as RetryPolicyMessage } from '../../xds/messages/route.ts';
import { parseRetryOn } from '../router/retry.ts';
import type { RetryPolicy } from '../router/route.ts';

/** Compiles a RetryPolicy; undefined when it retries nothing. */
export function compileRetryPolicy(message: RetryPolicyMessage | undefined): RetryPolicy | undefined {
  if (message === undefined) return undefined;
  if (message.retry_priority !== undefined)
    throw new ConfigFault('retry_priority', 'retry priorities are not supported');
  const base = message.retry_back_off?.base_interval ?? 25;
  const predicates = message.retry_host_predicate.map((p) => p.typed_config?.type ?? p.name);
  const responses = message.retriable_headers.map(compileFieldMatcher);
  const requests =
    message.retriable_request_headers.length === 0
      ? undefined
      : allHeaders(message.retriable_request_headers);
  const limited = message.rate_limited_retry_back_off;
  return {
    on: parseRetryOn(message.retry_on),
    count: message.num_retries,
    perTryTimeoutMs: message.per_try_timeout ?? 0,
    perTryIdleTimeoutMs: message.per_try_idle_timeout ?? 0,
    baseMs: Math.max(1, base),
    maxMs: message.retry_back_off?.max_interval ?? base * 10,
    statuses: new Set(message.retriable_status_codes),
    matchesResponse:
      responses.length === 0 ? undefined : (head) => responses.some((test) => test(head.headers)),
    matchesRequest: requests,
    avoidPreviousHosts: predicates.some((name) => /previous_?hosts/i.test(name)),
    avoidCanaries: predicates.some((name) => /omit_?canary/i.test(name)),
    maxReselections: message.host_selection_retry_max_attempts || (predicates.length > 0 ? 1 : 0),
    rateLimitedHeaders: (limited?.reset_headers ?? []).map((h) => ({
      name: h.name.toLowerCase(),
      unix: h.format === 'UNIX_TIMESTAMP',
    })),
    rateLimitedMaxMs: limited?.max_interval ?? 300_000,
  };
}
