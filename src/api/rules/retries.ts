import { STATUS_CODES } from 'node:http';
import type { Report } from '../schema/report.ts';
import { checkDuration } from './checks.ts';

/** Conditions of Envoy's x-envoy-retry-on and x-envoy-retry-grpc-on. */
const conditions = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

const grpcStatuses = new Set([
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

export function isGrpcStatus(name: string): boolean {
  return grpcStatuses.has(name);
}

export interface Retries {
  readonly attempts?: number;
  readonly perTryTimeout?: string;
  readonly retryOn?: string;
  readonly retryRemoteLocalities?: boolean;
  readonly backoff?: string;
}

/** Rules of Istio's ValidateHTTPRetry, for routes and the mesh-wide policy. */
export function checkRetries(report: Report, path: string, retries: Retries): void {
  const attempts = retries.attempts ?? 0;
  if (attempts < 0) report.error('InvalidRetries', `${path}.attempts`, `attempts ${attempts} is negative`);
  if (
    attempts === 0 &&
    (retries.perTryTimeout !== undefined || retries.retryOn || retries.retryRemoteLocalities !== undefined)
  )
    report.error(
      'InvalidRetries',
      path,
      'attempts is 0, which turns retries off, but other settings are given; set attempts, or remove them',
    );
  checkDuration(report, `${path}.perTryTimeout`, retries.perTryTimeout);
  checkDuration(report, `${path}.backoff`, retries.backoff);
  for (const condition of retries.retryOn ? retries.retryOn.split(',') : []) {
    const status = /^[+-]?\d+$/.test(condition) && goStatuses(Number(condition));
    if (!status && !conditions.has(condition))
      report.error(
        'InvalidRetryOn',
        `${path}.retryOn`,
        `${JSON.stringify(condition)} is neither a retry condition nor a status code`,
      );
  }
}

/** Status codes with a name; Go's list lacks 509, Node's 306 is absent from both. */
function goStatuses(code: number): boolean {
  return code in STATUS_CODES && code !== 509;
}
