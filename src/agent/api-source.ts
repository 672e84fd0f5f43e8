import type { KubeObject } from '../api/object.ts';
import type { Logger } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { Informer } from '../kube/informer.ts';
import { resources } from '../kube/resource.ts';
import { labels, ownConfigMapName, sharedNamespace } from '../xds/snapshot/index.ts';
import type { Assembler, ConfigSource, StoredObject } from './config-source.ts';

export interface ApiSourceOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly configName: string;
  readonly assembler: Assembler;
  readonly log: Logger;
}

/**
 * Configuration from the Kubernetes API: one watch on the proxy's own ConfigMap by name, one on its scope by label. Both relist and
 * resume by themselves; a lost API server leaves the last good configuration in place.
 */
export class ApiSource implements ConfigSource {
  readonly #options: ApiSourceOptions;
  readonly #lifetime = new AbortController();
  #scopeWatch: AbortController | undefined;

  constructor(options: ApiSourceOptions) {
    this.#options = options;
  }

  start(): void {
    const { client, namespace, configName, assembler, log } = this.#options;
    const own = new Informer(client, resources.configMaps, {
      namespace,
      fieldSelector: `metadata.name=${ownConfigMapName(configName)}`,
      logger: log,
    });
    own.onChange((change) => {
      if (change.type !== 'deleted') assembler.setOwn(stored(change.object));
      else log.warn('the own ConfigMap was deleted; the last good configuration stays', { name: change.key });
    });
    void own.run(this.#lifetime.signal);
  }

  /** Follows another scope from now on. */
  follow(scope: string): void {
    this.#scopeWatch?.abort();
    this.#scopeWatch = undefined;
    if (scope === '' || this.#lifetime.signal.aborted) return;
    const { client, assembler, log } = this.#options;
    const watch = new AbortController();
    this.#scopeWatch = watch;
    const parts = new Informer(client, resources.configMaps, {
      namespace: sharedNamespace,
      labelSelector: `${labels.scope}=${scope}`,
      logger: log,
    });
    parts.onChange((change) => {
      if (change.type === 'deleted') assembler.removePart(change.object.metadata.name);
      else assembler.setPart(stored(change.object));
    });
    void parts.run(watch.signal);
  }

  stop(): void {
    this.#lifetime.abort();
    this.#scopeWatch?.abort();
  }
}

function stored(object: KubeObject): StoredObject {
  return object as unknown as StoredObject;
}
