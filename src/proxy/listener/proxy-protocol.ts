import { isIP } from 'node:net';
import { Address } from '../network/address.ts';
import type { ConnectionInfo } from './connection.ts';
import type { ListenerFilter, ListenerFilterFactory } from './listener-filter.ts';

const signature = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const maxV1 = 107;
const maxV2 = 16 + 65_535;

export interface ProxyProtocolOptions {
  readonly allowWithout: boolean;
  readonly disallowed: readonly ('v1' | 'v2')[];
  /** TLV types to keep; undefined keeps all. */
  readonly keepTlvs: readonly number[] | undefined;
  readonly rules: readonly { readonly type: number; readonly namespace: string; readonly key: string }[];
}

/** envoy.filters.listener.proxy_protocol: the client's address as a load balancer in front tells it (PROXY protocol, versions 1 and 2). */
export function createProxyProtocolFilter(options: ProxyProtocolOptions): ListenerFilterFactory {
  const filter: ListenerFilter = {
    maxBytes: maxV2,
    inspect: (bytes, info) => inspect(bytes, info, options),
  };
  return { name: 'envoy.filters.listener.proxy_protocol', create: () => filter };
}

function inspect(
  bytes: Buffer,
  info: ConnectionInfo,
  options: ProxyProtocolOptions,
): 'more' | 'done' | number | Error {
  const version = versionOf(bytes);
  if (version === 'more') return 'more';
  if (version === 'none') return options.allowWithout ? 'done' : new Error('no PROXY protocol header');
  if (options.disallowed.includes(version)) {
    return options.allowWithout ? 'done' : new Error(`PROXY protocol ${version} is not allowed`);
  }
  return version === 'v1' ? parseV1(bytes, info) : parseV2(bytes, info, options);
}

function versionOf(bytes: Buffer): 'v1' | 'v2' | 'none' | 'more' {
  const length = Math.min(bytes.length, signature.length);
  if (bytes.compare(signature, 0, length, 0, length) === 0)
    return length === signature.length ? 'v2' : 'more';
  const text = bytes.latin1Slice(0, Math.min(bytes.length, 6));
  if (text === 'PROXY ') return 'v1';
  return 'PROXY '.startsWith(text) ? 'more' : 'none';
}

function parseV1(bytes: Buffer, info: ConnectionInfo): 'more' | number | Error {
  const text = bytes.latin1Slice(0, Math.min(bytes.length, maxV1));
  const end = text.indexOf('\r\n');
  if (end < 0) return text.length >= maxV1 ? new Error('PROXY protocol line too long') : 'more';
  const fields = text.slice(0, end).split(' ');
  if (fields[1] === 'UNKNOWN') return end + 2;
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = fields;
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0;
  const good =
    fields.length === 6 &&
    version !== 0 &&
    isIP(source) === version &&
    isIP(destination) === version &&
    isPort(sourcePort) &&
    isPort(destinationPort);
  if (!good) return new Error('malformed PROXY protocol line');
  info.remote = Address.ip(source, Number(sourcePort));
  info.local = Address.ip(destination, Number(destinationPort));
  return end + 2;
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535;
}

function parseV2(
  bytes: Buffer,
  info: ConnectionInfo,
  options: ProxyProtocolOptions,
): 'more' | number | Error {
  if (bytes.length < 16) return 'more';
  const command = bytes[12] as number;
  const length = bytes.readUInt16BE(14);
  if (command >> 4 !== 2) return new Error('unknown PROXY protocol version');
  if (bytes.length < 16 + length) return 'more';
  // LOCAL: a health check by the load balancer itself; the connection's own addresses stay.
  if ((command & 15) === 0) return 16 + length;
  if ((command & 15) !== 1) return new Error('unknown PROXY protocol command');
  const family = bytes[13] as number;
  const body = bytes.subarray(16, 16 + length);
  const size = family === 0x11 ? 12 : family === 0x21 ? 36 : 0;
  if (size === 0) return family === 0 ? 16 + length : new Error('unsupported PROXY protocol address family');
  if (length < size) return new Error('PROXY protocol header too short');
  const width = size === 12 ? 4 : 16;
  info.remote = Address.ip(ipText(body.subarray(0, width)), body.readUInt16BE(2 * width));
  info.local = Address.ip(ipText(body.subarray(width, 2 * width)), body.readUInt16BE(2 * width + 2));
  const tlvs = parseTlvs(body.subarray(size), options);
  if (tlvs instanceof Error) return tlvs;
  if (tlvs.size > 0) keepTlvs(tlvs, info, options);
  return 16 + length;
}

function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(i).toString(16));
  const host = new URL(`http://[${groups.join(':')}]/`).hostname;
  return host.slice(1, -1);
}

function parseTlvs(bytes: Buffer, options: ProxyProtocolOptions): Map<number, Buffer> | Error {
  const tlvs = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 3 > bytes.length) return new Error('truncated PROXY protocol TLV');
    const type = bytes[at] as number;
    const length = bytes.readUInt16BE(at + 1);
    if (at + 3 + length > bytes.length) return new Error('PROXY protocol TLV runs past the header');
    if (
      options.keepTlvs === undefined ||
      options.keepTlvs.includes(type) ||
      options.rules.some((r) => r.type === type)
    ) {
      tlvs.set(type, Buffer.from(bytes.subarray(at + 3, at + 3 + length)));
    }
    at += 3 + length;
  }
  return tlvs;
}

function keepTlvs(tlvs: Map<number, Buffer>, info: ConnectionInfo, options: ProxyProtocolOptions): void {
  info.proxyTlvs = tlvs;
  for (const rule of options.rules) {
    const value = tlvs.get(rule.type);
    if (value === undefined) continue;
    const namespace = rule.namespace || 'envoy.filters.listener.proxy_protocol';
    // Bytes that are no UTF-8 are replaced, never passed on raw (CVE-2024-23324).
    info.metadata.set(namespace, { ...info.metadata.get(namespace), [rule.key]: value.toString('utf8') });
  }
}
