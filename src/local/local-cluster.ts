import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { LocalApi, LocalApiOptions } from './api/local-api.ts';
import { runControllers } from './controllers/run-controllers.ts';
import { EventRecorder } from './event-recorder.ts';
import { ClusterLocks } from './host/cluster-lock.ts';
import type { ImageOverrides } from './images.ts';
import { type AddressPlan, AddressPool, addressPlan } from './network/address-plan.ts';
import { startClusterDns } from './network/cluster-dns.ts';
import { ClusterNetwork } from './network/cluster-network.ts';
import { publishHostService } from './network/host-service.ts';
import { choosePlan, removeCluster } from './network/leftovers.ts';
import { ServiceProxy } from './network/service-proxy.ts';
import { NodeAgent } from './node/node-agent.ts';

export interface LocalClusterOptions {
  readonly startApi: (options: LocalApiOptions) => Promise<LocalApi>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly images: ImageOverrides;
  /** Keeps the API's objects over restarts; without it everything is gone at the end. */
  readonly dataDir?: string;
}

/** A running local cluster. */
export interface LocalCluster {
  readonly api: LocalApi;
  readonly plan: AddressPlan;
  /** Ends everything: pods, network, API; nothing stays on the host. */
  stop(): Promise<void>;
}

const apiPort = 6443;
const nodeName = 'lateen';

/**
 * Brings up a cluster on this machine: network, API server, DNS, service rules, node agent, controllers, in this order. What a run that
 * was killed left behind is removed first. Needs root.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { log } = options;
  const locks = new ClusterLocks();
  for (const { index, owner } of locks.abandoned()) {
    const removed = await removeCluster(addressPlan(index));
    if (owner?.folder.startsWith(join(tmpdir(), 'lateen')))
      rmSync(owner.folder, { recursive: true, force: true });
    locks.release(index);
    log.info('removed what an earlier run left behind', {
      cluster: `lateen${index}`,
      namespaces: removed.length,
    });
  }
  const { plan, folder } = await claim(locks);
  const cleanups: (() => Promise<void> | void)[] = [
    () => locks.release(plan.index),
    () => rmSync(folder, { recursive: true, force: true }),
    async () => void (await removeCluster(plan)),
  ];
  const stop = async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  };
  try {
    const api = await bringUp(options, plan, folder, cleanups);
    return { api, plan, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function claim(locks: ClusterLocks): Promise<{ plan: AddressPlan; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-'));
  const lost = new Set<number>();
  for (;;) {
    const plan = await choosePlan((index) => lost.has(index) || locks.owned(index));
    if (locks.take(plan.index, folder)) {
      // Namespaces of this name without a record are leftovers as well.
      await removeCluster(plan);
      return { plan, folder };
    }
    lost.add(plan.index);
  }
}

async function bringUp(
  options: LocalClusterOptions,
  plan: AddressPlan,
  folder: string,
  cleanups: (() => Promise<void> | void)[],
): Promise<LocalApi> {
  const { clock, log, images } = options;
  const network = new ClusterNetwork(plan);
  await network.create();
  const api = await options.startApi({
    host: plan.hostIp,
    port: apiPort,
    alternativeNames: [plan.kubernetesIp, plan.nodeIp],
    serviceCidr: plan.serviceCidr,
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
  });
  cleanups.push(() => api.close());
  const proxy = new ServiceProxy(api, network, log.scope('services'));
  await proxy.start();
  cleanups.push(() => proxy.stop());
  api.setServiceResolver(async (namespace, name, port) => {
    const [endpoint] = proxy.endpoints(namespace, name, port);
    if (endpoint === undefined) return undefined;
    const colon = endpoint.lastIndexOf(':');
    return { host: endpoint.slice(0, colon), port: Number(endpoint.slice(colon + 1)) };
  });
  await publishHostService(api, {
    namespace: 'default',
    name: 'kubernetes',
    clusterIp: plan.kubernetesIp,
    hostIp: plan.hostIp,
    ports: [{ name: 'https', protocol: 'TCP', port: 443, hostPort: apiPort }],
  });
  const dns = await startClusterDns(api, plan, clock);
  cleanups.push(() => dns.close());
  const agent = new NodeAgent({ api, clock, log: log.scope('node'), network, images, nodeName, folder });
  await agent.start();
  cleanups.push(() => agent.stop());
  const controllers = new AbortController();
  const client = api.client('kube-controller-manager');
  const events = new EventRecorder({ client, clock, log, component: 'controller-manager' });
  const loadBalancers = new AddressPool(plan.podPrefix, { from: 255, to: 255 });
  runControllers(
    { api, client, clock, log: log.scope('controllers'), events, nodeName },
    loadBalancers,
    controllers.signal,
  );
  cleanups.push(() => controllers.abort());
  return api;
}
