import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorMessage } from '../../../base/log.ts';
import { badRequest } from '../status.ts';
import { acceptSpdy } from './remote-command.ts';
import { SpdySession, type SpdyStream } from './spdy-session.ts';
import { acceptWebSocket, offeredProtocols, WebSocketConnection, WebSocketTunnel } from './websocket.ts';

export type Connect = (port: number) => Promise<Duplex>;

const spdyProtocol = 'portforward.k8s.io';
const tunnelProtocol = `SPDY/3.1+${spdyProtocol}`;
const channelProtocols = ['v4.channel.k8s.io', 'portforward.k8s.io'];

/** Serves port-forward: SPDY, SPDY tunnelled through a WebSocket (kubectl ≥ 1.31), or the older WebSocket channels (`ports` in the query). */
export function servePortForward(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  ports: readonly number[],
  connect: Connect,
): void {
  const upgrade = (req.headers.upgrade ?? '').toLowerCase();
  if (upgrade === 'spdy/3.1') {
    acceptSpdy(req, socket, [spdyProtocol]);
    forwardStreams(socket, head, connect);
    return;
  }
  if (upgrade !== 'websocket')
    throw badRequest(`unable to upgrade: unknown protocol ${JSON.stringify(upgrade)}`);
  const offered = offeredProtocols(req);
  if (offered.includes(tunnelProtocol)) {
    acceptWebSocket(req, socket, tunnelProtocol);
    forwardStreams(new WebSocketTunnel(socket, head), Buffer.alloc(0), connect);
    return;
  }
  if (ports.length === 0) throw badRequest('query parameter "ports" is required');
  acceptWebSocket(
    req,
    socket,
    channelProtocols.find((one) => offered.includes(one)),
  );
  forwardChannels(socket, head, ports, connect);
}

/** Pairs of streams, data and error, by request id; each pair is one connection. */
function forwardStreams(transport: Duplex, head: Buffer, connect: Connect): void {
  const pairs = new Map<string, { data?: SpdyStream; error?: SpdyStream }>();
  const open = new Set<Duplex>();
  new SpdySession(
    transport,
    head,
    (stream) => {
      const id = stream.headers['requestid'] ?? stream.headers['port'] ?? '';
      const pair = pairs.get(id) ?? {};
      pairs.set(id, pair);
      if (stream.headers['streamtype'] === 'error') pair.error = stream;
      else pair.data = stream;
      if (pair.data === undefined || pair.error === undefined) return;
      pairs.delete(id);
      const { data, error } = pair;
      connect(Number(data.headers['port'])).then(
        (target) => {
          open.add(target);
          target.on('close', () => open.delete(target));
          join(data, error, target);
        },
        (reason: unknown) => {
          error.end(errorMessage(reason));
          data.end();
        },
      );
    },
    () => {
      for (const target of open) target.destroy();
    },
  );
}

function join(data: SpdyStream, error: SpdyStream, target: Duplex): void {
  target.on('error', (reason) => {
    if (error.writable) error.end(errorMessage(reason));
    data.end();
  });
  target.on('end', () => {
    if (error.writable) error.end();
  });
  data.pipe(target);
  target.pipe(data);
}

/** Two channels a port, data and error; the first message of each is the port number (two bytes, little-endian). */
function forwardChannels(socket: Duplex, head: Buffer, ports: readonly number[], connect: Connect): void {
  const targets = new Map<number, Duplex>();
  const early = new Map<number, Buffer[]>();
  const connection = new WebSocketConnection(
    socket,
    head,
    (message) => {
      const number = message[0] as number;
      const target = targets.get(number);
      if (target !== undefined) target.write(message.subarray(1));
      else early.set(number, [...(early.get(number) ?? []), message.subarray(1)]);
    },
    () => {
      for (const target of targets.values()) target.destroy();
    },
  );
  ports.forEach((port, i) => {
    const send = (number: number, data: Buffer) =>
      connection.send(Buffer.concat([Buffer.from([number]), data]));
    const announced = Buffer.from([port & 255, port >> 8]);
    send(2 * i, announced);
    send(2 * i + 1, announced);
    connect(port).then(
      (target) => {
        targets.set(2 * i, target);
        for (const data of early.get(2 * i) ?? []) target.write(data);
        target.on('data', (data: Buffer) => send(2 * i, data));
        target.on('error', (reason) => send(2 * i + 1, Buffer.from(errorMessage(reason))));
        target.on('close', () => connection.close());
      },
      (reason: unknown) => send(2 * i + 1, Buffer.from(errorMessage(reason))),
    );
  });
}
