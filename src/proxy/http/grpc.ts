import type { HeaderMap } from './header-map.ts';

/** Whether a message's content-type is gRPC's: `application/grpc`, `application/grpc+proto`, … but not grpc-web. */
export function isGrpc(headers: HeaderMap): boolean {
  const type = headers.get('content-type');
  if (type === undefined || !type.startsWith('application/grpc')) return false;
  return type.length === 16 || type.charCodeAt(16) === 43 || type.charCodeAt(16) === 59;
}

/** gRPC status of an HTTP status a proxy answers with (grpc/doc/http-grpc-status-mapping.md). */
export function grpcStatusOf(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

/** Percent-encodes a grpc-message (gRPC over HTTP/2, "Percent-Encoded"). */
export function encodeGrpcMessage(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[^ -$&-~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

const units: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** Milliseconds of a `grpc-timeout` value, clamped to 32 bits, or undefined when it is malformed (CVE-2021-28682). */
export function grpcTimeoutMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(value);
  if (match === null) return undefined;
  return Math.min(
    0x7fffffff,
    Math.max(1, Math.ceil(Number(match[1]) * (units[match[2] as string] as number))),
  );
}
