/** The components of an IstioOperator, in the order they are installed; each waits for those before it. */
export interface ComponentInfo {
  /** Field of `spec.components`. */
  readonly key: string;
  /** Key of `status.componentStatus` and value of the label `operator.istio.io/component`. */
  readonly name: string;
  /** As `istioctl install` names it. */
  readonly title: string;
  readonly icon: string;
  /** A list of named gateways instead of one. */
  readonly list: boolean;
  /** Why it cannot be switched on yet. */
  readonly unsupported?: string;
}

function row(key: string, name: string, title: string, icon: string, list = false): ComponentInfo {
  return { key, name, title, icon, list };
}

function notYet(key: string, name: string, title: string, icon: string, unsupported: string): ComponentInfo {
  return { key, name, title, icon, list: false, unsupported };
}

export const components: readonly ComponentInfo[] = [
  row('base', 'Base', 'Istio core', '⛵️'),
  row('pilot', 'Pilot', 'Istiod', '🧠'),
  notYet(
    'istiodRemote',
    'IstiodRemote',
    'Istiod remote',
    '🧠',
    'a control plane outside the cluster is not supported yet; enable components.pilot instead',
  ),
  notYet(
    'cni',
    'Cni',
    'CNI',
    '🪢',
    'the CNI node agent is not supported yet; leave it disabled: istio-init sets up traffic capture in each pod',
  ),
  notYet('ztunnel', 'Ztunnel', 'Ztunnel', '🔒', 'ambient mode is not supported yet; use sidecars'),
  row('ingressGateways', 'IngressGateways', 'Ingress gateways', '🛬', true),
  row('egressGateways', 'EgressGateways', 'Egress gateways', '🛫', true),
];
