import type { KubeObject } from '../../api/object.ts';
import { validateObject } from '../../api/validate-object.ts';
import type { Issue } from '../../base/issue.ts';
import { hasErrors, warning } from '../../base/issue.ts';
import type { Finding, Mesh, ObjectRef } from '../../mesh/index.ts';
import { brokenRouteCodes, refKey, refOf, unknownReferences } from '../../mesh/index.ts';
import type { World } from '../ingest/world.ts';

/**
 * Which form of each rule is in force. A rule that validation refuses (it came in while no webhook answered) and a VirtualService that
 * names an unknown host or subset keep their last good form, so that neither a slip nor applying a VirtualService before its
 * DestinationRule fails a request. Without such a form a refused rule is left out; a VirtualService works with its good routes.
 */
export class LastGood {
  /** The last form of each rule that was good in both respects. */
  readonly #good = new Map<string, KubeObject>();
  readonly #issues = new WeakMap<KubeObject, readonly Issue[]>();

  build(world: World): { mesh: Mesh; findings: readonly Finding[] } {
    const current = new Map<string, KubeObject>();
    const findings: Finding[] = [];
    const kept = new Set<string>();
    const mesh = world.buildMesh((_kind, object) => {
      const key = ruleKey(object);
      current.set(key, object);
      const issues = this.#validate(object);
      if (!hasErrors(issues)) return object;
      const ref = refOf(object);
      findings.push(
        ...issues.filter(({ severity }) => severity === 'error').map((issue) => ({ ref, issue })),
      );
      const good = this.#good.get(key);
      if (good !== undefined) kept.add(key);
      return good;
    });
    const references = unknownReferences(mesh);
    const broken = brokenKeys(references);
    for (const key of broken) {
      const good = this.#good.get(key);
      if (good !== undefined && good !== current.get(key)) kept.add(key);
    }
    const inForce = this.#withKept(world, kept) ?? mesh;
    this.#remember(current, broken);
    findings.push(
      ...inForce.findings,
      ...references,
      ...[...kept].map((key) => keptFinding(refOf(current.get(key) as KubeObject))),
    );
    return { mesh: inForce, findings };
  }

  /** The mesh with the kept forms in force. A kept form that has come to lead nowhere itself is given up. Undefined when none is kept. */
  #withKept(world: World, kept: Set<string>): Mesh | undefined {
    while (kept.size > 0) {
      const mesh = world.buildMesh((_kind, object) => {
        if (kept.has(ruleKey(object))) return this.#good.get(ruleKey(object));
        return hasErrors(this.#validate(object)) ? undefined : object;
      });
      const stale = [...brokenKeys(unknownReferences(mesh))].filter((key) => kept.delete(key));
      if (stale.length === 0) return mesh;
      for (const key of stale) this.#good.delete(key);
    }
    return undefined;
  }

  #remember(current: ReadonlyMap<string, KubeObject>, broken: ReadonlySet<string>): void {
    for (const key of [...this.#good.keys()]) if (!current.has(key)) this.#good.delete(key);
    for (const [key, object] of current) {
      if (!broken.has(key) && !hasErrors(this.#validate(object))) this.#good.set(key, object);
    }
  }

  #validate(object: KubeObject): readonly Issue[] {
    let issues = this.#issues.get(object);
    if (issues === undefined) {
      issues = validateObject(object);
      this.#issues.set(object, issues);
    }
    return issues;
  }
}

function ruleKey(object: KubeObject): string {
  return refKey(refOf(object));
}

function brokenKeys(references: readonly Finding[]): Set<string> {
  return new Set(
    references.filter(({ issue }) => brokenRouteCodes.has(issue.code)).map(({ ref }) => refKey(ref)),
  );
}

function keptFinding(ref: ObjectRef): Finding {
  const message = `the last good form of this ${ref.kind} stays in force until this one is good`;
  return { ref, issue: warning('LastGoodKept', '', message) };
}
