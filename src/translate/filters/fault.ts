import { parseDuration, protoDuration } from '../../base/duration.ts';
import type { HttpFault, Percent } from '../../mesh/index.ts';
import type { Json } from '../typed.ts';
import { compact, extension, typed } from '../typed.ts';

export const faultFilter = 'envoy.filters.http.fault';

export function fault(): Json {
  return extension(faultFilter, 'fault');
}

/** The route's own fault; undefined when it injects nothing. A delay or abort without a percentage affects no request. */
export function routeFault(spec: HttpFault): Json | undefined {
  const delay = faultDelay(spec);
  const abort = faultAbort(spec);
  if (delay === undefined && abort === undefined) return undefined;
  return typed('fault', compact({ delay, abort }));
}

function faultDelay({ delay }: HttpFault): Json | undefined {
  const fixed = delay?.fixedDelay === undefined ? undefined : parseDuration(delay.fixedDelay);
  if (delay === undefined || fixed === undefined) return undefined;
  const percentage = delay.percentage
    ? perMillion(delay.percentage)
    : { numerator: delay.percent ?? 0, denominator: 'HUNDRED' };
  return { fixed_delay: protoDuration(fixed), percentage };
}

function faultAbort({ abort }: HttpFault): Json | undefined {
  if (abort === undefined) return undefined;
  const percentage = abort.percentage
    ? perMillion(abort.percentage)
    : { numerator: 0, denominator: 'HUNDRED' };
  if (abort.httpStatus !== undefined) return { http_status: abort.httpStatus, percentage };
  const code = grpcCodes.indexOf(abort.grpcStatus ?? '');
  return code < 0 ? undefined : { grpc_status: code, percentage };
}

export function perMillion(percent: Percent): Json {
  return { numerator: Math.trunc((percent.value ?? 0) * 10_000), denominator: 'MILLION' };
}

/** gRPC status names by number. */
const grpcCodes = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];
