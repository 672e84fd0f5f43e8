import type { DestinationRule, PolicyLevel, Service, ServicePort, Subset, View } from '../../mesh/index.ts';
import { destinationRuleFor, isHttp2 } from '../../mesh/index.ts';
import { outboundCluster } from '../../xds/names.ts';
import { clusterServices, configPath } from '../telemetry.ts';
import type { Json } from '../typed.ts';
import { adsSource, compact, socketAddress, typed } from '../typed.ts';
import { upstreamTls } from './tls.ts';
import {
  balancingFields,
  effectivePolicy,
  httpProtocolOptions,
  outlierFields,
  poolFields,
} from './traffic-policy.ts';

/** The clusters of a service: one for each port, and one for each port of each subset. */
export function serviceClusters(view: View, service: Service): Json[] {
  const rule = destinationRuleFor(view, service);
  return cached(view, service, rule, () => {
    const subsets = rule?.spec.subsets ?? [];
    return service.ports
      .filter((port) => port.protocol !== 'udp')
      .flatMap((port) =>
        [undefined, ...subsets].map((subset) => buildCluster(view, service, port, rule, subset)),
      );
  });
}

/** A cluster depends on the service, its rule and the mesh settings alone, so all scopes share what one has built. */
const clusters = new WeakMap<object, WeakMap<Service, WeakMap<object, readonly Json[]>>>();
const noRule = {};

function cached(
  view: View,
  service: Service,
  rule: DestinationRule | undefined,
  build: () => Json[],
): Json[] {
  const byService = getOrAdd(
    clusters,
    view.mesh.config,
    () => new WeakMap<Service, WeakMap<object, readonly Json[]>>(),
  );
  const byRule = getOrAdd(byService, service, () => new WeakMap<object, readonly Json[]>());
  return getOrAdd(byRule, rule ?? noRule, build) as Json[];
}

function getOrAdd<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function buildCluster(
  view: View,
  service: Service,
  port: ServicePort,
  rule: DestinationRule | undefined,
  subset: Subset | undefined,
): Json {
  const { config } = view.mesh;
  const name = outboundCluster(service.hostname, port.number, subset?.name);
  const policy = effectivePolicy(rule?.spec.trafficPolicy, subset?.trafficPolicy, port.number);
  const http2 = isHttp2(port.protocol);
  return typed(
    'cluster',
    compact({
      name,
      ...discovery(service, port, name, subset, policy),
      ...poolFields(config, policy.connectionPool),
      ...outlierFields(policy.outlierDetection),
      transport_socket: upstreamTls(policy.tls, service.hostname, http2),
      typed_extension_protocol_options: httpProtocolOptions({
        pool: policy.connectionPool,
        http2,
        detected: port.protocol === 'auto',
      }),
      metadata: {
        filter_metadata: {
          istio: compact({
            ...clusterServices([service]),
            config: rule === undefined ? undefined : configPath(rule.ref),
            subset: subset?.name,
          }),
        },
      },
    }),
  );
}

/** How the cluster finds its endpoints, and with that how it may balance. */
function discovery(
  service: Service,
  port: ServicePort,
  name: string,
  subset: Subset | undefined,
  policy: PolicyLevel,
): Record<string, unknown> {
  const passthrough = { type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' };
  if (policy.loadBalancer?.simple === 'PASSTHROUGH') return passthrough;
  switch (service.resolution) {
    case 'passthrough':
      return passthrough;
    case 'eds':
      return {
        type: 'EDS',
        eds_cluster_config: { eds_config: adsSource, service_name: name },
        ...balancingFields(policy.loadBalancer),
      };
    case 'dns':
    case 'dns-round-robin':
      return {
        type: service.resolution === 'dns' ? 'STRICT_DNS' : 'LOGICAL_DNS',
        dns_lookup_family: 'V4_ONLY',
        dns_refresh_rate: '60s',
        respect_dns_ttl: true,
        load_assignment: { cluster_name: name, endpoints: dnsEndpoints(service, port, subset) },
        ...balancingFields(policy.loadBalancer),
      };
  }
}

/** A DNS entry without endpoints resolves its own host. */
function dnsEndpoints(service: Service, port: ServicePort, subset: Subset | undefined): Json[] {
  const target = typeof port.targetPort === 'number' ? port.targetPort : port.number;
  const wanted = Object.entries(subset?.labels ?? {});
  const chosen = service.entryEndpoints.filter((entry) =>
    wanted.every(([key, value]) => entry.labels[key] === value),
  );
  const addresses =
    service.entryEndpoints.length === 0
      ? [{ address: service.hostname, port: target, weight: 1 }]
      : chosen.map((entry) => ({
          address: entry.address,
          port: entry.ports[port.name] ?? target,
          weight: entry.weight ?? 1,
        }));
  if (addresses.length === 0) return [];
  // LOGICAL_DNS takes exactly one address.
  const used = service.resolution === 'dns-round-robin' ? addresses.slice(0, 1) : addresses;
  return [
    {
      lb_endpoints: used.map((entry) => ({
        endpoint: { address: socketAddress(entry.address, entry.port) },
        load_balancing_weight: entry.weight,
      })),
    },
  ];
}
