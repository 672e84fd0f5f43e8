import type { ResetReason, ResponseHead } from '../http/stream.ts';
import { RetryOn, type RetryPolicy } from './route.ts';

const words: Record<string, number> = {
  '5xx': RetryOn.fiveXx,
  'gateway-error': RetryOn.gatewayError,
  'connect-failure': RetryOn.connectFailure,
  'retriable-4xx': RetryOn.retriable4xx,
  'refused-stream': RetryOn.refusedStream,
  'retriable-status-codes': RetryOn.retriableStatusCodes,
  reset: RetryOn.reset,
  'reset-before-request': RetryOn.resetBeforeRequest,
  'retriable-headers': RetryOn.retriableHeaders,
  'envoy-ratelimited': RetryOn.envoyRateLimited,
  'http3-post-connect-failure': RetryOn.http3PostConnectFailure,
  cancelled: RetryOn.grpcCancelled,
  'deadline-exceeded': RetryOn.grpcDeadlineExceeded,
  'resource-exhausted': RetryOn.grpcResourceExhausted,
  unavailable: RetryOn.grpcUnavailable,
  internal: RetryOn.grpcInternal,
};

/** Bits of a `retry_on` list; words Envoy does not know are ignored, as it does. */
export function parseRetryOn(text: string): number {
  let bits = 0;
  for (const word of text.split(',')) bits |= words[word.trim()] ?? 0;
  return bits;
}

const grpcBits: Record<string, number> = {
  '1': RetryOn.grpcCancelled,
  '4': RetryOn.grpcDeadlineExceeded,
  '8': RetryOn.grpcResourceExhausted,
  '13': RetryOn.grpcInternal,
  '14': RetryOn.grpcUnavailable,
};

/** Whether a response asks for another try. */
export function retriesResponse(policy: RetryPolicy, head: ResponseHead): boolean {
  const on = policy.on;
  const status = head.status;
  if ((on & RetryOn.fiveXx) !== 0 && status >= 500 && status < 600) return true;
  if ((on & RetryOn.gatewayError) !== 0 && status >= 502 && status <= 504) return true;
  if ((on & RetryOn.retriable4xx) !== 0 && status === 409) return true;
  if ((on & RetryOn.retriableStatusCodes) !== 0 && policy.statuses.has(status)) return true;
  if ((on & RetryOn.envoyRateLimited) !== 0 && head.headers.has('x-envoy-ratelimited')) return true;
  if ((on & RetryOn.retriableHeaders) !== 0 && policy.matchesResponse?.(head) === true) return true;
  if (on >= RetryOn.grpcCancelled) {
    const grpc = head.headers.get('grpc-status');
    if (grpc !== undefined && (on & (grpcBits[grpc] ?? 0)) !== 0) return true;
  }
  return false;
}

/** Whether a failure asks for another try; `requestSent`: the upstream may have seen the request. */
export function retriesReset(policy: RetryPolicy, reason: ResetReason, requestSent: boolean): boolean {
  const on = policy.on;
  if (reason === 'overflow') return false;
  if ((on & (RetryOn.fiveXx | RetryOn.gatewayError | RetryOn.reset)) !== 0) return true;
  if (
    (on & RetryOn.connectFailure) !== 0 &&
    (reason === 'connection-failure' || reason === 'connection-timeout')
  )
    return true;
  if ((on & RetryOn.refusedStream) !== 0 && reason === 'remote-refused-stream') return true;
  return (on & RetryOn.resetBeforeRequest) !== 0 && !requestSent;
}

/** How long to wait before try number `tries` (1 = first retry): exponential with full jitter, or what a rate-limited response says. */
export function backOffMs(
  policy: RetryPolicy,
  tries: number,
  head: ResponseHead | undefined,
  random: number,
): { readonly ms: number; readonly limited: boolean } {
  if (head !== undefined) {
    for (const { name, unix } of policy.rateLimitedHeaders) {
      const value = Number(head.headers.get(name) ?? Number.NaN);
      if (!(value > 0)) continue;
      const ms = (unix ? value - Date.now() / 1000 : value) * 1000;
      if (ms > 0 && ms <= policy.rateLimitedMaxMs) return { ms: ms * (1 + random / 2), limited: true };
    }
  }
  const ceiling = Math.min(policy.baseMs * 2 ** Math.min(tries - 1, 30) * 2 - policy.baseMs, policy.maxMs);
  return { ms: Math.floor(random * Math.max(1, ceiling)), limited: false };
}
