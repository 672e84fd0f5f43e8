import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { KubeObject } from '../api/object.ts';
import { errorMessage } from '../base/log.ts';
import { packageRoot } from '../base/package-root.ts';
import { parseYamlDocuments } from '../base/yaml.ts';
import { createClient } from '../kube/create-client.ts';
import { ResourceMapper } from '../kube/resource-mapper.ts';
import { runChecks } from './demo-checks.ts';
import { DemoCluster, waitFor } from './demo-cluster.ts';
import { formatMemory, treeMemory } from './process-memory.ts';

const help = `Runs a whole mesh on this machine: a local cluster, the operator, control plane, gateways and bookinfo with sidecars.

Usage:
  lateen demo [--once] [--kubeconfig FILE]

Flags:
      --once               prove traffic, print what was checked, clean up; exit code 0 or 1
      --kubeconfig FILE    where to write the cluster's kubeconfig (default .demo/kubeconfig)
`;

/** What the demo applies to a fresh cluster, besides the CRDs and the operator. */
const istioOperator: KubeObject = {
  apiVersion: 'install.istio.io/v1alpha1',
  kind: 'IstioOperator',
  metadata: { name: 'demo', namespace: 'istio-system' },
  spec: { profile: 'demo', meshConfig: { defaultConfig: { concurrency: 1 } } },
};

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      once: { type: 'boolean' },
      kubeconfig: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const demo = new Demo(values.kubeconfig ?? join(process.cwd(), '.demo/kubeconfig'));
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve('interrupted'));
  });
  try {
    const up = await Promise.race([demo.up(), interrupted]);
    if (up === 'interrupted') return 130;
    if (values.once) return await demo.prove(up);
    demo.announce(up);
    await interrupted;
    return 0;
  } catch (thrown) {
    process.stderr.write(`demo failed: ${errorMessage(thrown)}\n${demo.recentOutput()}`);
    return 1;
  } finally {
    await demo.down();
  }
}

class Demo {
  readonly #kubeconfig: string;
  readonly #started = performance.now();
  #local: ChildProcess | undefined;
  #output: string[] = [];

  constructor(kubeconfig: string) {
    this.#kubeconfig = kubeconfig;
  }

  /** Brings everything up; resolves with the gateway's URL once productpage answered 200 through it. */
  async up(): Promise<string> {
    this.#startCluster();
    const cluster = await this.#connect();
    this.#step('cluster is up');
    await cluster.applyAll([...documents('crds'), ...operatorObjects()]);
    await cluster.waitForKind('install.istio.io/v1alpha1', 'IstioOperator');
    await cluster.applyAll([istioOperator]);
    this.#step('IstioOperator applied (profile demo)');
    await cluster.label('namespaces', 'default', { 'istio-injection': 'enabled' });
    await cluster.waitForInjection();
    this.#step('control plane injects sidecars');
    await cluster.applyAll([
      ...documents('samples/bookinfo/platform/kube', 'bookinfo.yaml'),
      ...documents('samples/bookinfo/networking', 'bookinfo-gateway.yaml'),
    ]);
    const url = await cluster.gatewayUrl();
    this.#step(`bookinfo applied, gateway at ${url}`);
    await waitFor('productpage answers through the gateway', 120_000, () => answers(`${url}/productpage`));
    this.#step('first 200 of productpage through the gateway');
    return url;
  }

  #startCluster(): void {
    mkdirSync(join(this.#kubeconfig, '..'), { recursive: true });
    rmSync(this.#kubeconfig, { force: true });
    const entry = process.argv[1] as string;
    const args = [...process.execArgv, entry, 'local', 'up', '--kubeconfig', this.#kubeconfig];
    this.#local = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => {
      this.#output = [...this.#output, chunk.toString()].slice(-50);
    };
    this.#local.stdout?.on('data', keep);
    this.#local.stderr?.on('data', keep);
  }

  async #connect(): Promise<DemoCluster> {
    const ended = new Promise<never>((_resolve, reject) => {
      this.#local?.once('exit', (code) =>
        reject(new Error(`the local cluster ended with exit code ${code}`)),
      );
    });
    ended.catch(() => undefined);
    const written = async () => existsSync(this.#kubeconfig);
    await Promise.race([ended, waitFor('the local cluster writes its kubeconfig', 60_000, written)]);
    const client = await createClient({ kubeconfig: this.#kubeconfig });
    await waitFor(
      'the API server is ready',
      30_000,
      async () => (await client.raw('GET', '/readyz')).status === 200,
    );
    return new DemoCluster(client, new ResourceMapper(client));
  }

  #step(text: string): void {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1).padStart(5);
    process.stdout.write(`${seconds} s  ${text}\n`);
  }

  announce(url: string): void {
    process.stdout.write(
      `\nproductpage:  ${url}/productpage\nkubeconfig:   export KUBECONFIG=${this.#kubeconfig}\n` +
        `try:          kubectl apply -f samples/bookinfo/networking/destination-rule-all.yaml -f samples/bookinfo/networking/virtual-service-all-v1.yaml\n` +
        `Ctrl-C ends it and cleans up.\n`,
    );
  }

  /** Checks the mesh from the outside and prints a table; exit code 1 when a row failed. */
  async prove(url: string): Promise<number> {
    const client = await createClient({ kubeconfig: this.#kubeconfig });
    const rows = await runChecks(new DemoCluster(client, new ResourceMapper(client)), url, (file) =>
      documents('samples/bookinfo/networking', file),
    );
    const width = Math.max(...rows.map((row) => row.what.length));
    process.stdout.write('\n');
    for (const row of rows)
      process.stdout.write(`${row.ok ? 'ok  ' : 'FAIL'}  ${row.what.padEnd(width)}  ${row.seen}\n`);
    process.stdout.write(`\nmemory of all processes: ${formatMemory(treeMemory(process.pid))}\n`);
    return rows.every((row) => row.ok) ? 0 : 1;
  }

  recentOutput(): string {
    return this.#output.join('');
  }

  async down(): Promise<void> {
    const local = this.#local;
    if (local === undefined || local.exitCode !== null) return;
    const gone = new Promise((resolve) => local.once('exit', resolve));
    local.kill('SIGTERM');
    await gone;
    rmSync(this.#kubeconfig, { force: true });
  }
}

/** The objects in one file of the package, or in every YAML file of a folder. */
function documents(folder: string, file?: string): KubeObject[] {
  const base = join(packageRoot(), folder);
  const files = file === undefined ? readdirSync(base).filter((name) => name.endsWith('.yaml')) : [file];
  return files.flatMap((name) => parseYamlDocuments(readFileSync(join(base, name), 'utf8')) as KubeObject[]);
}

function operatorObjects(): KubeObject[] {
  return documents('templates/operator');
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await response.arrayBuffer();
  return response.status === 200;
}
