import { isIP } from 'node:net';
import { share } from '../../match/fraction.ts';
import type { ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints } from '../../xds/messages/endpoint.ts';
import { Address } from '../network/address.ts';
import type { EndpointAssignment, EndpointSpec } from '../upstream/cluster-config.ts';
import { HealthFlag, noLocality } from '../upstream/host.ts';
import { compileAddress } from './address.ts';

/** Turns a ClusterLoadAssignment into endpoints. With `names`, addresses may be DNS names (kept in `hostname`). */
export function compileAssignment(
  message: ClusterLoadAssignment | undefined,
  names: boolean,
): EndpointAssignment {
  const endpoints: EndpointSpec[] = [];
  message?.endpoints.forEach((group, i) => {
    group.lb_endpoints.forEach((entry, j) => {
      const spec = compileEndpoint(
        group,
        entry,
        names,
        `load_assignment.endpoints[${i}].lb_endpoints[${j}]`,
        message,
      );
      if (spec !== undefined) endpoints.push(spec);
    });
  });
  return {
    endpoints,
    overprovisioningFactor: message?.policy?.overprovisioning_factor ?? 140,
    weightedPriorityHealth: message?.policy?.weighted_priority_health ?? false,
    dropOverloads: (message?.policy?.drop_overloads ?? []).map((drop) => ({
      category: drop.category,
      millionths: share(drop.drop_percentage) * 1e6,
    })),
  };
}

function compileEndpoint(
  group: LocalityLbEndpoints,
  entry: LbEndpoint,
  names: boolean,
  path: string,
  assignment: ClusterLoadAssignment,
): EndpointSpec | undefined {
  const endpoint = entry.endpoint ?? assignment.named_endpoints[entry.endpoint_name ?? ''];
  if (endpoint?.address === undefined) return undefined;
  const socket = endpoint.address.socket_address;
  const dns = names && socket !== undefined && isIP(socket.address) === 0;
  const address = dns
    ? Address.ip('0.0.0.0', socket.port_value ?? 0)
    : compileAddress(endpoint.address, `${path}.endpoint.address`);
  const check = endpoint.health_check_config;
  return {
    address,
    hostname: dns ? socket.address : names && endpoint.hostname === '' ? address.ip : endpoint.hostname,
    weight: entry.load_balancing_weight ?? 1,
    priority: group.priority,
    locality:
      group.locality === undefined
        ? noLocality
        : { region: group.locality.region, zone: group.locality.zone, subZone: group.locality.sub_zone },
    localityWeight: group.load_balancing_weight ?? 0,
    metadata: entry.metadata?.filter_metadata ?? {},
    healthFlags: healthFlags(entry.health_status),
    healthCheckAddress:
      check?.address !== undefined
        ? compileAddress(check.address, `${path}.endpoint.health_check_config.address`)
        : check !== undefined && check.port_value > 0
          ? Address.ip(address.ip, check.port_value)
          : undefined,
  };
}

function healthFlags(status: LbEndpoint['health_status']): number {
  switch (status) {
    case 'UNHEALTHY':
    case 'TIMEOUT':
      return HealthFlag.failedEdsHealth;
    case 'DRAINING':
      return HealthFlag.edsStatusDraining | HealthFlag.failedEdsHealth;
    case 'DEGRADED':
      return HealthFlag.degradedEdsHealth;
    default:
      return 0;
  }
}
