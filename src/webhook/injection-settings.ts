import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { errorMessage } from '../base/log.ts';
import { parseYaml } from '../base/yaml.ts';
import { type InjectionConfig, injectionConfig } from '../inject/index.ts';
import type { KubeClient } from '../kube/client.ts';
import { Informer } from '../kube/informer.ts';
import { resources } from '../kube/resource.ts';

type Json = Record<string, unknown>;

export interface InjectionSettingsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespace: string;
  /** `istio-sidecar-injector` and `istio`, with the revision's suffix. */
  readonly injectorConfigMap: string;
  readonly meshConfigMap: string;
}

/** Follows the ConfigMaps and nodes that injection depends on. Settings that cannot be read leave the last good ones in force. */
export class InjectionSettings {
  readonly #injector: Informer;
  readonly #mesh: Informer;
  readonly #nodes: Informer;
  readonly #log: Logger;
  #current: InjectionConfig | undefined;

  constructor(options: InjectionSettingsOptions) {
    const { client, clock, log, namespace } = options;
    this.#log = log;
    const one = (name: string) =>
      new Informer(client, resources.configMaps, {
        clock,
        logger: log,
        namespace,
        fieldSelector: `metadata.name=${name}`,
      });
    this.#injector = one(options.injectorConfigMap);
    this.#mesh = one(options.meshConfigMap);
    this.#nodes = new Informer(client, resources.nodes, { clock, logger: log, transform: slimNode });
    for (const informer of this.#informers) informer.onChange(() => this.#rebuild());
  }

  get current(): InjectionConfig | undefined {
    return this.#current;
  }

  get synced(): boolean {
    return this.#informers.every((informer) => informer.synced);
  }

  async run(signal: AbortSignal): Promise<void> {
    const running = this.#informers.map((informer) => informer.run(signal));
    await Promise.all(this.#informers.map((informer) => informer.waitForSync(signal))).catch(() => undefined);
    this.#rebuild();
    await Promise.all(running);
  }

  get #informers(): Informer[] {
    return [this.#injector, this.#mesh, this.#nodes];
  }

  #rebuild(): void {
    if (!this.synced) return;
    const injector = [...this.#injector.values()][0];
    if (injector === undefined) return;
    try {
      this.#current = injectionConfig({
        config: entry(injector, 'config'),
        values: entry(injector, 'values'),
        meshConfig: entry([...this.#mesh.values()][0], 'mesh'),
        nativeSidecars: nativeSidecars([...this.#nodes.values()]),
      });
    } catch (thrown) {
      this.#log.error('injection settings cannot be read; the last good ones stay', {
        error: errorMessage(thrown),
      });
    }
  }
}

function entry(configMap: KubeObject | undefined, key: string): Json {
  const text = (configMap?.['data'] as Record<string, string> | undefined)?.[key] ?? '{}';
  const parsed = parseYaml(text);
  return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed) ? (parsed as Json) : {};
}

interface NodeStatus {
  readonly nodeInfo?: { readonly kubeletVersion?: string };
}

/** Sidecars are native where every node's kubelet is 1.33 or newer; one older or unknown version turns it off. */
export function nativeSidecars(nodes: readonly KubeObject[]): boolean {
  return (
    nodes.length > 0 &&
    nodes.every((node) => {
      const version = (node.status as NodeStatus | undefined)?.nodeInfo?.kubeletVersion ?? '';
      const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
      return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 33);
    })
  );
}

function slimNode(node: KubeObject): KubeObject {
  const { nodeInfo } = (node.status ?? {}) as NodeStatus;
  const { name, resourceVersion, uid } = node.metadata;
  return {
    apiVersion: node.apiVersion,
    kind: node.kind,
    metadata: { name, ...(resourceVersion && { resourceVersion }), ...(uid && { uid }) },
    ...(nodeInfo && { status: { nodeInfo: { kubeletVersion: nodeInfo.kubeletVersion } } }),
  };
}
