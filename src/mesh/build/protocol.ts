import type { Protocol } from '../model/service.ts';

/** Port-name prefixes and appProtocol values that name a protocol (Istio: protocol selection). */
const named: Readonly<Record<string, Protocol>> = {
  http: 'http',
  http2: 'http2',
  grpc: 'grpc',
  'grpc-web': 'grpc-web',
  https: 'https',
  tls: 'tls',
  tcp: 'tcp',
  udp: 'udp',
  mongo: 'tcp',
  mysql: 'tcp',
  redis: 'tcp',
  'kubernetes.io/h2c': 'http2',
  'kubernetes.io/ws': 'http',
  'kubernetes.io/wss': 'https',
  'istio.io/http2': 'http2',
};

/** Ports whose servers speak first: detection on the wire would wait for the client for ever. */
const serverFirst = new Set([25, 53, 3306, 27017]);

/** The protocol of a Kubernetes Service port. */
export function portProtocol(port: {
  name?: string;
  port: number;
  protocol?: string;
  appProtocol?: string;
}): Protocol {
  if (port.protocol === 'UDP') return 'udp';
  if (port.protocol !== undefined && port.protocol !== 'TCP') return 'udp';
  if (port.appProtocol !== undefined) {
    const byApp = named[port.appProtocol.toLowerCase()];
    if (byApp !== undefined) return byApp;
  }
  const name = (port.name ?? '').toLowerCase();
  if (name === 'grpc-web' || name.startsWith('grpc-web-')) return 'grpc-web';
  const byName = name.includes('/') ? undefined : named[name.split('-')[0] as string];
  if (byName !== undefined) return byName;
  return serverFirst.has(port.port) ? 'tcp' : 'auto';
}

/** The protocol a ServiceEntry or Gateway names outright; detected when it names none that is known. */
export function declaredProtocol(text: string | undefined): Protocol {
  return named[(text ?? '').toLowerCase()] ?? 'auto';
}
