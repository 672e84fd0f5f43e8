import type { KubeObject } from '../api/object.ts';
import { sleep, systemClock } from '../base/clock.ts';
import { errorMessage } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { resources } from '../kube/resource.ts';
import type { ResourceMapper } from '../kube/resource-mapper.ts';

/** Polls until `probe` gives something truthy; the last failure explains a timeout. */
export async function waitFor<T>(
  what: string,
  limitMs: number,
  probe: () => Promise<T>,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + limitMs;
  const keepAlive = setInterval(() => undefined, 60_000);
  let last = '';
  try {
    for (;;) {
      const value = await probe().catch((thrown) => {
        last = `: ${errorMessage(thrown)}`;
        return undefined;
      });
      if (value) return value;
      if (performance.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}${last}`);
      await sleep(systemClock, 50);
    }
  } finally {
    clearInterval(keepAlive);
  }
}

/** The few things the demo does to its cluster, as `kubectl` would. */
export class DemoCluster {
  readonly client: KubeClient;
  readonly #mapper: ResourceMapper;

  constructor(client: KubeClient, mapper: ResourceMapper) {
    this.client = client;
    this.#mapper = mapper;
  }

  /** `kubectl apply --server-side -f`: in order, each object tried again while its kind is still being set up. */
  async applyAll(objects: KubeObject[]): Promise<void> {
    for (const object of objects) {
      await waitFor(`apply ${object.kind} ${object.metadata.name}`, 20_000, async () => {
        const resource = await this.#mapper.resourceOf(object.apiVersion, object.kind);
        const namespaced = resource.namespaced && object.metadata.namespace === undefined;
        const target = namespaced
          ? { ...object, metadata: { ...object.metadata, namespace: 'default' } }
          : object;
        await this.client.apply(resource, target, { fieldManager: 'kubectl', force: true });
        return true;
      });
    }
  }

  async waitForKind(apiVersion: string, kind: string): Promise<void> {
    await waitFor(`kind ${kind} is served`, 20_000, () => this.#mapper.resourceOf(apiVersion, kind));
  }

  async label(plural: 'namespaces', name: string, labels: Record<string, string>): Promise<void> {
    await this.client.patch(resources[plural], name, 'merge', { metadata: { labels } });
  }

  /** The injection webhook is there and carries the certificate its server answers with. */
  async waitForInjection(): Promise<void> {
    const webhooks = await this.#mapper.resourceOf(
      'admissionregistration.k8s.io/v1',
      'MutatingWebhookConfiguration',
    );
    await waitFor('the control plane takes admission requests', 60_000, async () => {
      const { items } = await this.client.list(webhooks);
      const own = items.find((item) => item.metadata.name.startsWith('istio-sidecar-injector'));
      const hooks = (own?.['webhooks'] ?? []) as { clientConfig?: { caBundle?: string } }[];
      return hooks.length > 0 && hooks.every((hook) => hook.clientConfig?.caBundle);
    });
  }

  async gatewayUrl(): Promise<string> {
    return waitFor('the ingress gateway has an address', 30_000, async () => {
      const service = await this.client.get(resources.services, 'istio-ingressgateway', 'istio-system');
      const status = service.status as { loadBalancer?: { ingress?: { ip?: string }[] } } | undefined;
      const ip = status?.loadBalancer?.ingress?.[0]?.ip;
      return ip === undefined ? undefined : `http://${ip}`;
    });
  }
}
