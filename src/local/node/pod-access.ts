import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex, Writable } from 'node:stream';
import { packageRoot } from '../../base/package-root.ts';
import type { ExitStatus, LogOptions, NodeBackend, PodRef, ProcessStreams } from '../api/node-backend.ts';
import type { ContainerRunner } from './container-runner.ts';
import { quote } from './launch-script.ts';
import type { NodeContext } from './node-context.ts';
import type { PodWorker } from './pod-worker.ts';

/** Logs, exec, attach and connections into pods: what kubectl reaches through the API server. */
export class PodAccess implements NodeBackend {
  readonly #node: NodeContext;
  readonly #find: (uid: string) => PodWorker | undefined;

  constructor(node: NodeContext, find: (uid: string) => PodWorker | undefined) {
    this.#node = node;
    this.#find = find;
  }

  async logs(
    pod: PodRef,
    container: string,
    options: LogOptions,
    out: Writable,
    signal: AbortSignal,
  ): Promise<void> {
    const runner = this.#runner(pod, container);
    const log = options.previous ? runner.previousLog : runner.log;
    if (log === undefined) {
      throw new Error(
        options.previous
          ? `previous terminated container "${container}" in pod "${pod.name}" not found`
          : `container "${container}" in pod "${pod.name}" is waiting to start: ${runner.view.state.waiting?.reason ?? 'ContainerCreating'}`,
      );
    }
    await log.read(options, out, signal);
  }

  async exec(
    pod: PodRef,
    container: string,
    command: readonly string[],
    streams: ProcessStreams,
  ): Promise<ExitStatus> {
    const argv = this.#runner(pod, container).process?.execArgv(command);
    if (argv === undefined) throw new Error(`container "${container}" of pod "${pod.name}" is not running`);
    return streams.tty ? runOnTerminal(argv, streams) : runPlain(argv, streams);
  }

  async attach(pod: PodRef, container: string, streams: ProcessStreams): Promise<ExitStatus> {
    const runner = this.#runner(pod, container);
    const { process, log } = runner;
    if (process === undefined || log === undefined) {
      throw new Error(`container "${container}" of pod "${pod.name}" is not running`);
    }
    if (streams.stdin && process.stdin)
      streams.stdin.pipe(process.stdin, { end: runner.container.stdinOnce === true });
    const options: LogOptions = { follow: true, previous: false, timestamps: false, tailLines: 0 };
    if (streams.stdout) await log.read(options, streams.stdout, streams.signal);
    else await process.exited;
    return streams.signal.aborted ? { exitCode: 0 } : { exitCode: (await process.exited).exitCode };
  }

  /** A relay inside the pod's network takes the connection over: the API server itself lives in the host's. */
  async connect(pod: PodRef, port: number): Promise<Duplex> {
    const worker = this.#worker(pod);
    const network = worker.network;
    if (network === undefined) throw new Error(`pod "${pod.name}" has no network`);
    const path = join(this.#node.folder, `relay-${network.namespace}`);
    const socket = (await dial(path)) ?? (await this.#startRelay(network.path, path));
    socket.write(`${port}\n`);
    const answer = await firstLine(socket);
    if (answer === 'ok') return socket;
    socket.destroy();
    throw new Error(`error forwarding port ${port} to pod "${pod.name}": ${answer}`);
  }

  async #startRelay(network: string, path: string): Promise<Socket> {
    if (existsSync(path)) rmSync(path);
    const program = join(packageRoot(), 'samples/relay/relay.mjs');
    const argv = ['nsenter', `--net=${network}`, process.execPath, program, path];
    const child = spawn(this.#node.tools.setpriv, ['--pdeathsig', 'KILL', ...argv], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // It says a line when it listens; and it ends by itself when nobody has used it for a while.
    await new Promise<void>((resolve) => child.stdout.once('data', resolve).once('close', resolve));
    const socket = await dial(path);
    if (socket === undefined) throw new Error('the relay into the pod did not start');
    return socket;
  }

  #worker(pod: PodRef): PodWorker {
    const worker = this.#find(pod.uid);
    if (worker === undefined) throw new Error(`pod "${pod.name}" is not on this node`);
    return worker;
  }

  #runner(pod: PodRef, container: string): ContainerRunner {
    const runner = this.#worker(pod).container(container);
    if (runner === undefined) throw new Error(`container ${container} is not valid for pod ${pod.name}`);
    return runner;
  }
}

function runPlain(argv: readonly string[], streams: ProcessStreams): Promise<ExitStatus> {
  return new Promise((resolve) => {
    const child = spawn(argv[0] as string, argv.slice(1), {
      stdio: [streams.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const stop = () => killGroup(child.pid);
    streams.signal.addEventListener('abort', stop, { once: true });
    child.stdin?.on('error', () => undefined);
    if (streams.stdin && child.stdin) streams.stdin.pipe(child.stdin);
    if (streams.stdout) child.stdout?.pipe(streams.stdout, { end: false });
    else child.stdout?.resume();
    if (streams.stderr) child.stderr?.pipe(streams.stderr, { end: false });
    else child.stderr?.resume();
    child.on('error', (error) => resolve({ exitCode: 127, message: error.message }));
    child.on('close', (code) => {
      streams.signal.removeEventListener('abort', stop);
      resolve({ exitCode: code ?? 137 });
    });
  });
}

/** A command on a terminal: util-linux' `script` gives it one; sizes are set on it as the client's change. */
function runOnTerminal(argv: readonly string[], streams: ProcessStreams): Promise<ExitStatus> {
  return new Promise((resolve) => {
    let rows = 24;
    let columns = 80;
    streams.onResize(({ width, height }) => {
      rows = height;
      columns = width;
      if (child.pid !== undefined) resizeTerminal(child.pid, rows, columns);
    });
    const command = `stty rows ${rows} cols ${columns} 2>/dev/null; exec ${argv.map(quote).join(' ')}`;
    const child = spawn('script', ['-q', '-e', '-f', '-c', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'xterm', SHELL: '/bin/sh' },
    });
    const stop = () => killGroup(child.pid);
    streams.signal.addEventListener('abort', stop, { once: true });
    child.stdin?.on('error', () => undefined);
    if (streams.stdin && child.stdin) streams.stdin.pipe(child.stdin);
    if (streams.stdout && child.stdout) child.stdout?.pipe(streams.stdout, { end: false });
    child.on('error', (error) => resolve({ exitCode: 127, message: error.message }));
    child.on('close', (code) => resolve({ exitCode: code ?? 137 }));
  });
}

/** Sets the size of the terminal that the child of `script` runs on. */
function resizeTerminal(scriptPid: number, rows: number, columns: number): void {
  const find = `t=$(ps -o tty= --ppid ${scriptPid} | head -n1); [ -n "$t" ] && stty -F "/dev/$t" rows ${rows} cols ${columns}`;
  spawn('sh', ['-c', find], { stdio: 'ignore' }).on('error', () => undefined);
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function dial(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/** Reads up to the first line end and puts back what follows. */
function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = Buffer.alloc(0);
    const onEnd = () => resolve('the relay closed the connection');
    const onData = (chunk: Buffer) => {
      text = Buffer.concat([text, chunk]);
      const end = text.indexOf(10);
      if (end < 0) return;
      socket.off('data', onData).off('close', onEnd);
      socket.pause();
      if (text.length > end + 1) socket.unshift(text.subarray(end + 1));
      resolve(text.toString('utf8', 0, end));
    };
    socket.on('data', onData).once('close', onEnd).on('error', onEnd);
  });
}
