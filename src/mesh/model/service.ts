/** What flows to a port, after port name, appProtocol and well-known ports have spoken. `auto` is detected on the wire. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'grpc-web' | 'https' | 'tls' | 'tcp' | 'udp' | 'auto';

export function isHttp(protocol: Protocol): boolean {
  return protocol === 'http' || protocol === 'http2' || protocol === 'grpc' || protocol === 'grpc-web';
}

/** Protocols that multiplex requests and need HTTP/2 on the upstream side. */
export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'http2' || protocol === 'grpc' || protocol === 'grpc-web';
}

export function isHttpOrAuto(protocol: Protocol): boolean {
  return isHttp(protocol) || protocol === 'auto';
}

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: Protocol;
  /** Number or container port name; what endpoints of a selector-less entry use. */
  readonly targetPort: number | string;
}

/**
 * How addresses of a service are found: `eds` by the control plane, `dns` by the proxy, `passthrough` wherever the client was
 * going (headless services, resolution NONE).
 */
export type Resolution = 'eds' | 'dns' | 'dns-round-robin' | 'passthrough';

/** Something that can be called by name: a Kubernetes Service, or one host of a ServiceEntry. */
export interface Service {
  readonly hostname: string;
  readonly name: string;
  readonly namespace: string;
  readonly registry: 'Kubernetes' | 'External';
  /** Virtual addresses (cluster IPs, entry addresses); CIDRs are possible for entries. Empty when headless. */
  readonly addresses: readonly string[];
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
  readonly meshExternal: boolean;
  readonly selector: Readonly<Record<string, string>> | undefined;
  /** `*`, `.` or namespaces. */
  readonly exportTo: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Other names that lead to this service: ExternalName services. */
  readonly aliases: readonly string[];
  /** Milliseconds since the epoch; the older of two claims wins. */
  readonly createdAt: number;
  /** Inline endpoints of a ServiceEntry. */
  readonly entryEndpoints: readonly EntryEndpoint[];
}

export interface EntryEndpoint {
  readonly address: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly weight: number | undefined;
  readonly locality: string;
  readonly network: string;
}

export interface Endpoint {
  readonly address: string;
  /** Port number for each service port number. */
  readonly ports: Readonly<Record<number, number>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly weight: number | undefined;
  /** `region/zone/subzone`, or empty. */
  readonly locality: string;
  /** `name;namespace;canonical-service;canonical-revision;cluster`, what telemetry says of this side; empty when unknown. */
  readonly workload: string;
  readonly healthy: boolean;
}

export function portNumbered(service: Service, number: number): ServicePort | undefined {
  return service.ports.find((port) => port.number === number);
}
