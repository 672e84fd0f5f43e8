import type { ClientTransport, ServerTransport } from './transport.ts';

/** Plain text: the socket itself. */
export const rawServerTransport: ServerTransport = {
  name: 'raw_buffer',
  accept: (socket, ready) => ready(undefined, socket, undefined),
};

export const rawClientTransport: ClientTransport = {
  name: 'raw_buffer',
  alpn: [],
  key: () => '',
  connect(socket, _options, ready) {
    if (!socket.connecting) return ready(undefined, socket, undefined);
    socket.once('connect', () => ready(undefined, socket, undefined));
    socket.once('error', (error) => ready(error, undefined, undefined));
  },
};
