import type { KubeObject } from '../api/object.ts';
import { error, hasErrors, type Issue } from '../base/issue.ts';
import { errorMessage } from '../base/log.ts';
import { parseYamlDocuments } from '../base/yaml.ts';
import { type ComponentInfo, components } from './components.ts';
import { isMap, type JsonMap, mapAt, textAt, valueAt } from './json.ts';
import { applyK8sSettings } from './k8s-settings.ts';
import type { Library } from './library.ts';
import { inApplyOrder } from './order.ts';
import { applyOverlays } from './overlays.ts';
import { type RenderInput, resolveSpec } from './resolve.ts';
import { tidy } from './tidy.ts';
import { baseView, gatewayView, pilotView } from './views.ts';

/** One component's objects in apply order; several gateways of a kind form one component. */
export interface RenderedComponent {
  readonly info: ComponentInfo;
  readonly objects: readonly KubeObject[];
}

export interface Rendering {
  readonly profile: string;
  /** Where the control plane lives; it must exist before anything is applied. */
  readonly namespace: string;
  readonly revision: string;
  readonly spec: JsonMap;
  /** Enabled components only, in install order. Empty when `issues` has errors. */
  readonly components: readonly RenderedComponent[];
  readonly issues: readonly Issue[];
}

/** From a user's words to Kubernetes objects. Pure and byte-stable: the operator, `install`, `manifest generate` and `diff` all call it. */
export function render(input: RenderInput, library: Library): Rendering {
  const { spec, profile, namespace, issues: resolveIssues } = resolveSpec(input, library);
  const issues: Issue[] = [...resolveIssues];
  const revision = textAt(spec, 'values.revision') || 'default';
  const head = { profile, namespace, revision, spec };
  if (hasErrors(issues)) return { ...head, components: [], issues };
  const rendered = components.flatMap((info) => {
    const instances = enabledInstances(info, spec);
    if (instances.length === 0) return [];
    if (info.unsupported !== undefined) {
      issues.push(error('ComponentNotSupported', `spec.components.${info.key}.enabled`, info.unsupported));
      return [];
    }
    const objects = instances.flatMap((instance) => renderInstance(info, instance, spec, library, issues));
    return [
      {
        info,
        objects: inApplyOrder(objects.map((object) => labelled(object, info, revision, library.version))),
      },
    ];
  });
  return { ...head, components: hasErrors(issues) ? [] : rendered, issues };
}

/** All objects of a rendering, component after component. */
export function objectsOf(rendering: Rendering): KubeObject[] {
  return rendering.components.flatMap((component) => component.objects);
}

interface Instance {
  readonly settings: JsonMap;
  /** Where the user wrote it, for messages. */
  readonly path: string;
}

function enabledInstances(info: ComponentInfo, spec: JsonMap): Instance[] {
  const path = `spec.components.${info.key}`;
  const value = valueAt(spec, `components.${info.key}`);
  const entries = info.list && Array.isArray(value) ? value : [value];
  return entries.flatMap((entry, index) =>
    isMap(entry) && entry['enabled'] === true
      ? [{ settings: entry, path: info.list ? `${path}[${index}]` : path }]
      : [],
  );
}

/** Template folders and the data they get, by component. */
function viewOf(info: ComponentInfo, spec: JsonMap, settings: JsonMap): { folder: string; view: object } {
  switch (info.key) {
    case 'base':
      return { folder: 'base', view: baseView(spec) };
    case 'pilot':
      return { folder: 'pilot', view: pilotView(spec, settings) };
    default:
      return { folder: 'gateway', view: gatewayView(spec, settings) };
  }
}

function renderInstance(
  info: ComponentInfo,
  instance: Instance,
  spec: JsonMap,
  library: Library,
  issues: Issue[],
): KubeObject[] {
  const { folder, view } = viewOf(info, spec, instance.settings);
  try {
    const rendered = renderFolder(folder, view, library);
    const objects = info.key === 'base' ? [...library.crds, ...rendered] : rendered;
    const k8s = mapAt(instance.settings, 'k8s');
    const adjusted = applyK8sSettings(objects, k8s);
    const overlaid = applyOverlays(adjusted, k8s['overlays'], `${instance.path}.k8s.overlays`);
    issues.push(...overlaid.issues);
    return overlaid.objects;
  } catch (failure) {
    issues.push(error('TemplateFailed', instance.path, errorMessage(failure)));
    return [];
  }
}

/** The objects of one template folder. Throws naming the template when it does not render or is not YAML. */
export function renderFolder(folder: string, view: object, library: Library): KubeObject[] {
  const names = library.templates.names.filter((name) => name.startsWith(`${folder}/`));
  return names.flatMap((name) => {
    const text = library.templates.render(name, view);
    try {
      return parseYamlDocuments(text) as KubeObject[];
    } catch (failure) {
      throw new Error(`template ${name} gives no YAML: ${errorMessage(failure).split('\n')[0]}`);
    }
  });
}

function labelled(object: KubeObject, info: ComponentInfo, revision: string, version: string): KubeObject {
  const labels = {
    ...object.metadata.labels,
    'operator.istio.io/component': info.name,
    'operator.istio.io/managed': 'Reconcile',
    'operator.istio.io/version': version,
    ...(object.kind !== 'CustomResourceDefinition' &&
      object.kind !== 'Namespace' && { 'istio.io/rev': revision }),
  };
  const { apiVersion, kind, metadata, ...rest } =
    object.kind === 'CustomResourceDefinition' ? object : tidy(object);
  return { apiVersion, kind, metadata: { ...metadata, labels }, ...rest };
}
