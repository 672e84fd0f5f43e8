import type { Container, Pod, Probe } from './pod.ts';
import { proxyContainerName } from './pod.ts';

type ProbeKind = 'readinessProbe' | 'livenessProbe' | 'startupProbe';

const pathSuffix: Record<ProbeKind, string> = {
  readinessProbe: 'readyz',
  livenessProbe: 'livez',
  startupProbe: 'startupz',
};

/**
 * Sends the kubelet's HTTP, TCP and gRPC probes of application containers through the agent (`/app-health/<container>/readyz`, Istio's
 * paths), so that they keep working whatever the inbound policy. Returns the rewritten containers and the agent's table of originals.
 */
export function rewriteProbes(
  pod: Pod,
  statusPort: number,
): { containers: Container[]; probes: Record<string, unknown> } {
  const probes: Record<string, unknown> = {};
  const containers = pod.spec.containers.map((container) => {
    if (container.name === proxyContainerName) return container;
    const rewritten = { ...container };
    for (const kind of Object.keys(pathSuffix) as ProbeKind[]) {
      const probe = container[kind];
      const original = probe && originalProbe(probe, container);
      if (probe === undefined || original === undefined) continue;
      const path = `/app-health/${container.name}/${pathSuffix[kind]}`;
      probes[path] = original;
      rewritten[kind] = redirected(probe, path, statusPort);
    }
    return rewritten;
  });
  return { containers, probes };
}

/** The probe with its port as a number, or undefined when the agent cannot run it (exec, unknown port name, our own port). */
function originalProbe(probe: Probe, container: Container): Record<string, unknown> | undefined {
  const timeout = probe.timeoutSeconds === undefined ? {} : { timeoutSeconds: probe.timeoutSeconds };
  if (probe.httpGet) {
    const port = portNumber(probe.httpGet.port, container);
    return port === undefined ? undefined : { httpGet: { ...probe.httpGet, port }, ...timeout };
  }
  if (probe.tcpSocket) {
    const port = portNumber(probe.tcpSocket.port, container);
    return port === undefined ? undefined : { tcpSocket: { ...probe.tcpSocket, port }, ...timeout };
  }
  return probe.grpc ? { grpc: probe.grpc, ...timeout } : undefined;
}

function portNumber(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  return container.ports?.find((candidate) => candidate.name === port)?.containerPort;
}

function redirected(probe: Probe, path: string, port: number): Probe {
  const { httpGet: _http, tcpSocket: _tcp, grpc: _grpc, ...timing } = probe;
  return { ...timing, httpGet: { path, port } };
}
