import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { Address } from '../network/address.ts';
import type { ListenerFilter, ListenerFilterFactory } from './listener-filter.ts';

type GetSockOpt = (fd: number, level: number, name: number, value: Buffer, length: Uint32Array) => number;

const ipProtocolIp = 0;
const ipProtocolIpv6 = 41;
/** SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of Linux' netfilter. */
const originalDestination = 80;
const familyInet = 2;
const familyInet6 = 10;

let loaded: GetSockOpt | undefined;

/** getsockopt(2) by FFI, loaded only when a listener needs it: Node has no such call. */
function getSockOpt(): GetSockOpt {
  if (loaded === undefined) {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(null);
    loaded = library.func(
      'int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)',
    ) as unknown as GetSockOpt;
  }
  return loaded;
}

/** Where a redirected connection was going before iptables turned it to us; undefined when it was not redirected. */
export function originalDestinationOf(socket: Socket): Address | undefined {
  const fd = (socket as unknown as { _handle?: { fd: number } })._handle?.fd;
  if (fd === undefined || fd < 0) return undefined;
  const value = Buffer.alloc(28);
  const ipv6 = socket.localAddress?.includes(':') === true && !socket.localAddress.startsWith('::ffff:');
  const levels = ipv6 ? [ipProtocolIpv6] : [ipProtocolIp, ipProtocolIpv6];
  for (const level of levels) {
    const length = Uint32Array.of(value.length);
    if (getSockOpt()(fd, level, originalDestination, value, length) === 0) return parseSocketAddress(value);
  }
  return undefined;
}

/** A struct sockaddr_in or sockaddr_in6: family in host order, port and address in network order. */
export function parseSocketAddress(value: Buffer): Address | undefined {
  const family = value.readUInt16LE(0);
  const port = value.readUInt16BE(2);
  if (family === familyInet) return Address.ip(value.subarray(4, 8).join('.'), port);
  if (family !== familyInet6) return undefined;
  const groups: string[] = [];
  for (let i = 8; i < 24; i += 2) groups.push(value.readUInt16BE(i).toString(16));
  return Address.ip(compressIpv6(groups), port);
}

function compressIpv6(groups: string[]): string {
  const text = groups.join(':');
  let longest = '';
  for (const run of text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g))
    if (run[0].length > longest.length) longest = run[0];
  if (longest === '') return text;
  return text.replace(longest, '::').replace(/:{3,}/, '::');
}

const filter: ListenerFilter = {
  maxBytes: 0,
  onAccept(socket, info) {
    const address = originalDestinationOf(socket);
    if (address !== undefined) info.local = address;
    return undefined;
  },
};

/** envoy.filters.listener.original_dst */
export const originalDstFilter: ListenerFilterFactory = {
  name: 'envoy.filters.listener.original_dst',
  create: () => filter,
};
