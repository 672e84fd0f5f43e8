import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../api/object.ts';
import { silentLogger } from '../../base/log.ts';
import { parseYamlDocuments } from '../../base/yaml.ts';
import type { Resource } from '../../kube/client.ts';
import { resources } from '../../kube/resource.ts';
import { FakeKubeClient } from '../../kube/testing/fake-kube-client.ts';
import {
  assemble,
  decodeIndex,
  decodeOwn,
  decodePart,
  labels,
  ownConfigMapName,
  type ResourceSet,
  type StoredConfigMap,
  sharedNamespace,
} from '../../xds/snapshot/index.ts';
import type { ControlPlaneOptions, PushReport } from '../control-plane.ts';
import { ControlPlane } from '../control-plane.ts';
import { idleKinds, resourceOfKind, ruleKinds } from '../ingest/sources.ts';

/** Collection of an object, by its kind. */
function resourceOf(object: KubeObject): Resource {
  const kind = [...ruleKinds, ...idleKinds].find((name) => name === object.kind);
  if (kind !== undefined) return resourceOfKind(kind);
  const found = Object.values(resources).find((resource) => resource.kind === object.kind);
  if (found === undefined) throw new Error(`no collection for ${object.kind}`);
  return found;
}

/** A control plane over a fake API server: objects in, published configuration out. */
export class Harness {
  readonly client: FakeKubeClient;
  readonly pushes: PushReport[] = [];
  #plane: ControlPlane;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #options: Partial<ControlPlaneOptions>;

  constructor(client = new FakeKubeClient(), options: Partial<ControlPlaneOptions> = {}) {
    this.client = client;
    this.#options = options;
    this.#plane = this.#make();
  }

  get plane(): ControlPlane {
    return this.#plane;
  }

  /** Starts over the base objects of the translation goldens (three services, four proxies). */
  static async start(
    extra: readonly KubeObject[] = [],
    options: Partial<ControlPlaneOptions> = {},
  ): Promise<Harness> {
    const harness = new Harness(new FakeKubeClient(), options);
    harness.put(...yaml('base.yaml'), ...extra);
    await harness.start();
    return harness;
  }

  async start(): Promise<void> {
    this.#running = this.#plane.run(this.#stop.signal);
    await this.until(() => this.#plane.ready && this.pushes.length > 0, 'the first push');
    await this.settled();
  }

  /** Puts objects there as kubectl would. */
  put(...objects: readonly KubeObject[]): void {
    for (const object of objects) {
      const resource = resourceOf(object);
      const old = this.client.peek(resource, object.metadata.name, object.metadata.namespace);
      if (old === undefined) this.client.seed(resource, object);
      else void this.client.replace(resource, { ...object, metadata: { ...object.metadata } });
    }
  }

  async remove(object: KubeObject): Promise<void> {
    const { name, namespace } = object.metadata;
    await this.client.delete(resourceOf(object), name, namespace === undefined ? {} : { namespace });
  }

  /** The object as it lies there. */
  get(kind: string, name: string, namespace: string): KubeObject | undefined {
    return this.client.peek(resourceOf({ kind, apiVersion: '', metadata: { name } }), name, namespace);
  }

  /** What a proxy's agent would run on, or undefined while it is not complete. */
  resourcesOf(proxy: string, namespace: string): ResourceSet | undefined {
    const configMap = (name: string, at: string) =>
      this.client.peek(resources.configMaps, name, at) as unknown as StoredConfigMap | undefined;
    const ownObject = configMap(ownConfigMapName(proxy), namespace);
    const own = ownObject && decodeOwn(ownObject).value;
    if (own === undefined) return undefined;
    const indexObject = configMap(own.scope, sharedNamespace);
    const index = indexObject && decodeIndex(indexObject).value;
    const parts = this.client
      .all(resources.configMaps)
      .filter((object) => object.metadata.labels?.[labels.scope] === own.scope)
      .flatMap((object) => {
        const part = decodePart(object as unknown as StoredConfigMap).value;
        return part === undefined ? [] : [[object.metadata.name, part] as const];
      });
    const assembled = assemble(own, index, new Map(parts));
    return assembled.complete ? assembled.resources : undefined;
  }

  /** Writes to ConfigMaps since the start, as `verb namespace/name`. */
  writes(): string[] {
    return this.client.calls
      .filter(
        ({ verb, collection }) =>
          collection === 'v1/configmaps' && ['create', 'replace', 'delete', 'apply'].includes(verb),
      )
      .map(({ verb, key }) => `${verb} ${key}`);
  }

  /** Polls until something holds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 5000;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Resolves when nothing has been called for some turns: pushes, status and events are through. */
  async settled(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < 12; ) {
      await new Promise((resolve) => setTimeout(resolve, 4));
      quiet = this.client.calls.length === seen ? quiet + 1 : 0;
      seen = this.client.calls.length;
    }
  }

  /** Kills the control plane as SIGKILL would (nothing is cleaned up) and starts another over the same API server. */
  async restart(): Promise<void> {
    await this.stop();
    this.#stop = new AbortController();
    this.pushes.length = 0;
    this.#plane = this.#make();
    await this.start();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #make(): ControlPlane {
    return new ControlPlane({
      client: this.client,
      log: silentLogger,
      namespace: 'istio-system',
      revision: 'default',
      domain: 'cluster.local',
      clusterId: 'Kubernetes',
      identity: 'test',
      quietMs: 1,
      ceilingMs: 5,
      statusDelayMs: 1,
      onPush: (push) => this.pushes.push(push),
      ...this.#options,
    });
  }
}

/** Objects of a file in translate/testdata. */
export function yaml(file: string): KubeObject[] {
  const path = join(import.meta.dirname, '../../translate/testdata', file);
  return parseYamlDocuments(readFileSync(path, 'utf8')) as KubeObject[];
}

/** Objects written in a test. */
export function objects(text: string): KubeObject[] {
  return parseYamlDocuments(text) as KubeObject[];
}
