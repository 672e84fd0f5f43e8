import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { errorMessage, type Logger } from '../../base/log.ts';
import type { LocalApi } from '../api/local-api.ts';
import { at } from '../api/object.ts';
import { EventRecorder } from '../event-recorder.ts';
import { runCommand } from '../host/run-command.ts';
import type { ImageOverrides } from '../images.ts';
import type { ClusterNetwork } from '../network/cluster-network.ts';
import { coreResources } from '../resources.ts';
import type { HostTools } from './container-process.ts';
import type { NodeContext } from './node-context.ts';
import { NodeRegistration } from './node-registration.ts';
import { PodAccess } from './pod-access.ts';
import type { Pod } from './pod-spec.ts';
import { PodWorker } from './pod-worker.ts';

export interface NodeAgentOptions {
  readonly api: LocalApi;
  readonly clock: Clock;
  readonly log: Logger;
  readonly network: ClusterNetwork;
  readonly images: ImageOverrides;
  readonly nodeName: string;
  /** An empty folder for the node's files. */
  readonly folder: string;
}

/** Runs the pods bound to this node as processes of this machine: the kubelet of the local cluster. */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #workers = new Map<string, PodWorker>();
  readonly #unsubscribe: (() => void)[] = [];
  #registration: NodeRegistration | undefined;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  /** Registers the node and takes up the pods bound to it. Rejects when the host lacks a tool, naming it. */
  async start(): Promise<void> {
    const { api, clock, log, network, nodeName, folder } = this.#options;
    const client = api.client('kubelet');
    for (const part of ['pods', 'claims', 'cache']) mkdirSync(join(folder, part), { recursive: true });
    chmodSync(join(folder, 'cache'), 0o1777);
    const node: NodeContext = {
      ...this.#options,
      events: new EventRecorder({ client, clock, log, component: 'kubelet' }),
      tools: await findTools(),
      compileCache: {
        source: join(folder, 'cache'),
        target: '/opt/lateen-cache',
        readOnly: false,
        kind: 'folder',
      },
      serviceEnv: () => kubernetesEnv(api),
    };
    this.#registration = new NodeRegistration({
      client,
      clock,
      log,
      identity: { name: nodeName, ip: network.plan.nodeIp, podCidr: network.plan.podCidr },
    });
    await this.#registration.register();
    api.setNodeBackend(new PodAccess(node, (uid) => this.#workers.get(uid)));
    this.#watchPods(node);
    this.#watchSources('configMaps');
    this.#watchSources('secrets');
  }

  #watchPods(node: NodeContext): void {
    const { api, network } = this.#options;
    const dns = { clusterDns: network.plan.dnsIp, hostResolvConf: readHostResolvConf() };
    this.#unsubscribe.push(
      api.subscribe(coreResources.pods, ({ type, object }) => {
        const pod = object as Pod;
        const uid = pod.metadata.uid ?? '';
        if (pod.spec.nodeName !== node.nodeName) return;
        const worker = this.#workers.get(uid);
        if (type === 'DELETED') {
          worker?.destroy().catch((error: unknown) => {
            this.#options.log.warn('pod did not end cleanly', {
              pod: pod.metadata.name,
              error: errorMessage(error),
            });
          });
        } else if (worker) {
          worker.update(pod);
        } else if (pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed') {
          const fresh = new PodWorker(node, dns, pod, () => this.#workers.delete(uid));
          this.#workers.set(uid, fresh);
          fresh.update(pod);
        }
      }),
    );
  }

  #watchSources(kind: 'configMaps' | 'secrets'): void {
    this.#unsubscribe.push(
      this.#options.api.subscribe(coreResources[kind], ({ object }) => {
        for (const worker of this.#workers.values()) {
          if (worker.pod.metadata.namespace === object.metadata.namespace)
            worker.sourceChanged(kind, object.metadata.name);
        }
      }),
    );
  }

  /** Ends every pod at once, leaving the API's objects as they are. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#registration?.stop();
    const ends = [...this.#workers.values()].map((worker) => worker.destroy());
    for (const end of await Promise.allSettled(ends)) {
      if (end.status === 'rejected')
        this.#options.log.warn('pod did not end cleanly', { error: errorMessage(end.reason) });
    }
  }
}

async function findTools(): Promise<HostTools> {
  const setpriv = (await runCommand(['sh', '-c', 'command -v setpriv'])).trim();
  const known = await runCommand([setpriv, '--list-caps']);
  return { setpriv, capabilities: new Set(known.split('\n').filter(Boolean)) };
}

/** What client libraries look for to find the API server from inside a pod. */
function kubernetesEnv(api: LocalApi): Record<string, string> {
  const service = api.read(coreResources.services, 'kubernetes', 'default');
  const host = at(service, 'spec', 'clusterIP');
  if (typeof host !== 'string') return {};
  return {
    KUBERNETES_SERVICE_HOST: host,
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    KUBERNETES_PORT: `tcp://${host}:443`,
    KUBERNETES_PORT_443_TCP: `tcp://${host}:443`,
    KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
    KUBERNETES_PORT_443_TCP_PORT: '443',
    KUBERNETES_PORT_443_TCP_ADDR: host,
  };
}

function readHostResolvConf(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}
