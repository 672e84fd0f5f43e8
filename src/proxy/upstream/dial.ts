import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Address } from '../network/address.ts';
import { connectDirect } from '../network/direct-socket.ts';
import type { ClusterConfig } from './cluster-config.ts';

/** Opens a TCP (or Unix) socket to `address` as the cluster's options say; `direct` ones are for plain text only. */
export function dial(
  config: Pick<ClusterConfig, 'bindAddress' | 'keepalive'>,
  address: Address,
  direct: boolean,
): Socket {
  const options = dialOptions(config, address);
  const socket = direct ? connectDirect(options) : connect(options);
  const keepalive = config.keepalive;
  if (keepalive !== undefined) socket.setKeepAlive(true, (keepalive.time ?? 7200) * 1000);
  return socket;
}

function dialOptions(config: Pick<ClusterConfig, 'bindAddress'>, address: Address): NetConnectOpts {
  if (address.path !== '') {
    const path = address.path.startsWith('@') ? `\0${address.path.slice(1)}` : address.path;
    return { path, allowHalfOpen: true };
  }
  const options: NetConnectOpts = {
    host: address.ip,
    port: address.port,
    noDelay: true,
    allowHalfOpen: true,
    autoSelectFamily: false,
  };
  const bind = config.bindAddress;
  if (bind !== undefined && bind.ip.includes(':') === address.ip.includes(':')) {
    options.localAddress = bind.ip;
    if (bind.port !== 0) options.localPort = bind.port;
  }
  return options;
}
