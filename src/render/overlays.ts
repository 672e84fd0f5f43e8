import type { KubeObject } from '../api/object.ts';
import { error, type Issue, warning } from '../base/issue.ts';
import { errorMessage } from '../base/log.ts';
import { isMap, type Json, textAt } from './json.ts';
import { parsePath, setPath } from './path.ts';

/** Applies `k8s.overlays`: each names one object of the component and patches it by path; a patch without value removes. */
export function applyOverlays(
  objects: readonly KubeObject[],
  overlays: Json | undefined,
  path: string,
): { objects: KubeObject[]; issues: Issue[] } {
  const issues: Issue[] = [];
  let result = [...objects];
  if (!Array.isArray(overlays)) return { objects: result, issues };
  overlays.forEach((overlay, index) => {
    const at = `${path}[${index}]`;
    const [kind, name] = [textAt(overlay, 'kind'), textAt(overlay, 'name')];
    const found = result.some((object) => object.kind === kind && object.metadata.name === name);
    if (!found)
      issues.push(warning('OverlayWithoutTarget', at, `the component renders no ${kind} "${name}"`));
    result = result.map((object) =>
      object.kind === kind && object.metadata.name === name
        ? patchObject(object, overlay, at, issues)
        : object,
    );
  });
  return { objects: result, issues };
}

function patchObject(object: KubeObject, overlay: Json, path: string, issues: Issue[]): KubeObject {
  const patches = isMap(overlay) && Array.isArray(overlay['patches']) ? overlay['patches'] : [];
  let result = object as unknown as Json;
  patches.forEach((patch, index) => {
    const at = `${path}.patches[${index}]`;
    try {
      const value = isMap(patch) && patch['value'] !== null ? patch['value'] : undefined;
      result = setPath(result, parsePath(textAt(patch, 'path')), value);
    } catch (failure) {
      issues.push(
        error(
          'InvalidOverlay',
          `${at}.path`,
          `${object.kind} "${object.metadata.name}": ${errorMessage(failure)}`,
        ),
      );
    }
  });
  return result as unknown as KubeObject;
}
