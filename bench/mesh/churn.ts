import { spawn } from 'node:child_process';
import { delay, gateways, virtualServices, type World } from './world.ts';

export interface Churn {
  readonly changes: number;
  readonly requests: number;
  readonly failed: number;
  readonly requestsPerSecond: number;
}

const host = 'churn.example.com';

/** `changes` rule changes while h2load sends 2,000 requests a second through the gateway and a sidecar; counts everything not 2xx. */
export async function measureChurn(world: World, changes: number): Promise<Churn> {
  await world.client.apply(gateways, gateway(), { fieldManager: 'bench', force: true });
  await world.client.apply(virtualServices, rule(0), { fieldManager: 'bench', force: true });
  await delay(1000);
  const seconds = Math.ceil(changes / 25);
  const load = startLoad(`${world.url}/details/0`, seconds);
  const started = performance.now();
  for (let change = 1; change <= changes; change++) {
    await world.client.apply(virtualServices, rule(change), { fieldManager: 'bench', force: true });
    await delay(Math.max(0, started + change * ((seconds * 1000) / changes) - performance.now()));
  }
  const report = await load;
  await world.client.delete(virtualServices, 'churn', { namespace: 'default' });
  await world.client.delete(gateways, 'churn', { namespace: 'default' });
  const counts =
    /requests: (\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored/.exec(
      report,
    );
  const status = /status codes: (\d+) 2xx/.exec(report);
  if (counts === null || status === null) throw new Error(`h2load printed no summary:\n${report}`);
  const done = Number(counts[2]);
  const failed = Number(counts[4]) + Number(counts[5]) + (done - Number(status[1]));
  return { changes, requests: done, failed, requestsPerSecond: Math.round(done / seconds) };
}

function startLoad(url: string, seconds: number): Promise<string> {
  const args = ['--h1', '-c', '20', '--rps', '100', '-D', String(seconds), '-H', `:authority: ${host}`, url];
  const child = spawn('h2load', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => resolve(output));
  });
}

function gateway() {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'churn', namespace: 'default' },
    spec: {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [host] }],
    },
  };
}

/** Every change adds another header and another match, so route tables really differ. */
function rule(change: number) {
  const destination = { host: 'details', port: { number: 9080 } };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'churn', namespace: 'default' },
    spec: {
      hosts: [host, 'details'],
      gateways: ['churn', 'mesh'],
      http: [
        { match: [{ headers: { 'x-change': { exact: String(change) } } }], route: [{ destination }] },
        { headers: { response: { set: { 'x-change': String(change) } } }, route: [{ destination }] },
      ],
    },
  };
}
