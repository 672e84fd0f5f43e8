import { isIP } from 'node:net';
import { ConfigFault } from '../../match/config-fault.ts';
import type { Address as AddressMessage } from '../../xds/messages/core.ts';
import { Address } from '../network/address.ts';

/** An Envoy address with a literal IP, or a Unix socket. */
export function compileAddress(message: AddressMessage, path: string): Address {
  if (message.pipe !== undefined) return Address.pipe(message.pipe.path);
  const socket = message.socket_address as NonNullable<AddressMessage['socket_address']>;
  if (socket.protocol !== 'TCP') throw new ConfigFault(path, 'UDP addresses are not supported');
  if (isIP(socket.address) === 0) throw new ConfigFault(path, `malformed IP address: ${socket.address}`);
  return Address.ip(socket.address, socket.port_value ?? 0);
}
