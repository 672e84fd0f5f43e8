import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient, Resource } from '../../src/kube/client.ts';
import { createClient } from '../../src/kube/create-client.ts';

export const root = join(import.meta.dirname, '../..');

/** A running demo: the whole mesh on this machine. */
export interface World {
  readonly client: KubeClient;
  readonly kubeconfig: string;
  readonly url: string;
  /** Seconds from the command to the first 200 of productpage, as the demo printed it. */
  readonly firstAnswerSeconds: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

const networking = (plural: string, kind: string): Resource => ({
  group: 'networking.istio.io',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});

export const virtualServices = networking('virtualservices', 'VirtualService');
export const gateways = networking('gateways', 'Gateway');
export const istioOperators: Resource = {
  group: 'install.istio.io',
  version: 'v1alpha1',
  plural: 'istiooperators',
  kind: 'IstioOperator',
  namespaced: true,
};

export async function startWorld(): Promise<World> {
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'lateen-bench-')), 'kubeconfig');
  const child = spawn(join(root, 'node_modules/.bin/lateen'), ['demo', '--kubeconfig', kubeconfig], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('productpage:')) resolve();
    });
    child.on('exit', (code) => reject(new Error(`lateen demo ended with ${code}\n${output}`)));
  });
  child.removeAllListeners('exit');
  return {
    client: await createClient({ kubeconfig }),
    kubeconfig,
    url: /productpage:\s+(\S+)\/productpage/.exec(output)?.[1] as string,
    firstAnswerSeconds: Number(/([\d.]+) s {2}first 200/.exec(output)?.[1]),
    process: child,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGINT');
      }),
  };
}

export function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * fraction) - 1)] as number;
}

export const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
