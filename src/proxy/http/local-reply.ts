import type { LocalReply } from './filter.ts';
import { ResponseFlag } from './response-flag.ts';
import type { ResetReason } from './stream.ts';

/** The one table of answers the proxy itself gives when something goes wrong: status, flags, details and body are Envoy's. */
export const localReplies = {
  routeNotFound: reply(404, 'route_not_found', ResponseFlag.noRouteFound),
  clusterNotFound: reply(503, 'cluster_not_found', ResponseFlag.noClusterFound),
  noHealthyUpstream: reply(503, 'no_healthy_upstream', ResponseFlag.noHealthyUpstream, 'no healthy upstream'),
  upstreamTimeout: reply(
    504,
    'response_timeout',
    ResponseFlag.upstreamRequestTimeout,
    'upstream request timeout',
  ),
  perTryTimeout: reply(
    504,
    'upstream_per_try_timeout',
    ResponseFlag.upstreamRequestTimeout,
    'upstream request timeout',
  ),
  perTryIdleTimeout: reply(
    504,
    'upstream_per_try_idle_timeout',
    ResponseFlag.streamIdleTimeout,
    'upstream request timeout',
  ),
  streamIdleTimeout: reply(408, 'stream_idle_timeout', ResponseFlag.streamIdleTimeout, 'stream timeout'),
  requestTimeout: reply(408, 'request_overall_timeout', 0, 'request timeout'),
  requestHeaderTimeout: reply(408, 'request_header_timeout', 0, 'request header timeout'),
  maxDuration: reply(
    408,
    'max_duration_timeout',
    ResponseFlag.durationTimeout,
    'downstream duration timeout',
  ),
  upstreamMaxDuration: reply(
    504,
    'upstream_max_stream_duration_reached',
    ResponseFlag.upstreamMaxStreamDurationReached,
    'upstream max stream duration reached',
  ),
  upgradeFailed: reply(403, 'upgrade_failed', 0),
  payloadTooLarge: reply(413, 'request_payload_too_large', 0, 'Payload Too Large'),
  responseTooLarge: reply(500, 'response_payload_too_large', 0, 'Internal Server Error'),
  requestsOverflow: {
    ...reply(
      503,
      'upstream_reset_before_response_started{overflow}',
      ResponseFlag.upstreamOverflow,
      'upstream connect error or disconnect/reset before headers. reset reason: overflow',
    ),
    headers: ['x-envoy-overloaded', 'true'],
  } as LocalReply,
  overloaded: {
    ...reply(503, 'overload', ResponseFlag.overloadManagerTerminated, 'envoy overloaded'),
    headers: ['x-envoy-local-overloaded', 'true'],
  } as LocalReply,
  dropOverload: { ...reply(503, 'drop_overload', ResponseFlag.dropOverload, 'drop overload') } as LocalReply,
} as const;

function reply(status: number, details: string, flags: number, body = ''): LocalReply {
  return { status, details, flags, body };
}

interface ResetRow {
  readonly text: string;
  readonly flags: number;
  readonly status: number;
}

const resets: Record<ResetReason, ResetRow> = {
  'local-reset': { text: 'local reset', flags: ResponseFlag.localReset, status: 503 },
  'local-refused-stream': { text: 'local refused stream reset', flags: ResponseFlag.localReset, status: 503 },
  'remote-reset': { text: 'remote reset', flags: ResponseFlag.upstreamRemoteReset, status: 503 },
  'remote-refused-stream': {
    text: 'remote refused stream reset',
    flags: ResponseFlag.upstreamRemoteReset,
    status: 503,
  },
  'connection-failure': {
    text: 'remote connection failure',
    flags: ResponseFlag.upstreamConnectionFailure,
    status: 503,
  },
  'connection-timeout': {
    text: 'connection timeout',
    flags: ResponseFlag.upstreamConnectionFailure,
    status: 503,
  },
  'connection-termination': {
    text: 'connection termination',
    flags: ResponseFlag.upstreamConnectionTermination,
    status: 503,
  },
  overflow: { text: 'overflow', flags: ResponseFlag.upstreamOverflow, status: 503 },
  'protocol-error': { text: 'protocol error', flags: ResponseFlag.upstreamProtocolError, status: 502 },
  'connect-error': {
    text: 'remote error with CONNECT request',
    flags: ResponseFlag.upstreamRemoteReset,
    status: 503,
  },
};

const delayedConnect = 'delayed connect error';
const connectErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
};

/** A failed connect in Envoy's words: `delayed connect error: Connection refused`. */
export function transportFailure(failure: string): string {
  const code = /^connect (E[A-Z]+)/.exec(failure)?.[1];
  return code === undefined ? failure : `${delayedConnect}: ${connectErrors[code] ?? code}`;
}

/** Response flags of an upstream reset. */
export function resetFlags(reason: ResetReason): number {
  return resets[reason].flags;
}

/** `connection_termination`, for RESPONSE_CODE_DETAILS. */
export function resetDetail(reason: ResetReason, failure: string): string {
  const text = resets[reason].text;
  return (failure === '' ? text : `${text}|${failure}`).replaceAll(' ', '_');
}

/** The answer when the upstream failed before its response began; `failure` is the transport's own reason. */
export function upstreamResetReply(reason: ResetReason, failure: string, retried = false): LocalReply {
  const row = resets[reason];
  const why =
    failure === '' || failure.startsWith(delayedConnect) ? '' : `, transport failure reason: ${failure}`;
  const which = retried ? 'retried and the latest reset reason' : 'reset reason';
  return {
    status: row.status,
    body: `upstream connect error or disconnect/reset before headers. ${which}: ${row.text}${why}`,
    details: `upstream_reset_before_response_started{${resetDetail(reason, failure)}}`,
    flags: row.flags,
    ...(reason === 'overflow' ? { headers: ['x-envoy-overloaded', 'true'] } : {}),
  };
}
