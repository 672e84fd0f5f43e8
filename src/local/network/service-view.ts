import { asList, asObject, at, type Fields } from '../api/object.ts';
import type { ServicePortView, ServiceView } from './service-rules.ts';

/** A Service and its EndpointSlices as the packet rules see them; undefined for one without an address (headless, ExternalName). */
export function serviceView(service: Fields, slices: readonly Fields[]): ServiceView | undefined {
  const spec = asObject(service['spec']) ?? {};
  const clusterIps = strings(spec['clusterIPs'] ?? [spec['clusterIP']]).filter(isIpv4);
  if (clusterIps.length === 0) return undefined;
  const ingress = asList(at(service, 'status', 'loadBalancer', 'ingress'));
  const externalIps = [...ingress.map((entry) => at(entry, 'ip')), ...asList(spec['externalIPs'])];
  const view = {
    namespace: String(at(service, 'metadata', 'namespace')),
    name: String(at(service, 'metadata', 'name')),
    clusterIps,
    externalIps: strings(externalIps).filter(isIpv4),
    ports: asList(spec['ports']).map((port) => portView(asObject(port) ?? {}, slices)),
  };
  if (spec['sessionAffinity'] !== 'ClientIP') return view;
  const timeout = at(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds');
  return { ...view, affinitySeconds: typeof timeout === 'number' ? timeout : 10800 };
}

function portView(port: Fields, slices: readonly Fields[]): ServicePortView {
  const name = String(port['name'] ?? '');
  const nodePort = Number(port['nodePort'] ?? 0);
  return {
    name,
    protocol: String(port['protocol'] ?? 'TCP'),
    port: Number(port['port']),
    ...(nodePort > 0 ? { nodePort } : {}),
    endpoints: portEndpoints(slices, name),
  };
}

/** Ready endpoints; when there are none, those that still serve while they terminate, as kube-proxy does. */
function portEndpoints(slices: readonly Fields[], portName: string): string[] {
  const ready = new Set<string>();
  const serving = new Set<string>();
  for (const slice of slices) {
    if (slice['addressType'] !== 'IPv4') continue;
    const port = asList(slice['ports']).find((p) => String(at(p, 'name') ?? '') === portName);
    const number = at(port, 'port');
    if (typeof number !== 'number') continue;
    for (const endpoint of asList(slice['endpoints'])) {
      const address = `${String(asList(at(endpoint, 'addresses'))[0])}:${number}`;
      if (at(endpoint, 'conditions', 'ready') !== false) ready.add(address);
      else if (at(endpoint, 'conditions', 'serving') === true) serving.add(address);
    }
  }
  return [...(ready.size > 0 ? ready : serving)].sort();
}

function strings(value: unknown): string[] {
  return asList(value).filter((item): item is string => typeof item === 'string' && item !== '');
}

function isIpv4(address: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address);
}
