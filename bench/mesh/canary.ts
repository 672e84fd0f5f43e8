import { Agent, get } from 'node:http';
import { delay, gateways, virtualServices, type World } from './world.ts';

export interface Canary {
  readonly requests: number;
  readonly v2Share: number;
  readonly failed: number;
}

const host = 'canary.example.com';

/** Share of v2 over `requests` requests of an 80/20 split, told apart by a header that each destination sets. */
export async function measureCanary(world: World, requests: number): Promise<Canary> {
  const metadata = { name: 'canary', namespace: 'default' };
  const servers = [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [host] }];
  const gateway = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata,
    spec: { selector: { istio: 'ingressgateway' }, servers },
  };
  const to = (service: string, version: string, weight: number) => ({
    destination: { host: service, port: { number: 9080 } },
    headers: { response: { set: { 'x-version': version } } },
    weight,
  });
  const http = [{ route: [to('details', 'v1', 80), to('details', 'v2', 20)] }];
  const rule = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata,
    spec: { hosts: [host], gateways: ['canary'], http },
  };
  await world.client.apply(gateways, gateway, { fieldManager: 'bench', force: true });
  await world.client.apply(virtualServices, rule, { fieldManager: 'bench', force: true });
  await delay(1000);
  const seen = { v1: 0, v2: 0, failed: 0 };
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let next = 0;
  const worker = async () => {
    while (next++ < requests) seen[await ask(agent, world.url)] += 1;
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  agent.destroy();
  await world.client.delete(virtualServices, 'canary', { namespace: 'default' });
  await world.client.delete(gateways, 'canary', { namespace: 'default' });
  return { requests, v2Share: seen.v2 / requests, failed: seen.failed };
}

function ask(agent: Agent, url: string): Promise<'v1' | 'v2' | 'failed'> {
  return new Promise((resolve) => {
    const call = get(`${url}/details/0`, { agent, headers: { host } }, (response) => {
      response.resume();
      const version = response.headers['x-version'];
      response.on('end', () =>
        resolve(response.statusCode === 200 && (version === 'v1' || version === 'v2') ? version : 'failed'),
      );
    });
    call.on('error', () => resolve('failed'));
  });
}
