import { grpcStatusOf, isGrpc } from '../http/grpc.ts';
import { responseFlagsLong, responseFlagsShort } from '../http/response-flag.ts';
import type { Address } from '../network/address.ts';
import type { TlsInfo } from '../network/tls-info.ts';
import { type FormatContext, FormatError, type Operator } from './format.ts';
import { compileTime } from './start-time.ts';

type Simple = Record<string, Operator>;
type WithArgument = Record<string, (argument: string) => Operator>;

const since = (pick: (c: FormatContext) => number): Operator => {
  return (c) => {
    const at = pick(c);
    return at < 0 ? undefined : Math.max(0, Math.round(at - c.info.start));
  };
};
const between = (from: (c: FormatContext) => number, to: (c: FormatContext) => number): Operator => {
  return (c) => {
    const a = from(c);
    const b = to(c);
    return a < 0 || b < 0 ? undefined : Math.max(0, Math.round(b - a));
  };
};
const orNone = (text: string | undefined) => (text === undefined || text === '' ? undefined : text);
const ip = (address: Address | undefined) => (address === undefined ? undefined : address.ip || address.path);
const port = (address: Address | undefined) =>
  address === undefined || address.path !== '' ? undefined : address.port;
const downstreamTls =
  (pick: (tls: TlsInfo) => string): Operator =>
  (c) =>
    c.info.downstream.tls === undefined ? undefined : orNone(pick(c.info.downstream.tls));
const upstreamTls =
  (pick: (tls: TlsInfo) => string): Operator =>
  (c) =>
    c.info.upstreamTls === undefined ? undefined : orNone(pick(c.info.upstreamTls));

const protocolNames: Record<number, string> = { 10: 'HTTP/1.0', 11: 'HTTP/1.1', 20: 'HTTP/2' };

