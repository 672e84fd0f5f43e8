import type { InjectionConfig } from './config.ts';
import type { Pod } from './pod.ts';
import { isEmptySelector, type LabelSelector, selectorMatches } from './selector.ts';

/** Namespaces whose pods are never injected (Istio pkg/kube/inject: IgnoredNamespaces). */
const ignoredNamespaces = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']);

export type Decision = { readonly inject: true } | { readonly inject: false; readonly reason: string };

const injectKey = 'sidecar.istio.io/inject';
const yes: Decision = { inject: true };
const no = (reason: string): Decision => ({ inject: false, reason });

/**
 * Whether a pod gets a sidecar, in Istio's order of precedence: host network and system namespaces never; the pod's label, then its
 * annotation (other values than true/false count as unset); neverInjectSelector, alwaysInjectSelector; the policy last.
 */
export function decide(pod: Pod, namespace: string, config: InjectionConfig): Decision {
  if (pod.spec.hostNetwork) return no('the pod uses the host network');
  if (ignoredNamespaces.has(namespace)) return no(`namespace ${namespace} is never injected`);
  if (pod.metadata.annotations?.['sidecar.istio.io/status'] !== undefined)
    return no('the pod already has a sidecar');
  const asked = explicitChoice(pod);
  if (asked !== undefined) {
    return asked.value ? yes : no(`the pod's ${asked.from} ${injectKey} is "false"`);
  }
  const labels = pod.metadata.labels ?? {};
  if (anyMatches(config.neverInjectSelector, labels)) return no('a neverInjectSelector matches');
  if (anyMatches(config.alwaysInjectSelector, labels)) return yes;
  return config.policy === 'enabled'
    ? yes
    : no('the injection policy is disabled and the pod does not ask for a sidecar');
}

function explicitChoice(pod: Pod): { value: boolean; from: 'label' | 'annotation' } | undefined {
  const label = parseBoolean(pod.metadata.labels?.[injectKey]);
  if (label !== undefined) return { value: label, from: 'label' };
  // A label of another value hides the annotation, as in Istio: the label is read whenever it is there.
  if (pod.metadata.labels?.[injectKey] !== undefined) return undefined;
  const annotation = parseBoolean(pod.metadata.annotations?.[injectKey]);
  return annotation === undefined ? undefined : { value: annotation, from: 'annotation' };
}

/** Go's YAML booleans that Istio accepts here. */
function parseBoolean(value: string | undefined): boolean | undefined {
  switch (value?.toLowerCase()) {
    case 'true':
    case 'y':
    case 'yes':
    case 'on':
      return true;
    case 'false':
    case 'n':
    case 'no':
    case 'off':
      return false;
    default:
      return undefined;
  }
}

function anyMatches(list: readonly LabelSelector[], labels: Readonly<Record<string, string>>): boolean {
  return list.some((selector) => !isEmptySelector(selector) && selectorMatches(selector, labels));
}
