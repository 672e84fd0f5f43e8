import { readFileSync } from 'node:fs';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import type { Clock, Timer } from '../../base/clock.ts';
import { errorMessage, type Logger } from '../../base/log.ts';
import { ApiError, type KubeClient, type WatchEvent } from '../../kube/client.ts';
import { coreResources } from '../resources.ts';

type KubeObject = WatchEvent['object'];

const heartbeatMs = 10_000;
const leaseNamespace = 'kube-node-lease';
/** The kubelet whose behaviour this node follows; clients decide on it (native sidecars). */
export const kubeletVersion = 'v1.36.3';

export interface NodeIdentity {
  readonly name: string;
  readonly ip: string;
  readonly podCidr: string;
}

/** The Node object and its heartbeat lease. */
export class NodeRegistration {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #identity: NodeIdentity;
  #timer: Timer | undefined;

  constructor(options: { client: KubeClient; clock: Clock; log: Logger; identity: NodeIdentity }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#identity = options.identity;
  }

  async register(): Promise<void> {
    const { name } = this.#identity;
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: labels(name) },
      spec: { podCIDR: this.#identity.podCidr },
    };
    await this.#client.create(coreResources.nodes, node).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
    });
    const status = nodeStatus(this.#identity, new Date(this.#clock.now()).toISOString().slice(0, 19) + 'Z');
    await this.#client.patch(coreResources.nodes, name, 'merge', { status }, { subresource: 'status' });
    await this.#beat();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #beat(): Promise<void> {
    const { name } = this.#identity;
    const renewTime = new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime };
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: leaseNamespace },
      spec,
    };
    try {
      await this.#client.patch(coreResources.leases, name, 'merge', { spec }, { namespace: leaseNamespace });
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) await this.#createLease(lease);
      else this.#log.warn('heartbeat failed', { error: errorMessage(error) });
    }
    this.#timer = this.#clock.after(heartbeatMs, () => void this.#beat());
  }

  async #createLease(lease: KubeObject): Promise<void> {
    await this.#client.create(coreResources.leases, lease).catch((error: unknown) => {
      this.#log.warn('heartbeat failed', { error: errorMessage(error) });
    });
  }
}

function labels(name: string): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture(),
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': architecture(),
    'node-role.kubernetes.io/control-plane': '',
  };
}

function architecture(): string {
  return arch() === 'x64' ? 'amd64' : arch();
}

function nodeStatus({ name, ip }: NodeIdentity, now: string): Record<string, unknown> {
  const size = {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: '250',
    'ephemeral-storage': '100Gi',
  };
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  return {
    capacity: size,
    allocatable: size,
    addresses: [
      { type: 'InternalIP', address: ip },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      condition(
        'MemoryPressure',
        'False',
        'KubeletHasSufficientMemory',
        'kubelet has sufficient memory available',
      ),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      condition('Ready', 'True', 'KubeletReady', 'the node runs pods as processes'),
    ],
    nodeInfo: {
      architecture: architecture(),
      bootID: readLine('/proc/sys/kernel/random/boot_id'),
      containerRuntimeVersion: 'lateen://1',
      kernelVersion: release(),
      kubeProxyVersion: kubeletVersion,
      kubeletVersion,
      machineID: readLine('/etc/machine-id'),
      operatingSystem: 'linux',
      osImage: osImage(),
      systemUUID: readLine('/etc/machine-id'),
    },
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  };
}

function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function osImage(): string {
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(readLine('/etc/os-release'))?.[1] ?? 'Linux';
}