const simple: Simple = {
  BYTES_RECEIVED: (c) => c.info.bytesReceived,
  BYTES_SENT: (c) => c.info.bytesSent,
  UPSTREAM_WIRE_BYTES_SENT: (c) => c.info.upstreamBytesSent,
  UPSTREAM_WIRE_BYTES_RECEIVED: (c) => c.info.upstreamBytesReceived,
  DOWNSTREAM_WIRE_BYTES_SENT: (c) => c.info.bytesSent,
  DOWNSTREAM_WIRE_BYTES_RECEIVED: (c) => c.info.bytesReceived,
  PROTOCOL: (c) => protocolNames[c.info.protocol],
  UPSTREAM_PROTOCOL: (c) => protocolNames[c.info.upstreamProtocol],
  RESPONSE_CODE: (c) => c.info.responseCode || (c.response?.status ?? 0),
  RESPONSE_CODE_DETAILS: (c) => orNone(c.info.details.replaceAll(' ', '_')),
  CONNECTION_TERMINATION_DETAILS: (c) => orNone(c.info.connectionTermination),
  RESPONSE_FLAGS: (c) => responseFlagsShort(c.info.flags),
  RESPONSE_FLAGS_LONG: (c) => responseFlagsLong(c.info.flags),
  DURATION: since((c) => c.info.complete),
  REQUEST_DURATION: since((c) => c.info.lastRxByte),
  REQUEST_TX_DURATION: since((c) => c.info.lastUpstreamTx),
  RESPONSE_DURATION: since((c) => c.info.firstUpstreamRx),
  RESPONSE_TX_DURATION: between(
    (c) => c.info.firstUpstreamRx,
    (c) => c.info.lastDownstreamTx,
  ),
  UPSTREAM_HOST: (c) => c.info.upstreamHost?.address.text,
  UPSTREAM_HOST_NAME: (c) => orNone(c.info.upstreamHost?.hostname) ?? c.info.upstreamHost?.address.text,
  UPSTREAM_HOST_NAME_WITHOUT_PORT: (c) =>
    orNone(c.info.upstreamHost?.hostname) ?? ip(c.info.upstreamHost?.address),
  UPSTREAM_CLUSTER: (c) => orNone(c.info.clusterName),
  UPSTREAM_CLUSTER_RAW: (c) => orNone(c.info.clusterName),
  UPSTREAM_LOCAL_ADDRESS: (c) => c.info.upstreamLocal?.text,
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: (c) => ip(c.info.upstreamLocal),
  UPSTREAM_LOCAL_PORT: (c) => port(c.info.upstreamLocal),
  UPSTREAM_REMOTE_ADDRESS: (c) => c.info.upstreamHost?.address.text,
  UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: (c) => ip(c.info.upstreamHost?.address),
  UPSTREAM_REMOTE_PORT: (c) => port(c.info.upstreamHost?.address),
  UPSTREAM_TRANSPORT_FAILURE_REASON: (c) => orNone(c.info.upstreamFailure.replaceAll(' ', '_')),
  UPSTREAM_REQUEST_ATTEMPT_COUNT: (c) => c.info.attempts,
  UPSTREAM_TLS_VERSION: upstreamTls((t) => t.version),
  UPSTREAM_TLS_CIPHER: upstreamTls((t) => t.cipher),
  UPSTREAM_PEER_SUBJECT: upstreamTls((t) => t.subjectPeer),
  UPSTREAM_PEER_ISSUER: upstreamTls((t) => t.issuerPeer),
  UPSTREAM_PEER_URI_SAN: upstreamTls((t) => t.uriSanPeer.join(',')),
  DOWNSTREAM_REMOTE_ADDRESS: (c) => c.info.remote.text,
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: (c) => ip(c.info.remote),
  DOWNSTREAM_REMOTE_PORT: (c) => port(c.info.remote),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: (c) => c.info.downstream.directRemote.text,
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: (c) => ip(c.info.downstream.directRemote),
  DOWNSTREAM_DIRECT_REMOTE_PORT: (c) => port(c.info.downstream.directRemote),
  DOWNSTREAM_LOCAL_ADDRESS: (c) => c.info.downstream.local.text,
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: (c) => ip(c.info.downstream.local),
  DOWNSTREAM_LOCAL_PORT: (c) => port(c.info.downstream.local),
  DOWNSTREAM_PEER_URI_SAN: downstreamTls((t) => t.uriSanPeer.join(',')),
  DOWNSTREAM_PEER_DNS_SAN: downstreamTls((t) => t.dnsSanPeer.join(',')),
  DOWNSTREAM_LOCAL_URI_SAN: downstreamTls((t) => t.uriSanLocal.join(',')),
  DOWNSTREAM_LOCAL_DNS_SAN: downstreamTls((t) => t.dnsSanLocal.join(',')),
  DOWNSTREAM_PEER_SUBJECT: downstreamTls((t) => t.subjectPeer),
  DOWNSTREAM_LOCAL_SUBJECT: downstreamTls((t) => t.subjectLocal),
  DOWNSTREAM_PEER_ISSUER: downstreamTls((t) => t.issuerPeer),
  DOWNSTREAM_PEER_SERIAL: downstreamTls((t) => t.serialPeer),
  DOWNSTREAM_PEER_FINGERPRINT_256: downstreamTls((t) => t.fingerprintPeer),
  DOWNSTREAM_PEER_CERT: downstreamTls((t) => t.certificatePeer),
  DOWNSTREAM_TLS_SESSION_ID: downstreamTls((t) => t.sessionId),
  DOWNSTREAM_TLS_CIPHER: downstreamTls((t) => t.cipher),
  DOWNSTREAM_TLS_VERSION: downstreamTls((t) => t.version),
  DOWNSTREAM_TRANSPORT_FAILURE_REASON: () => undefined,
  REQUESTED_SERVER_NAME: (c) => orNone(c.info.downstream.requestedServerName),
  ROUTE_NAME: (c) => orNone(c.info.routeName),
  VIRTUAL_CLUSTER_NAME: (c) => orNone(c.info.virtualCluster),
  CONNECTION_ID: (c) => c.info.downstream.id,
  HOSTNAME: () => hostname,
  STREAM_ID: (c) => orNone(c.info.requestId),
  LOCAL_REPLY_BODY: (c) => orNone(c.localReplyBody),
  GRPC_STATUS: (c) => grpcName(grpcCode(c)),
  GRPC_STATUS_NUMBER: (c) => (c.info.grpcStatus < 0 ? undefined : c.info.grpcStatus),
  TRACE_ID: (c) =>
    c.request?.headers.get('traceparent')?.split('-')[1] ?? c.request?.headers.get('x-b3-traceid'),
};

let hostname: string | undefined;

/** The name %HOSTNAME% stands for. */
export function setHostname(name: string): void {
  hostname = name;
}

const grpcNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

/** The answer's grpc-status; what the HTTP status stands for when a gRPC request was answered without one. */
function grpcCode(c: FormatContext): number {
  const { grpcStatus, responseCode } = c.info;
  if (grpcStatus >= 0 || responseCode === 0) return grpcStatus;
  return c.request !== undefined && isGrpc(c.request.headers) ? grpcStatusOf(responseCode) : -1;
}

