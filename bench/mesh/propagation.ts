import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { resources } from '../../src/kube/resource.ts';
import { percentile, virtualServices, type World } from './world.ts';

export interface Propagation {
  readonly changes: number;
  readonly sidecars: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface Prober {
  ask(number: string): Promise<number>;
  stop(): void;
}

/**
 * From "the API server accepted the VirtualService" to "every sidecar answers by it", over `changes` changes. Each bookinfo pod runs a
 * client behind its own sidecar; the rule answers directly, so only configuration is measured. Clients poll each millisecond.
 */
export async function measurePropagation(world: World, changes: number): Promise<Propagation> {
  const { items } = await world.client.list(resources.pods, { namespace: 'default' });
  const probers = items.map((pod) => startProber(world.kubeconfig, pod.metadata.name));
  const times: number[] = [];
  // The first one waits for the clients to start and is not counted.
  for (let change = 0; change <= changes; change++) {
    const answers = probers.map((prober) => prober.ask(`change-${change}`));
    await applyRule(world, `change-${change}`);
    const accepted = performance.timeOrigin + performance.now();
    const served = Math.max(...(await Promise.all(answers)));
    if (change > 0) times.push(Math.max(0, served - accepted));
  }
  for (const prober of probers) prober.stop();
  await world.client.delete(virtualServices, 'propagation', { namespace: 'default' });
  return {
    changes,
    sidecars: probers.length,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    maxMs: Math.max(...times),
  };
}

async function applyRule(world: World, body: string): Promise<void> {
  const http = [
    { match: [{ uri: { prefix: '/propagation' } }], directResponse: { status: 200, body: { string: body } } },
  ];
  const rule = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'propagation', namespace: 'default' },
    spec: { hosts: ['details'], http: [...http, { route: [{ destination: { host: 'details' } }] }] },
  };
  await world.client.apply(virtualServices, rule, { fieldManager: 'bench', force: true });
}

function startProber(kubeconfig: string, pod: string): Prober {
  const script = readFileSync(join(import.meta.dirname, 'probe-client.mjs'), 'utf8');
  const args = [
    'exec',
    '-i',
    pod,
    '--',
    '/usr/local/bin/node',
    '--input-type=module',
    '-e',
    script,
    '--',
    'http://details:9080/propagation',
  ];
  const child = spawn('kubectl', args, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<string, (at: number) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [number, at] = line.split(' ') as [string, string];
    waiting.get(number)?.(at === 'timeout' ? Number.POSITIVE_INFINITY : Number(at));
    waiting.delete(number);
  });
  child.on('exit', () => {
    for (const answer of waiting.values()) answer(Number.POSITIVE_INFINITY);
    waiting.clear();
  });
  return {
    ask: (number) =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve(Number.POSITIVE_INFINITY);
        waiting.set(number, resolve);
        child.stdin.write(`${number}\n`);
      }),
    stop: () => child.stdin.end(),
  };
}
