import { ports } from '../base/ports.ts';
import type { Mesh, MeshProxy, Protocol, Service, ServicePort } from '../mesh/index.ts';
import { isHttp, isHttp2, selects } from '../mesh/index.ts';
import {
  blackHoleCluster,
  inboundCluster,
  inboundPassthroughCluster,
  virtualInboundListener,
} from '../xds/names.ts';
import type { ResourceSet } from '../xds/snapshot/index.ts';
import { httpProtocolOptions } from './cluster/traffic-policy.ts';
import { inboundPassthrough, originalDst } from './cluster/well-known.ts';
import { connectionManager } from './listener/connection-manager.ts';
import {
  httpInspector,
  originalDst as originalDstFilter,
  plaintextHttpProtocols,
} from './listener/inspectors.ts';
import { wildcardAddress } from './listener/outbound.ts';
import { tcpProxy } from './listener/tcp-proxy.ts';
import { matchAll } from './route/match.ts';
import { inboundRetryPolicy } from './route/retry.ts';
import { clusterServices, listenerTelemetry } from './telemetry.ts';
import type { Json } from './typed.ts';
import { compact, socketAddress, typed } from './typed.ts';

/** One port of the workload that a Service names. */
interface InboundPort {
  readonly target: number;
  readonly protocol: Protocol;
  readonly service: Service;
  readonly services: readonly Service[];
}

/** What a sidecar needs for itself alone: the inbound listener and a cluster for each port of its application. */
export function translateInbound(
  mesh: Mesh,
  proxy: MeshProxy,
  labels: Readonly<Record<string, string>>,
): ResourceSet {
  const inbound = inboundPorts(mesh, proxy);
  const { config } = mesh;
  return {
    listeners: [virtualInbound(mesh, inbound, labels)],
    routes: [],
    clusters: [inboundPassthrough(config), ...inbound.map((port) => portCluster(mesh, port))],
    endpoints: [],
  };
}

/** Target ports of the Services that select the workload; of several claims on one port the oldest Service's protocol counts. */
export function inboundPorts(mesh: Mesh, proxy: MeshProxy): InboundPort[] {
  const found = new Map<
    number,
    { target: number; protocol: Protocol; service: Service; services: Service[] }
  >();
  const services = servicesIn(mesh, proxy.namespace).filter((service) => isOwn(service, proxy));
  services.sort((a, b) => a.createdAt - b.createdAt || (a.hostname < b.hostname ? -1 : 1));
  for (const service of services) {
    for (const port of service.ports) {
      const target = targetPort(port, proxy);
      if (target === undefined || port.protocol === 'udp') continue;
      const known = found.get(target);
      if (known === undefined)
        found.set(target, { target, protocol: port.protocol, service, services: [service] });
      else if (!known.services.includes(service)) known.services.push(service);
    }
  }
  return [...found.values()].sort((a, b) => a.target - b.target);
}

const byNamespace = new WeakMap<Mesh, Map<string, Service[]>>();

function servicesIn(mesh: Mesh, namespace: string): readonly Service[] {
  let index = byNamespace.get(mesh);
  if (index === undefined) {
    index = Map.groupBy([...mesh.services.values()].flat(), (service) => service.namespace);
    byNamespace.set(mesh, index);
  }
  return index.get(namespace) ?? [];
}

function isOwn(service: Service, proxy: MeshProxy): boolean {
  const selector = service.selector;
  return (
    service.namespace === proxy.namespace &&
    selector !== undefined &&
    Object.keys(selector).length > 0 &&
    selects(selector, proxy.labels)
  );
}

export function targetPort(port: ServicePort, proxy: MeshProxy): number | undefined {
  return typeof port.targetPort === 'number' ? port.targetPort : proxy.containerPorts[port.targetPort];
}

