import { Address } from '../network/address.ts';
import { applyXfcc } from '../tls/xfcc.ts';
import type { LocalReply } from './filter.ts';
import type { HeaderMap } from './header-map.ts';
import type { ManagerConfig } from './manager-config.ts';
import { hasEscapedSlash, mergeSlashes, normalizePath, unescapeSlashes } from './path-normalization.ts';
import { newRequestId } from './request-id.ts';
import { ResponseFlag } from './response-flag.ts';
import type { RequestHead } from './stream.ts';
import type { StreamInfo } from './stream-info.ts';

/** What the edge takes away from outside requests: what only a proxy of ours can have set. */
const edgeHeaders = [
  'x-envoy-decorator-operation',
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-original-path',
  'x-envoy-original-host',
];

/** What every hop takes away from requests that are not internal: headers by which a client could steer the proxy (Envoy's conn_manager_utility). */
const internalHeaders = [
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-force-trace',
  'x-envoy-ip-tags',
  'x-envoy-original-url',
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-external-address',
];

/** What the checks of a request head say: undefined when all is well. */
export function checkRequest(head: RequestHead, config: ManagerConfig): LocalReply | undefined {
  if (config.underscores !== 'allow' && !underscoresAllowed(head.headers, config.underscores)) {
    return underscoreRefused;
  }
  if (head.authority === '') return bad('missing_host_header');
  if (head.path === '') return head.method === 'CONNECT' ? undefined : bad('missing_path_rejected');
  if (head.path.charCodeAt(0) !== 47) {
    config.stats.rqNonRelativePath++;
    return { ...bad('absolute_path_rejected'), status: 404 };
  }
  if (head.path.includes('#')) return bad('path_normalization_failed');
  return normalize(head, config);
}

const underscoreRefused: LocalReply = {
  status: 400,
  body: 'Bad Request',
  details: 'http1.unexpected_underscore',
  flags: ResponseFlag.downstreamProtocolError,
  headers: ['connection', 'close'],
};

function bad(details: string): LocalReply {
  return { status: 400, details };
}

function underscoresAllowed(headers: HeaderMap, action: 'reject' | 'drop'): boolean {
  const fields = headers.fields;
  for (let i = fields.length - 2; i >= 0; i -= 2) {
    if (!(fields[i] as string).includes('_')) continue;
    if (action === 'reject') return false;
    fields.splice(i, 2);
  }
  return true;
}

function normalize(head: RequestHead, config: ManagerConfig): LocalReply | undefined {
  if (config.escapedSlashes !== 'keep' && hasEscapedSlash(head.path)) {
    if (config.escapedSlashes === 'reject') return bad('path_normalization_failed');
    head.path = unescapeSlashes(head.path);
    if (config.escapedSlashes === 'redirect') return redirectToNormalized(head, config);
  }
  if (config.normalizePath) {
    const path = normalizePath(head.path);
    if (path === undefined) return bad('path_normalization_failed');
    head.path = path;
  }
  if (config.mergeSlashes) head.path = mergeSlashes(head.path);
  return undefined;
}

function redirectToNormalized(head: RequestHead, config: ManagerConfig): LocalReply {
  const path = (config.normalizePath ? normalizePath(head.path) : head.path) ?? head.path;
  return {
    status: 307,
    details: 'path_normalization_failed',
    headers: ['location', config.mergeSlashes ? mergeSlashes(path) : path],
  };
}

/** Sets and clears what a proxy must: authority form, forwarding headers, request id, via, client certificate. */
export function prepareRequest(head: RequestHead, info: StreamInfo, config: ManagerConfig): void {
  const headers = head.headers;
  if (config.stripHostPort !== 'none' || config.stripTrailingHostDot) stripHost(head, info, config);
  if (config.schemeOverwrite !== '') head.scheme = config.schemeOverwrite;
  const internal = forwardedFor(head, info, config);
  const edge = config.useRemoteAddress && !internal;
  if (!internal && hasEnvoyHeader(headers)) {
    for (const name of internalHeaders) headers.remove(name);
    if (edge) for (const name of edgeHeaders) headers.remove(name);
  }
  if (internal) headers.set('x-envoy-internal', 'true');
  else headers.remove('x-envoy-internal');
  if (edge && config.useRemoteAddress) headers.set('x-envoy-external-address', info.remote.ip);
  if (config.addUserAgentCluster !== '') addUserAgent(headers, config.addUserAgentCluster);
  if (config.addUserAgentNode !== '') headers.set('x-envoy-downstream-service-node', config.addUserAgentNode);
  requestId(headers, info, config, edge);
  applyXfcc(headers, config.forwardClientCert, config.clientCertDetails, info.downstream.tls);
  if (config.via !== '') appendVia(headers, config.via);
}

