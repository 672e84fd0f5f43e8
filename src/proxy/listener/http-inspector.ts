import type { ConnectionInfo } from './connection.ts';
import type { ListenerFilter, ListenerFilterFactory } from './listener-filter.ts';

const preface = 'PRI * HTTP/2.0\r\n';
const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'PROPFIND',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'REPORT',
  'CHECKOUT',
  'MERGE',
  'NOTIFY',
  'SUBSCRIBE',
  'PURGE',
  'LINK',
  'UNLINK',
  'SEARCH',
  'BIND',
  'ACL',
];
const maxLine = 8192;

const filter: ListenerFilter = {
  maxBytes: maxLine,
  inspect(bytes: Buffer, info: ConnectionInfo) {
    if (info.transportProtocol === 'tls') return 'done';
    const text = bytes.latin1Slice(0, Math.min(bytes.length, maxLine));
    if (text.startsWith(preface)) return found(info, 'h2c');
    if (preface.startsWith(text)) return 'more';
    const space = text.indexOf(' ');
    if (space < 0) return methods.some((method) => method.startsWith(text)) ? 'more' : 'done';
    if (!methods.includes(text.slice(0, space))) return 'done';
    const end = text.indexOf('\r\n');
    if (end < 0) return text.length >= maxLine ? 'done' : 'more';
    const version = /^\S+ \S+ (HTTP\/1\.[01])$/.exec(text.slice(0, end))?.[1];
    return version === undefined ? 'done' : found(info, version === 'HTTP/1.0' ? 'http/1.0' : 'http/1.1');
  },
};

function found(info: ConnectionInfo, protocol: string): 'done' {
  info.applicationProtocols = [protocol];
  return 'done';
}

/** envoy.filters.listener.http_inspector: tells HTTP from other plain-text protocols by its first line. */
export const httpInspectorFilter: ListenerFilterFactory = {
  name: 'envoy.filters.listener.http_inspector',
  create: () => filter,
};
