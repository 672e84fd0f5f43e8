import type { Service } from '../../mesh/index.ts';

/**
 * Every Host header under which a client in `namespace` may call a service. Ports are not part of it: route tables ignore ports in
 * host matching. (Istio: generateVirtualHostDomains.)
 */
export function serviceDomains(service: Service, namespace: string): string[] {
  const names = [service.hostname, ...service.aliases];
  const domains = names.flatMap((name) => [name, ...shortNames(name, namespace)]);
  const headless = service.registry === 'Kubernetes' && service.resolution === 'passthrough';
  const pods = headless ? domains.map((domain) => `*.${domain}`) : [];
  const addresses = service.addresses.filter((address) => !address.includes('/')).map(bracketed);
  return [...domains, ...pods, ...addresses];
}

/** `reviews`, `reviews.default`, `reviews.default.svc` of `reviews.default.svc.cluster.local`; the first for the own namespace only. */
function shortNames(hostname: string, namespace: string): string[] {
  const end = hostname.indexOf('.svc.');
  if (end < 0) return [];
  const [name, owner, ...rest] = hostname.slice(0, end).split('.');
  if (owner === undefined || rest.length > 0) return [];
  const qualified = [`${name}.${owner}.svc`, `${name}.${owner}`];
  return owner === namespace ? [name as string, ...qualified] : qualified;
}

export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
