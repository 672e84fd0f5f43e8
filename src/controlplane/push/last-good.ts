import type { KubeObject } from '../../api/object.ts';
import { warning } from '../../base/issue.ts';
import { keyOf } from '../../kube/resource.ts';
import type { Finding, Mesh } from '../../mesh/index.ts';
import { brokenRouteCodes, unknownReferences } from '../../mesh/index.ts';
import type { World } from '../ingest/world.ts';

/**
 * Remembers the last form of each VirtualService whose routes all led somewhere. One that names an unknown host or subset keeps that
 * form in force until the name is known, so that applying a VirtualService before its DestinationRule fails no request; without such
 * a form its good routes work and the bad one answers 503.
 */
export class LastGood {
  readonly #good = new Map<string, KubeObject>();

  build(world: World): { mesh: Mesh; findings: readonly Finding[] } {
    const current = new Map<string, KubeObject>();
    const mesh = world.buildMesh((kind, object) => {
      if (kind === 'VirtualService') current.set(keyOf(object), object);
      return object;
    });
    const references = unknownReferences(mesh);
    const broken = brokenKeys(references);
    this.#remember(current, broken);
    const findings = [...mesh.findings, ...references];
    const kept = new Set(
      [...broken].filter((key) => this.#good.has(key) && this.#good.get(key) !== current.get(key)),
    );
    const replaced = this.#withKept(world, kept);
    return replaced === undefined
      ? { mesh, findings }
      : { mesh: replaced, findings: [...findings, ...[...kept].map(keptFinding)] };
  }

  /** The mesh with those forms in force; what has come to lead nowhere meanwhile is dropped from `kept`. Undefined when none is left. */
  #withKept(world: World, kept: Set<string>): Mesh | undefined {
    while (kept.size > 0) {
      const mesh = world.buildMesh((kind, object) =>
        kind === 'VirtualService' && kept.has(keyOf(object))
          ? (this.#good.get(keyOf(object)) as KubeObject)
          : object,
      );
      const stale = [...brokenKeys(unknownReferences(mesh))].filter((key) => kept.delete(key));
      if (stale.length === 0) return mesh;
      for (const key of stale) this.#good.delete(key);
    }
    return undefined;
  }

  #remember(current: ReadonlyMap<string, KubeObject>, broken: ReadonlySet<string>): void {
    for (const key of [...this.#good.keys()]) if (!current.has(key)) this.#good.delete(key);
    for (const [key, object] of current) if (!broken.has(key)) this.#good.set(key, object);
  }
}

function brokenKeys(references: readonly Finding[]): Set<string> {
  const broken = references.filter(({ issue }) => brokenRouteCodes.has(issue.code));
  return new Set(broken.map(({ ref }) => `${ref.namespace}/${ref.name}`));
}

function keptFinding(key: string): Finding {
  const [namespace, name] = key.split('/') as [string, string];
  const message =
    'the last form of this VirtualService that was complete stays in force until its references are known';
  return { ref: { kind: 'VirtualService', namespace, name }, issue: warning('LastGoodKept', '', message) };
}
