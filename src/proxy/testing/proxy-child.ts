import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, RawServer } from './raw-peers.ts';

const program = join(import.meta.dirname, '..', '..', 'cmd', 'lateen.ts');

/** A proxy in a process of its own, for what must be measured of a process or could end one. */
export class ProxyChild {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #output = '';

  private constructor(child: ChildProcess, port: number, folder: string) {
    this.#child = child;
    this.port = port;
    this.#folder = folder;
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString('latin1')).slice(-5000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  /** Starts `bootstrap(port)`, with at most `files` open files when given. */
  static async start(bootstrap: (port: number) => object, files?: number): Promise<ProxyChild> {
    const probe = await RawServer.start(() => {});
    const { port } = probe;
    probe.close();
    const folder = mkdtempSync(join(tmpdir(), 'lateen-child-'));
    const file = join(folder, 'bootstrap.json');
    writeFileSync(file, JSON.stringify(bootstrap(port)));
    const limit = files === undefined ? '' : `ulimit -n ${files}; `;
    const command = `${limit}exec "$0" "$1" proxy -c "$2" --concurrency 1`;
    const child = spawn('sh', ['-c', command, process.execPath, program, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // A test that fails must not leave it behind.
    process.once('exit', () => child.kill('SIGKILL'));
    const self = new ProxyChild(child, port, folder);
    await self.#listening();
    return self;
  }

  async #listening(): Promise<void> {
    let open = false;
    const attempt = () => {
      const socket = connect(this.port, '127.0.0.1');
      socket.once('connect', () => {
        open = true;
        socket.destroy();
      });
      socket.once('error', () => setTimeout(attempt, 20));
    };
    attempt();
    await eventually(() => open || !this.alive, 'the proxy listens', 15_000);
    if (!open) throw new Error(`the proxy ended: ${this.#output}`);
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resident memory, bytes. */
  get residentBytes(): number {
    return Number(readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  }

  /** CPU time used so far, milliseconds (at 100 ticks a second). */
  get cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await eventually(() => !this.alive, 'the proxy ends');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
