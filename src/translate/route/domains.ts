import type { Service } from '../../mesh/index.ts';

/**
 * Every Host header under which clients of any namespace may call a service. The short name (`reviews`) is added by each proxy for the
 * services of its own namespace (xds/snapshot `assemble`), so that all namespaces share one route table. Ports are not part of a domain:
 * route tables ignore ports in host matching. (Istio: generateVirtualHostDomains.)
 */
export function serviceDomains(service: Service): string[] {
  const names = [service.hostname, ...service.aliases];
  const domains = names.flatMap((name) => [name, ...qualifiedNames(name)]);
  const headless = service.registry === 'Kubernetes' && service.resolution === 'passthrough';
  const pods = headless ? domains.map((domain) => `*.${domain}`) : [];
  const addresses = service.addresses.filter((address) => !address.includes('/')).map(bracketed);
  return [...domains, ...pods, ...addresses];
}

/** `reviews.default.svc` and `reviews.default` of `reviews.default.svc.cluster.local`. */
function qualifiedNames(hostname: string): string[] {
  const end = hostname.indexOf('.svc.');
  if (end < 0 || hostname.slice(0, end).split('.').length !== 2) return [];
  return [`${hostname.slice(0, end)}.svc`, hostname.slice(0, end)];
}

export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
