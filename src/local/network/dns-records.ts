import type { Fields } from '../api/object.ts';
import { asList, asObject, at } from '../api/object.ts';

/** What names are answered from: the Services and EndpointSlices there are now. */
export interface DnsSource {
  service(namespace: string, name: string): Fields | undefined;
  slices(namespace: string, service: string): readonly Fields[];
}

export type DnsAnswer =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'SRV'; readonly target: string; readonly port: number };

/** Answers of a name below `cluster.local`; undefined when the name does not exist, an empty list when it has no record of the type. */
export function clusterRecords(source: DnsSource, name: string, type: string): DnsAnswer[] | undefined {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.');
  if (labels.slice(-2).join('.') !== 'cluster.local') return undefined;
  const kind = labels.at(-3);
  const rest = labels.slice(0, -3);
  if (kind === undefined) return [];
  if (kind === 'svc') return serviceRecords(source, rest, type);
  if (kind === 'pod') return podRecords(rest, type);
  return undefined;
}

/** `10-244-1-5.default.pod.cluster.local`: the address is in the name. */
function podRecords(labels: readonly string[], type: string): DnsAnswer[] | undefined {
  const address = labels[0]?.replaceAll('-', '.');
  if (labels.length !== 2 || address === undefined || !/^\d+(\.\d+){3}$/.test(address)) return undefined;
  return type === 'A' ? [{ type: 'A', address }] : [];
}

function serviceRecords(source: DnsSource, labels: readonly string[], type: string): DnsAnswer[] | undefined {
  const namespace = labels.at(-1);
  const name = labels.at(-2);
  if (namespace === undefined) return [];
  if (name === undefined) return undefined;
  const service = source.service(namespace, name);
  if (service === undefined) return undefined;
  const spec = asObject(service['spec']) ?? {};
  const base = `${name}.${namespace}.svc.cluster.local`;
  const front = labels.slice(0, -2);
  if (spec['type'] === 'ExternalName') {
    return front.length === 0 ? [{ type: 'CNAME', target: String(spec['externalName']) }] : undefined;
  }
  const slices = source.slices(namespace, name);
  if (front.length === 2 && front[0]?.startsWith('_')) {
    return srvRecords(spec, slices, base, { port: front[0].slice(1), protocol: front[1] ?? '', type });
  }
  if (front.length === 1) return only(type, namedEndpoints(slices, front[0] as string));
  if (front.length > 0) return undefined;
  if (spec['clusterIP'] === 'None') {
    const addresses = readyEndpoints(slices).map(({ address }) => address);
    // A headless service without endpoints has no name at all, as CoreDNS answers it.
    return addresses.length === 0 ? undefined : only(type, [...new Set(addresses)]);
  }
  return only(type, [String(spec['clusterIP'] ?? '')].filter(Boolean));
}

function srvRecords(
  spec: Fields,
  slices: readonly Fields[],
  base: string,
  query: { port: string; protocol: string; type: string },
): DnsAnswer[] | undefined {
  const port = asList(spec['ports']).find(
    (p) =>
      at(p, 'name') === query.port &&
      `_${String(at(p, 'protocol') ?? 'TCP').toLowerCase()}` === query.protocol,
  );
  if (port === undefined) return undefined;
  if (query.type !== 'SRV') return [];
  if (spec['clusterIP'] !== 'None') return [{ type: 'SRV', target: base, port: Number(at(port, 'port')) }];
  return readyEndpoints(slices).map(({ address, hostname, slice }) => ({
    type: 'SRV',
    target: `${hostname ?? address.replaceAll('.', '-')}.${base}`,
    port: Number(
      at(
        asList(slice['ports']).find((p) => at(p, 'name') === query.port),
        'port',
      ) ?? at(port, 'port'),
    ),
  }));
}

function namedEndpoints(slices: readonly Fields[], hostname: string): string[] | undefined {
  const found = readyEndpoints(slices).filter(
    (endpoint) => (endpoint.hostname ?? endpoint.address.replaceAll('.', '-')) === hostname,
  );
  return found.length === 0 ? undefined : found.map(({ address }) => address);
}

function readyEndpoints(slices: readonly Fields[]): { address: string; hostname?: string; slice: Fields }[] {
  return slices
    .filter((slice) => slice['addressType'] === 'IPv4')
    .flatMap((slice) =>
      asList(slice['endpoints'])
        .filter((endpoint) => at(endpoint, 'conditions', 'ready') !== false)
        .flatMap((endpoint) => {
          const hostname = at(endpoint, 'hostname');
          return asList(at(endpoint, 'addresses')).map((address) => ({
            address: String(address),
            slice,
            ...(typeof hostname === 'string' ? { hostname } : {}),
          }));
        }),
    );
}

function only(type: string, addresses: readonly string[] | undefined): DnsAnswer[] | undefined {
  if (addresses === undefined) return undefined;
  return type === 'A' || type === 'ANY' ? addresses.map((address) => ({ type: 'A', address })) : [];
}
