import { connect, type NetConnectOpts, type Server, Socket } from 'node:net';

/**
 * Sockets that read into one buffer shared by the whole thread instead of a fresh 64 KiB block each: a small read costs a copy into a pooled
 * slab, which is several times cheaper than allocating, shrinking and collecting a block (bench/http1.ts: 6 µs a request).
 */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
const slabBytes = 64 * 1024;
let slab = Buffer.allocUnsafeSlow(slabBytes);
let slabUsed = 0;

/** A copy of the first bytes of the shared buffer that its owner may keep. */
function take(length: number): Buffer {
  if (length > slabBytes / 8) return Buffer.from(shared.subarray(0, length));
  if (slabUsed + length > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += length;
  shared.copy(slab, start, 0, length);
  return slab.subarray(start, start + length);
}

type Receive = (chunk: Buffer) => void;

/** Where a direct socket's bytes go; what comes before anyone listens waits. */
class Sink {
  #receive: Receive | undefined = undefined;
  #waiting: Buffer[] = [];

  readonly onread = {
    buffer: shared,
    callback: (length: number): boolean => {
      const chunk = take(length);
      if (this.#receive === undefined) this.#waiting.push(chunk);
      else this.#receive(chunk);
      return true;
    },
  };

  attach(receive: Receive): void {
    this.#receive = receive;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const chunk of waiting) receive(chunk);
  }

  detach(unread: Buffer | undefined): void {
    this.#receive = undefined;
    if (unread !== undefined && unread.length > 0) this.#waiting.unshift(unread);
  }
}

const sinkOf = Symbol('lateen.sink');

interface DirectSocket extends Socket {
  [sinkOf]?: Sink;
}

/** `net.connect` with shared reading. */
export function connectDirect(options: NetConnectOpts): Socket {
  const sink = new Sink();
  const socket: DirectSocket = connect({ ...options, onread: sink.onread });
  socket[sinkOf] = sink;
  return socket;
}

interface ListenHandle {
  onconnection: (status: number, handle: unknown) => void;
}

/**
 * Lets a listening server hand out direct sockets, paused. Node makes accepted sockets without a way to say how they read, so the listen
 * handle's callback is taken over; where Node's inside does not look as expected, ordinary sockets come.
 */
export function acceptDirect(server: Server, onSocket: (socket: Socket) => void): void {
  const handle = (server as unknown as { _handle?: Partial<ListenHandle> | null })._handle;
  if (typeof handle?.onconnection !== 'function') {
    server.on('connection', onSocket);
    return;
  }
  handle.onconnection = (status, client) => {
    // Running out of descriptors: the connection stays in the backlog until one is free.
    if (status !== 0 || client === undefined) return;
    const sink = new Sink();
    const options = {
      handle: client,
      allowHalfOpen: true,
      readable: true,
      writable: true,
      manualStart: true,
      onread: sink.onread,
    };
    const socket: DirectSocket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
    socket[sinkOf] = sink;
    socket.setNoDelay(true);
    onSocket(socket);
  };
}

/** Delivers a socket's bytes to `receive`, starting now. */
export function readFrom(socket: Socket, receive: Receive): void {
  const sink = (socket as DirectSocket)[sinkOf];
  if (sink === undefined) {
    socket.on('data', receive);
    return;
  }
  sink.attach(receive);
  socket.resume();
}

/** Stops delivering to `receive`; `unread` comes first when someone reads again. */
export function stopReading(socket: Socket, receive: Receive, unread: Buffer | undefined): void {
  const sink = (socket as DirectSocket)[sinkOf];
  socket.pause();
  if (sink === undefined) {
    socket.off('data', receive);
    if (unread !== undefined && unread.length > 0) socket.unshift(unread);
    return;
  }
  sink.detach(unread);
}

/** Bytes that a transport socket must see first, taken out of the sink: it reads the handle itself. */
export function surrender(socket: Socket): void {
  const sink = (socket as DirectSocket)[sinkOf];
  if (sink === undefined) return;
  sink.attach((chunk) => void socket.unshift(chunk));
}
