import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeBootstrap, type Ports } from './bootstrap.ts';
import type { CaseFile } from './case-file.ts';
import { Upstreams } from './upstream.ts';

/** One proxy under test with upstreams of its own. */
export class Side {
  readonly name: 'ours' | 'envoy';
  readonly upstreams = new Upstreams();
  ports!: Ports;
  readonly #dir: string;
  #process: ChildProcess | undefined;
  #output = '';

  constructor(name: 'ours' | 'envoy', dir: string) {
    this.name = name;
    this.#dir = dir;
  }

  get #log(): string {
    return join(this.#dir, `${this.name}.access.log`);
  }

  /** Starts the proxy on the case file's configuration and waits until it is ready. */
  async start(file: CaseFile, command: (bootstrap: string) => [string, string[]]): Promise<void> {
    await this.upstreams.start(['a', 'b', 'c']);
    const [listener, admin] = await freePorts(2);
    this.ports = { listener: listener as number, admin: admin as number, upstreams: this.upstreams.ports };
    const bootstrap = join(this.#dir, `${this.name}.json`);
    writeFileSync(this.#log, '');
    // `${a}` in a case file stands for the port of upstream a.
    const text = JSON.stringify(makeBootstrap(file, this.ports, this.#log), null, 2);
    writeFileSync(
      bootstrap,
      text.replace(/"\$\{(\w+)\}"/g, (found, name: string) => String(this.ports.upstreams[name] ?? found)),
    );
    const [bin, args] = command(bootstrap);
    const child = spawn(bin, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    for (let waited = 0; waited < 20_000; waited += 50) {
      if (child.exitCode !== null) break;
      const ready = await this.admin('/ready').catch(() => '');
      if (ready.startsWith('LIVE')) return;
      await pause(50);
    }
    throw new Error(`${this.name} did not start:\n${this.#output.slice(-3000)}`);
  }

  async admin(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.ports.admin}${path}`, {
      signal: AbortSignal.timeout(3000),
    });
    return response.text();
  }

  async stats(filter: string): Promise<Map<string, number>> {
    const text = await this.admin(`/stats?filter=${encodeURIComponent(filter)}`);
    const pairs = text.split('\n').map((line) => line.split(': '));
    return new Map(
      pairs
        .filter((p) => p.length === 2 && /^\d+$/.test(p[1] ?? ''))
        .map((p) => [p[0] as string, Number(p[1])]),
    );
  }

  accessLog(): string[] {
    return existsSync(this.#log)
      ? readFileSync(this.#log, 'latin1')
          .split('\n')
          .filter((line) => line !== '')
      : [];
  }

  get alive(): boolean {
    return this.#process?.exitCode === null;
  }

  get output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    await this.upstreams.stop();
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<import('node:net').Server>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