function grpcName(status: number): string | undefined {
  return status < 0 ? undefined : (grpcNames[status] ?? String(status));
}

const withArgument: WithArgument = {
  REQ: (argument) => headerOperator(argument, (c, name) => requestField(c, name)),
  RESP: (argument) =>
    headerOperator(argument, (c, name) => {
      if (name === ':status') return c.response === undefined ? undefined : String(c.response.status);
      return c.response?.headers.get(name);
    }),
  TRAILER: (argument) => headerOperator(argument, (c, name) => c.responseTrailers?.get(name)),
  DYNAMIC_METADATA: (argument) => metadataOperator(argument, (c, namespace) => c.info.metadata(namespace)),
  CLUSTER_METADATA: (argument) => metadataOperator(argument, () => undefined),
  UPSTREAM_METADATA: (argument) =>
    metadataOperator(argument, (c, namespace) => c.info.upstreamHost?.metadata[namespace]),
  METADATA: (argument) => {
    const [source, ...rest] = argument.split(':');
    const make = withArgument[`${source}_METADATA`] ?? withArgument['DYNAMIC_METADATA'];
    return (make as (argument: string) => Operator)(rest.join(':'));
  },
  FILTER_STATE: (argument) => {
    const [key] = argument.split(':');
    return (c) => jsonText(c.info.filterState(key as string));
  },
  START_TIME: (argument) => {
    const format = compileTime(argument);
    return (c) => format(c.info.startTime);
  },
  ENVIRONMENT: (argument) => {
    throw new FormatError(
      `%ENVIRONMENT(${argument})% is not supported: the data plane does not read its environment`,
    );
  },
  GRPC_STATUS: (argument) => (c) =>
    argument === 'NUMBER' ? (c.info.grpcStatus < 0 ? undefined : c.info.grpcStatus) : grpcName(grpcCode(c)),
  DOWNSTREAM_PEER_CERT_V_START: (argument) => certificateTime(argument, (t) => t.validFromPeerMs),
  DOWNSTREAM_PEER_CERT_V_END: (argument) => certificateTime(argument, (t) => t.validToPeerMs),
};

function certificateTime(argument: string, pick: (tls: TlsInfo) => number): Operator {
  const format = compileTime(argument);
  return (c) => {
    const tls = c.info.downstream.tls;
    return tls?.peerCertificatePresented ? format(pick(tls)) : undefined;
  };
}

/** The operator of that name. Throws FormatError when it is unknown or lacks its argument. */
export function compileOperator(name: string, argument: string | undefined): Operator {
  if (argument !== undefined) {
    const make = withArgument[name];
    if (make !== undefined) return make(argument);
  }
  const found = simple[name];
  if (found !== undefined) return found;
  if (name === 'START_TIME') return (withArgument['START_TIME'] as (a: string) => Operator)('');
  if (name.startsWith('DOWNSTREAM_PEER_CERT_V_')) return compileOperator(name, argument ?? '');
  if (withArgument[name] !== undefined) throw new FormatError(`%${name}% needs an argument in parentheses`);
  throw new FormatError(`%${name}% is not a supported format operator`);
}

function headerOperator(
  argument: string,
  read: (c: FormatContext, name: string) => string | undefined,
): Operator {
  const [main = '', alternative] = argument.split('?').map((name) => name.toLowerCase());
  if (main === '') throw new FormatError('a header operator needs a header name');
  return (c) => read(c, main) ?? (alternative === undefined ? undefined : read(c, alternative));
}

function requestField(c: FormatContext, name: string): string | undefined {
  const request = c.request;
  if (request === undefined) return undefined;
  switch (name) {
    case ':method':
      return request.method;
    case ':path':
      return orNone(request.path);
    case ':authority':
    case 'host':
      return orNone(request.authority);
    case ':scheme':
      return request.scheme;
    case ':protocol':
      return request.protocol;
    default:
      return request.headers.get(name);
  }
}

function metadataOperator(
  argument: string,
  read: (c: FormatContext, namespace: string) => Readonly<Record<string, unknown>> | undefined,
): Operator {
  const [namespace = '', ...path] = argument.split(':');
  return (c) => {
    let value: unknown = read(c, namespace);
    for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
    return jsonText(value);
  };
}

function jsonText(value: unknown): string | number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return value;
  return JSON.stringify(value);
}
