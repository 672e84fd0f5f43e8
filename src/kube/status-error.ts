import { ApiError } from './client.ts';

const reasons: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Turns an error answer, normally a metav1.Status, into an ApiError. */
export function apiErrorOf(code: number, body: string, call: string): ApiError {
  const status = parseStatus(body);
  const message = status?.message ?? `${call}: HTTP ${code}${body === '' ? '' : `: ${body.slice(0, 200)}`}`;
  return new ApiError(code, status?.reason || reasons[code] || 'Unknown', message, status?.details);
}

/** The error when no answer came at all: refused, reset, timed out, bad certificate. */
export function unreachable(server: string, failure: unknown): ApiError {
  if (failure instanceof ApiError) return failure;
  const cause = failure instanceof AggregateError ? failure.errors[0] : failure;
  return new ApiError(
    0,
    'Unreachable',
    `API server ${server}: ${cause instanceof Error ? cause.message : String(cause)}`,
  );
}

export function isNotFound(failure: unknown): boolean {
  return failure instanceof ApiError && failure.code === 404;
}

export function isConflict(failure: unknown): boolean {
  return failure instanceof ApiError && failure.code === 409 && failure.reason !== 'AlreadyExists';
}

export function isAlreadyExists(failure: unknown): boolean {
  return failure instanceof ApiError && failure.reason === 'AlreadyExists';
}

/** The watch's or list's place in history is gone: list again. */
export function isExpired(failure: unknown): boolean {
  return (
    failure instanceof ApiError &&
    (failure.code === 410 || failure.reason === 'Expired' || failure.reason === 'Gone')
  );
}

interface Status {
  kind: string;
  code?: number;
  reason?: string;
  message?: string;
  details?: unknown;
}

function parseStatus(body: string): Status | undefined {
  try {
    const value = JSON.parse(body) as Status;
    return value?.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}
