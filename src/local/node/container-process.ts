import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { runCommand } from '../host/run-command.ts';
import { type ContainerPlan, launchScript, userArgv } from './launch-script.ts';

/** How a container's main process ended. */
export interface ContainerExit {
  readonly exitCode: number;
  readonly signal?: number;
  /** Set when the process could not be started at all. */
  readonly startError?: string;
}

/** Where the tools of util-linux lie on this host, and what its setpriv knows. */
export interface HostTools {
  readonly setpriv: string;
  readonly capabilities: ReadonlySet<string>;
}

export interface LaunchOptions {
  readonly plan: ContainerPlan;
  readonly tools: HostTools;
  /** Path of the pod's network namespace. */
  readonly network: string;
  /** Folder of this instance of the container: script, pipes, the root's mount point. */
  readonly folder: string;
  readonly stdin: boolean;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

/**
 * A running container. Its first process is process 1 of a pid namespace: when it ends, the kernel ends everything it left behind, and
 * when this program dies, even by SIGKILL, the container dies too.
 */
export class ContainerProcess {
  /** Settles when the root is prepared and the command is being executed, or has failed before that. */
  readonly started: Promise<void>;
  readonly exited: Promise<ContainerExit>;
  readonly stdin: Writable | undefined;
  readonly #child: ChildProcess;
  readonly #options: LaunchOptions;
  #mainPid: number | undefined;
  #ended = false;

  private constructor(child: ChildProcess, options: LaunchOptions, drained: Promise<unknown>) {
    this.#child = child;
    this.#options = options;
    this.stdin = child.stdin ?? undefined;
    child.stdin?.on('error', () => undefined);
    const ready = child.stdio[3] as Socket;
    this.started = new Promise((resolve) => {
      ready
        .once('data', () => resolve())
        .on('error', () => resolve())
        .on('close', () => resolve());
    });
    const ended = new Promise<ContainerExit>((resolve) => {
      child.on('error', (error) => resolve({ exitCode: 128, startError: error.message }));
      child.on('exit', (code, signal) => resolve(exitOf(code, signal)));
    });
    // Its last words may still be in the pipes; their end comes with the last process of the pid namespace.
    this.exited = ended.then(async (exit) => {
      await drained;
      return exit;
    });
    ended.then(() => {
      this.#ended = true;
      rmSync(join(options.folder, 'launch.sh'), { force: true });
    });
  }

  static async launch(options: LaunchOptions): Promise<ContainerProcess> {
    const { folder, plan, tools } = options;
    const root = join(folder, 'root');
    const script = join(folder, 'launch.sh');
    mkdirSync(root, { recursive: true });
    writeFileSync(script, launchScript(plan, tools.setpriv), { mode: 0o700 });
    const pipes = [join(folder, 'stdout'), join(folder, 'stderr')];
    // Named pipes, not Node's socket pairs: a program may open /dev/stdout, which works for a pipe that its user may write.
    await runCommand(['mkfifo', '-m', '666', ...pipes]);
    const readers = pipes.map((path) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    const writers = pipes.map((path) => openSync(path, constants.O_WRONLY));
    const child = spawn(
      tools.setpriv,
      [
        ...['--pdeathsig', 'KILL', 'nsenter', `--net=${options.network}`],
        ...['unshare', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'private'],
        ...['sh', script, root],
      ],
      {
        stdio: [options.stdin ? 'pipe' : 'ignore', ...(writers as [number, number]), 'pipe'],
        cwd: '/',
        detached: true,
      },
    );
    for (const fd of writers) closeSync(fd);
    for (const path of pipes) rmSync(path);
    const drained = (['stdout', 'stderr'] as const).map((stream, i) => {
      const reader = new Socket({ fd: readers[i] as number, readable: true, writable: false });
      reader.on('data', (chunk: Buffer) => options.onOutput(stream, chunk));
      reader.on('error', () => reader.destroy());
      return new Promise<void>((resolve) => void reader.once('close', resolve));
    });
    return new ContainerProcess(child, options, Promise.all(drained));
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** Host pid of the container's process 1; undefined before it is there and after its end. */
  get mainPid(): number | undefined {
    if (this.#ended || this.#child.pid === undefined) return undefined;
    this.#mainPid ??= firstChild(this.#child.pid);
    return this.#mainPid;
  }

  /** Sends a signal to process 1. SIGKILL ends every process of the container. */
  signal(name: NodeJS.Signals): void {
    const pid = this.mainPid ?? this.#child.pid;
    if (this.#ended || pid === undefined) return;
    try {
      process.kill(pid, name);
    } catch {
      // It ended in this moment; `exited` tells.
    }
  }

  /** The command line that runs `argv` inside the container as its user. Undefined when it is not running. */
  execArgv(argv: readonly string[]): string[] | undefined {
    const pid = this.mainPid;
    if (pid === undefined) return undefined;
    const { plan, tools } = this.#options;
    const env = Object.entries(plan.env).map(([name, value]) => `${name}=${value}`);
    return [
      ...['nsenter', `--target=${pid}`, '--mount', '--uts', '--net', '--pid', '--'],
      ...['env', '-i', '-C', plan.workingDir, ...env],
      ...userArgv(plan.user, tools.setpriv),
      ...['--', ...argv],
    ];
  }
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): ContainerExit {
  if (signal === null)
    return code !== null && code > 128 ? { exitCode: code, signal: code - 128 } : { exitCode: code ?? 0 };
  const number = signalNumbers[signal] ?? 9;
  return { exitCode: 128 + number, signal: number };
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

function firstChild(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch {
    return undefined;
  }
}
