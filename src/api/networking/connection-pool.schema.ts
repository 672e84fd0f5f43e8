import {
  duration,
  flag,
  int32,
  looseDuration,
  oneOfWords,
  record,
  type Schema,
  uint32,
} from '../schema/schema.ts';

export const tcpKeepalive: Schema = record('TcpKeepalive', 'Keep-alive probes of the kernel.', {
  probes: uint32('Unanswered probes before the connection counts as dead.', {
    fallback: 'that of the system, 9 on Linux',
  }),
  time: duration('Idle time before the first probe.', { fallback: 'that of the system, 2h on Linux' }),
  interval: duration('Time between probes.', { fallback: 'that of the system, 75s on Linux' }),
});

const tcp = record('TCPSettings', 'Limits for both HTTP and TCP.', {
  maxConnections: int32('Most connections to one host.', { fallback: '2^32-1' }),
  connectTimeout: duration('Time limit for connecting.', { fallback: '10s' }),
  tcpKeepalive,
  maxConnectionDuration: duration('Longest life of a connection.', { fallback: 'none' }),
  idleTimeout: looseDuration('How long a TCP connection may be idle; 0s turns the limit off.', {
    fallback: '1h',
  }),
});

const http = record('HTTPSettings', 'Limits for HTTP, HTTP/2 and gRPC.', {
  http1MaxPendingRequests: int32('Most requests that wait for a connection.', { fallback: '2^32-1' }),
  http2MaxRequests: int32('Most requests under way to one host.', { fallback: '2^32-1' }),
  maxRequestsPerConnection: int32('Requests after which a connection is closed; 1 turns keep-alive off.', {
    fallback: '0, no limit',
  }),
  maxRetries: int32('Most retries under way to one host.', { fallback: '2^32-1' }),
  idleTimeout: duration('How long a connection without requests is kept.', { fallback: '1h' }),
  h2UpgradePolicy: oneOfWords(
    'Whether HTTP/1.1 is upgraded to HTTP/2 towards the host.',
    ['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'],
    { fallback: 'DEFAULT: as the mesh says' },
  ),
  useClientProtocol: flag(
    'Use towards the host the protocol the client used; h2UpgradePolicy is then ignored.',
  ),
  maxConcurrentStreams: int32('Most streams at once on one HTTP/2 connection.', { fallback: '2^31-1' }),
  http2KeepAlive: record('HTTP2KeepAlive', 'HTTP/2 pings on idle connections.', {
    interval: duration('Time between pings.'),
    timeout: duration('How long an answer may take before the connection is closed.'),
  }),
});

export const connectionPool: Schema = record(
  'ConnectionPoolSettings',
  'Limits on connections and requests to a host.',
  {
    tcp,
    http,
  },
);