function virtualInbound(
  mesh: Mesh,
  inbound: readonly InboundPort[],
  labels: Readonly<Record<string, string>>,
): Json {
  const { config } = mesh;
  const declared = inbound.filter((port) => port.protocol !== 'auto').map((port) => port.target);
  return typed('listener', {
    name: virtualInboundListener,
    address: socketAddress(wildcardAddress, ports.inboundCapture),
    traffic_direction: 'INBOUND',
    metadata: listenerTelemetry('destination', labels),
    listener_filters: [originalDstFilter(), httpInspector([ports.inboundCapture, ...declared])],
    listener_filters_timeout: `${config.protocolDetectionTimeoutMs / 1000}s`,
    continue_on_listener_filters_timeout: true,
    filter_chains: [
      {
        name: 'virtualInbound-blackhole',
        filter_chain_match: { destination_port: ports.inboundCapture },
        filters: [tcpProxy(config, blackHoleCluster)],
      },
      ...passthroughChains(mesh),
      ...inbound.flatMap((port) => portChains(mesh, port)),
    ],
  });
}

/** Ports no Service names: HTTP is recognized for its telemetry, everything is passed on. */
function passthroughChains(mesh: Mesh): Json[] {
  const { config } = mesh;
  const manager = connectionManager({
    config,
    direction: 'inbound',
    statPrefix: `inbound_${wildcardAddress}_0`,
    routes: { inline: inlineRoutes(inboundPassthroughCluster, 'inbound|http|0', ':0/*', true) },
  });
  return [
    {
      name: 'virtualInbound-catchall-http',
      filter_chain_match: { transport_protocol: 'raw_buffer', application_protocols: plaintextHttpProtocols },
      filters: [manager],
    },
    {
      name: 'virtualInbound',
      filter_chain_match: {},
      filters: [tcpProxy(config, inboundPassthroughCluster)],
    },
  ];
}

function portChains(mesh: Mesh, port: InboundPort): Json[] {
  const name = `${wildcardAddress}_${port.target}`;
  const http: Json = {
    name: isHttp(port.protocol) ? name : `${name}-http`,
    filter_chain_match: compact({
      destination_port: port.target,
      transport_protocol: port.protocol === 'auto' ? 'raw_buffer' : undefined,
      application_protocols: port.protocol === 'auto' ? plaintextHttpProtocols : undefined,
    }),
    filters: [
      connectionManager({
        config: mesh.config,
        direction: 'inbound',
        statPrefix: `inbound_${name}`,
        routes: {
          inline: inlineRoutes(
            inboundCluster(port.target),
            `inbound|http|${port.target}`,
            `${port.service.hostname}:${port.target}/*`,
            port.protocol !== 'grpc',
          ),
        },
      }),
    ],
  };
  const tcp: Json = {
    name,
    filter_chain_match: { destination_port: port.target },
    filters: [tcpProxy(mesh.config, inboundCluster(port.target))],
  };
  if (isHttp(port.protocol)) return [http];
  return port.protocol === 'auto' ? [http, tcp] : [tcp];
}

function inlineRoutes(cluster: string, host: string, operation: string, retries: boolean): Json {
  return {
    name: cluster,
    virtual_hosts: [
      {
        name: host,
        domains: ['*'],
        routes: [
          {
            name: 'default',
            match: matchAll,
            route: compact({
              cluster,
              timeout: '0s',
              max_stream_duration: { max_stream_duration: '0s', grpc_timeout_header_max: '0s' },
              retry_policy: retries ? inboundRetryPolicy() : undefined,
            }),
            decorator: { operation },
          },
        ],
      },
    ],
    validate_clusters: false,
  };
}

function portCluster(mesh: Mesh, port: InboundPort): Json {
  return originalDst(mesh.config, inboundCluster(port.target), true, {
    typed_extension_protocol_options: httpProtocolOptions({
      pool: undefined,
      http2: isHttp2(port.protocol),
      detected: port.protocol === 'auto',
    }),
    metadata: { filter_metadata: { istio: clusterServices(port.services) } },
  });
}
