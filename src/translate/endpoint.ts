import type { DestinationRule, Endpoint, Service, Subset } from '../mesh/index.ts';
import { selects } from '../mesh/index.ts';
import { outboundCluster } from '../xds/names.ts';
import type { Json } from './typed.ts';
import { compact, socketAddress, typed } from './typed.ts';

/** The ClusterLoadAssignments of a service: for each port, and for each port of each subset. */
export function translateEndpoints(
  service: Service,
  endpoints: readonly Endpoint[],
  rule: DestinationRule | undefined,
): Json[] {
  if (service.resolution !== 'eds') return [];
  const subsets: readonly (Subset | undefined)[] = [undefined, ...(rule?.spec.subsets ?? [])];
  return service.ports
    .filter((port) => port.protocol !== 'udp')
    .flatMap((port) =>
      subsets.map((subset) => {
        const chosen = endpoints.filter(
          (endpoint) =>
            endpoint.ports[port.number] !== undefined && selects(subset?.labels ?? {}, endpoint.labels),
        );
        return typed(
          'endpoints',
          compact({
            cluster_name: outboundCluster(service.hostname, port.number, subset?.name),
            endpoints: chosen.length === 0 ? undefined : localities(chosen, port.number),
          }),
        );
      }),
    );
}

/** Endpoints grouped by where they run; a group weighs as much as its members. */
function localities(endpoints: readonly Endpoint[], port: number): Json[] {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const group = groups.get(endpoint.locality);
    if (group === undefined) groups.set(endpoint.locality, [endpoint]);
    else group.push(endpoint);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([locality, members]) =>
      compact({
        locality: localityOf(locality),
        lb_endpoints: members.map((member) => lbEndpoint(member, port)),
        load_balancing_weight: members.reduce((sum, member) => sum + (member.weight ?? 1), 0),
      }),
    );
}

function localityOf(text: string): Json | undefined {
  if (text === '') return undefined;
  const [region, zone, subZone] = text.split('/');
  return compact({ region: region || undefined, zone: zone || undefined, sub_zone: subZone || undefined });
}

function lbEndpoint(endpoint: Endpoint, port: number): Json {
  return compact({
    endpoint: { address: socketAddress(endpoint.address, endpoint.ports[port] as number) },
    metadata:
      endpoint.workload === '' ? undefined : { filter_metadata: { istio: { workload: endpoint.workload } } },
    load_balancing_weight: endpoint.weight ?? 1,
  });
}
