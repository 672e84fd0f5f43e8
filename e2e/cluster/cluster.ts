import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type Result, type RunOptions, run } from './run.ts';

export const root = join(import.meta.dirname, '../..');
const bin = join(root, 'node_modules/.bin');

/** A Kubernetes cluster as a journey sees it: a kubeconfig, and a shell inside the cluster's network. */
export interface Cluster {
  readonly name: 'local' | 'real';
  readonly kubeconfig: string;
  /** Runs a program where ClusterIPs and load-balancer addresses are reachable. */
  run(argv: readonly string[], options?: RunOptions): Promise<Result>;
  stop(): Promise<void>;
}

/** Which clusters this run is for: LATEEN_E2E=local|real. */
export function wantedCluster(): 'local' | 'real' {
  return process.env['LATEEN_E2E'] === 'real' ? 'real' : 'local';
}

export function startCluster(): Promise<Cluster> {
  return wantedCluster() === 'real' ? startReal() : startLocal();
}

async function startLocal(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-e2e-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const child = spawn(join(bin, 'lateen'), ['local', 'up', '--kubeconfig', kubeconfig], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const env = { KUBECONFIG: kubeconfig };
  await eventually('the local cluster is ready', 60_000, async () => {
    if (child.exitCode !== null) throw new Error(`lateen local ended with ${child.exitCode}: ${output}`);
    if (!existsSync(kubeconfig)) return undefined;
    const ready = await run(['kubectl', 'get', '--raw', '/readyz'], { env });
    return ready.code === 0 ? true : undefined;
  });
  return {
    name: 'local',
    kubeconfig,
    run: (argv, options) => run(argv, { ...options, env: { ...env, ...options?.env } }),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Brings up a single-node Kubernetes with our images loaded (e2e/real-cluster/). */
async function startReal(): Promise<Cluster> {
  const script = join(root, 'e2e/real-cluster/real-cluster.sh');
  await mustRun(['bash', script, 'down'], 120_000);
  const up = await mustRun(['bash', script, 'up'], 1_800_000);
  const kubeconfig = up.stdout.trim().split('\n').at(-1) as string;
  await mustRun(['bash', join(root, 'e2e/real-cluster/load-images.sh')], 1_800_000);
  return {
    name: 'real',
    kubeconfig,
    run: (argv, options) => run(['bash', script, 'exec', ...argv], options),
    async stop() {
      await run(['bash', script, 'down'], { timeoutMs: 120_000 });
    },
  };
}

async function mustRun(argv: readonly string[], timeoutMs: number): Promise<Result> {
  const result = await run(argv, { timeoutMs });
  if (result.code !== 0)
    throw new Error(`${argv.join(' ')} ended with ${result.code}: ${result.stderr.slice(-2000)}`);
  return result;
}

/** What a user types: each throws with the program's own words when it fails. */
export class Shell {
  readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  async kubectl(...args: string[]): Promise<string> {
    return (await this.#checked(['kubectl', ...args])).stdout;
  }

  async kubectlInput(input: string, ...args: string[]): Promise<string> {
    return (await this.#checked(['kubectl', ...args], { input })).stdout;
  }

  async istioctl(...args: string[]): Promise<string> {
    return (await this.#checked([join(bin, 'istioctl'), ...args], { timeoutMs: 300_000 })).stdout;
  }

  /** Runs anything; a failure is the caller's to judge. */
  run(argv: readonly string[], options?: RunOptions): Promise<Result> {
    return this.cluster.run(argv, options);
  }

  async #checked(argv: readonly string[], options?: RunOptions): Promise<Result> {
    const result = await this.cluster.run(argv, options);
    if (result.code !== 0)
      throw new Error(`${argv.join(' ')} ended with ${result.code}: ${result.stderr || result.stdout}`);
    return result;
  }

  /** Body and status of a GET, with the given request headers. */
  async curl(
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: string }> {
    const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const result = await this.cluster.run(['curl', '-s', '-m', '10', '-w', '\n%{http_code}', ...flags, url]);
    const at = result.stdout.lastIndexOf('\n');
    return { status: Number(result.stdout.slice(at + 1)), body: result.stdout.slice(0, at) };
  }

  /** `count` GETs over kept-alive connections in one curl; bodies joined, for counting. */
  async curlMany(
    url: string,
    count: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string[]> {
    const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const result = await this.cluster.run(
      ['curl', '-s', '-m', '120', ...flags, '-w', '\n<<%{http_code}>>\n', `${url}?n=[1-${count}]`],
      {
        timeoutMs: 150_000,
      },
    );
    return result.stdout.split(/\n<<\d+>>\n/).slice(0, -1);
  }

  /** Address and port of a Service: the load balancer's when it has one, else the ClusterIP. */
  async serviceUrl(namespace: string, name: string, portName: string): Promise<string> {
    const service = JSON.parse(await this.kubectl('get', 'service', name, '-n', namespace, '-o', 'json'));
    const port = service.spec.ports.find((candidate: { name: string }) => candidate.name === portName).port;
    const address = service.status.loadBalancer?.ingress?.[0]?.ip ?? service.spec.clusterIP;
    return `http://${address}:${port}`;
  }
}
