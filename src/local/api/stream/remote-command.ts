import type { IncomingMessage } from 'node:http';
import { type Duplex, PassThrough, Writable } from 'node:stream';
import { errorMessage } from '../../../base/log.ts';
import type { ExitStatus, ProcessStreams } from '../node-backend.ts';
import type { Fields } from '../object.ts';
import { badRequest } from '../status.ts';
import { SpdySession, type SpdyStream } from './spdy-session.ts';
import { acceptWebSocket, offeredProtocols, WebSocketConnection } from './websocket.ts';

/** Which streams the caller of exec or attach wants. */
export interface CommandOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export type RunCommand = (streams: ProcessStreams) => Promise<ExitStatus>;

type ResizeListener = (size: { width: number; height: number }) => void;

/** Serves exec and attach: WebSocket (v5, v4 channel protocols) or SPDY (v4), as the client asks. */
export function serveCommand(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: CommandOptions,
  run: RunCommand,
): void {
  const upgrade = (req.headers.upgrade ?? '').toLowerCase();
  if (upgrade === 'websocket') return overWebSocket(req, socket, head, options, run);
  if (upgrade === 'spdy/3.1') return overSpdy(req, socket, head, options, run);
  throw badRequest(`unable to upgrade: unknown protocol ${JSON.stringify(upgrade)}`);
}

/** The Status that ends a command, as clients read their exit code from it. */
function statusOf({ exitCode, message }: ExitStatus): Fields {
  if (exitCode === 0 && message === undefined) return { metadata: {}, status: 'Success' };
  if (message !== undefined && exitCode === 0) return failure(message);
  return {
    metadata: {},
    status: 'Failure',
    message: message ?? `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function failure(message: string): Fields {
  return { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
}

async function outcome(run: RunCommand, streams: ProcessStreams): Promise<string> {
  try {
    return JSON.stringify(statusOf(await run(streams)));
  } catch (error) {
    return JSON.stringify(failure(errorMessage(error)));
  }
}

/** Ends an output stream and waits until all of it is on its way: the status must come last. */
function drained(stream: Writable | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (stream === undefined || stream.destroyed) return resolve();
    stream.once('close', resolve);
    stream.end(() => resolve());
  });
}

/** Terminal sizes, buffered until the command listens. */
class Resizes {
  #listeners: ResizeListener[] = [];
  #last: { width: number; height: number } | undefined;

  readonly listen = (listener: ResizeListener): void => {
    this.#listeners.push(listener);
    if (this.#last !== undefined) listener(this.#last);
  };

  feed(text: string): void {
    for (const line of text.split('\n').filter(Boolean)) {
      try {
        const { Width, Height } = JSON.parse(line) as { Width: number; Height: number };
        this.#last = { width: Width, height: Height };
        for (const listener of this.#listeners) listener(this.#last);
      } catch {
        // A client that sends something else keeps its old size.
      }
    }
  }
}

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const webSocketProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'];

function overWebSocket(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: CommandOptions,
  run: RunCommand,
): void {
  const offered = offeredProtocols(req);
  const protocol = webSocketProtocols.find((one) => offered.includes(one));
  if (protocol === undefined && offered.length > 0) {
    throw badRequest(`unable to upgrade: none of the subprotocols ${offered.join(', ')} is supported`);
  }
  acceptWebSocket(req, socket, protocol);
  const abort = new AbortController();
  const resizes = new Resizes();
  const stdin = new PassThrough();
  const connection = new WebSocketConnection(
    socket,
    head,
    (data) => {
      if (data[0] === channel.stdin) stdin.write(data.subarray(1));
      else if (data[0] === channel.resize) resizes.feed(data.toString('utf8', 1));
      else if (data[0] === channel.close && data[1] === channel.stdin) stdin.end();
    },
    () => {
      stdin.end();
      abort.abort();
    },
  );
  const sink = (number: number) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) =>
        connection.send(Buffer.concat([Buffer.from([number]), chunk]), done),
    });
  const streams: ProcessStreams = {
    tty: options.tty,
    ...(options.stdin ? { stdin } : {}),
    ...(options.stdout ? { stdout: sink(channel.stdout) } : {}),
    ...(options.stderr && !options.tty ? { stderr: sink(channel.stderr) } : {}),
    onResize: resizes.listen,
    signal: abort.signal,
  };
  void outcome(run, streams).then(async (status) => {
    await Promise.all([drained(streams.stdout), drained(streams.stderr)]);
    connection.send(Buffer.concat([Buffer.from([channel.error]), Buffer.from(status)]), () =>
      connection.close(),
    );
  });
}

const spdyProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** Answers a SPDY upgrade with the newest stream protocol both sides know. */
export function acceptSpdy(req: IncomingMessage, socket: Duplex, supported: readonly string[]): void {
  const offered = String(req.headers['x-stream-protocol-version'] ?? '').split(/,\s*/);
  const protocol = supported.find((one) => offered.includes(one));
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
  if (protocol !== undefined) lines.push(`X-Stream-Protocol-Version: ${protocol}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

function overSpdy(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: CommandOptions,
  run: RunCommand,
): void {
  acceptSpdy(req, socket, spdyProtocols);
  const abort = new AbortController();
  const resizes = new Resizes();
  const opened = new Map<string, SpdyStream>();
  const wanted = ['error'];
  if (options.stdin) wanted.push('stdin');
  if (options.stdout) wanted.push('stdout');
  if (options.stderr && !options.tty) wanted.push('stderr');
  const session = new SpdySession(
    socket,
    head,
    (stream) => {
      const type = stream.headers['streamtype'] ?? '';
      opened.set(type, stream);
      if (type === 'resize') stream.on('data', (data: Buffer) => resizes.feed(data.toString('utf8')));
      if (!wanted.includes(type) || !wanted.every((one) => opened.has(one))) return;
      void start();
    },
    () => abort.abort(),
  );
  const start = async () => {
    const stdin = opened.get('stdin');
    const stdout = opened.get('stdout');
    const stderr = opened.get('stderr');
    const status = await outcome(run, {
      tty: options.tty,
      ...(stdin === undefined ? {} : { stdin }),
      ...(stdout === undefined ? {} : { stdout }),
      ...(stderr === undefined ? {} : { stderr }),
      onResize: resizes.listen,
      signal: abort.signal,
    });
    await Promise.all([drained(stdout), drained(stderr)]);
    opened.get('error')?.end(status, () => session.close());
  };
}
