import { WebSocketServer } from 'ws';

/** Echoes WebSocket messages. Argument: the port. */
const server = new WebSocketServer({
  port: Number(process.argv[2]),
  host: '127.0.0.1',
  perMessageDeflate: true,
  skipUTF8Validation: false,
  maxPayload: 64 * 1024 * 1024,
});
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', () => {});
});
