import type { KubeObject } from '../../api/object.ts';
import { error } from '../../base/issue.ts';
import { errorMessage } from '../../base/log.ts';
import type { Finding } from '../model/mesh.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import { unsupportedFindings } from './not-acted-on.ts';
import { refOf } from './rule.ts';

interface Built {
  readonly value: unknown;
  readonly findings: readonly Finding[];
}

/** Each object is built once: the cache is keyed by the object itself, which is replaced whole when it changes. */
const caches = new WeakMap<MeshConfig, WeakMap<KubeObject, Built>>();

/** Builds lists of objects, collecting what is found in them. An object of the wrong shape is left out and named; the others are built. */
export class ObjectBuilder {
  readonly findings: Finding[] = [];
  readonly #config: MeshConfig;
  readonly #cache: WeakMap<KubeObject, Built>;

  constructor(config: MeshConfig) {
    this.#config = config;
    this.#cache = caches.get(config) ?? new WeakMap();
    caches.set(config, this.#cache);
  }

  build<T>(objects: readonly KubeObject[], build: (object: KubeObject, config: MeshConfig) => T): T[] {
    const values: T[] = [];
    for (const object of objects) {
      let built = this.#cache.get(object);
      if (built === undefined) {
        built = this.#buildOne(object, build);
        this.#cache.set(object, built);
      }
      this.findings.push(...built.findings);
      if (built.value !== malformed) values.push(built.value as T);
    }
    return values;
  }

  #buildOne(object: KubeObject, build: (object: KubeObject, config: MeshConfig) => unknown): Built {
    try {
      return { value: build(object, this.#config), findings: unsupportedFindings(object) };
    } catch (thrown) {
      const message = `this ${object.kind} cannot be read and is left out: ${errorMessage(thrown)}`;
      return { value: malformed, findings: [{ ref: refOf(object), issue: error('Malformed', '', message) }] };
    }
  }
}

const malformed = Symbol('malformed');