/** Most requests bring none, so one look spares them the rest. */
function hasEnvoyHeader(headers: HeaderMap): boolean {
  const fields = headers.fields;
  for (let i = 0; i < fields.length; i += 2) if ((fields[i] as string).startsWith('x-envoy-')) return true;
  return false;
}

function stripHost(head: RequestHead, info: StreamInfo, config: ManagerConfig): void {
  let authority = head.authority;
  const port = /^(.*):([0-9]+)$/.exec(authority);
  if (port !== null && config.stripHostPort !== 'none' && head.method !== 'CONNECT') {
    if (config.stripHostPort === 'any' || Number(port[2]) === info.downstream.local.port)
      authority = port[1] as string;
  }
  if (config.stripTrailingHostDot) authority = authority.replace(/\.(:[0-9]+)?$/, '$1');
  head.authority = authority;
}

/** Applies the X-Forwarded-For rules; returns whether the request is internal. */
function forwardedFor(head: RequestHead, info: StreamInfo, config: ManagerConfig): boolean {
  const headers = head.headers;
  const peer = info.downstream.remote.ip;
  const direct = peer.startsWith('127.') || peer === '::1' ? config.localIp : peer;
  const received = headers.getJoined('x-forwarded-for');
  let internal = false;
  if (config.useRemoteAddress) {
    if (config.xffTrustedHops > 0) {
      const trusted = lastXff(received, config.xffTrustedHops - 1);
      if (trusted !== undefined) info.remote = Address.ip(trusted, 0);
    }
    internal = received === undefined && config.isInternalAddress(info.remote.ip);
    if (!config.skipXffAppend && direct !== '') {
      headers.set('x-forwarded-for', received === undefined ? direct : `${received},${direct}`);
    }
    if (config.xffTrustedHops === 0 || !headers.has('x-forwarded-proto'))
      headers.set('x-forwarded-proto', head.scheme);
    if (config.appendXForwardedPort && (config.xffTrustedHops === 0 || !headers.has('x-forwarded-port'))) {
      headers.set('x-forwarded-port', String(info.downstream.local.port));
    }
  } else {
    const last = lastXff(received, config.xffTrustedHops);
    if (last !== undefined) {
      info.remote = Address.ip(last, 0);
      internal = !(received as string).includes(',') && config.isInternalAddress(last);
    }
    if (!headers.has('x-forwarded-proto')) headers.add('x-forwarded-proto', head.scheme);
  }
  const proto = headers.get('x-forwarded-proto');
  if (proto !== undefined && proto !== 'http' && proto !== 'https')
    headers.set('x-forwarded-proto', head.scheme);
  return internal;
}

function lastXff(value: string | undefined, hops: number): string | undefined {
  if (value === undefined) return undefined;
  const parts = value.split(',');
  const picked = parts[parts.length - 1 - hops]?.trim();
  return picked !== undefined &&
    /^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/.test(picked)
    ? picked
    : undefined;
}

function addUserAgent(headers: HeaderMap, cluster: string): void {
  headers.set('x-envoy-downstream-service-cluster', cluster);
  if (!headers.has('user-agent')) headers.add('user-agent', cluster);
}

function requestId(headers: HeaderMap, info: StreamInfo, config: ManagerConfig, edge: boolean): void {
  const given = headers.get('x-request-id');
  if (given !== undefined && !(edge && !config.preserveExternalRequestId)) {
    info.requestId = given;
    return;
  }
  if (!config.generateRequestId) {
    if (edge) headers.remove('x-request-id');
    return;
  }
  info.requestId = newRequestId();
  headers.set('x-request-id', info.requestId);
}

function appendVia(headers: HeaderMap, via: string): void {
  const before = headers.getJoined('via');
  headers.set('via', before === undefined ? via : `${before}, ${via}`);
}
