import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { inboundPassthroughAddress } from '../base/ports.ts';

/** An application's own probe, as injection stored it under its `/app-health/…` path. */
export interface AppProbe {
  readonly httpGet?: {
    readonly path?: string;
    readonly port: number;
    readonly scheme?: string;
    readonly host?: string;
    readonly httpHeaders?: readonly { name: string; value: string }[];
  };
  readonly tcpSocket?: { readonly port: number; readonly host?: string };
  readonly grpc?: { readonly port: number; readonly service?: string };
  readonly timeoutSeconds?: number;
}

export interface ProbeAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Runs the probe against the application as the kubelet would, from 127.0.0.6 so that capture lets it pass. The answer's status is what
 * the kubelet sees.
 */
export function runAppProbe(
  probe: AppProbe,
  podIp: string,
  headers: Readonly<Record<string, string>>,
): Promise<ProbeAnswer> {
  const timeout = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.httpGet) return httpProbe(probe.httpGet, podIp, timeout, headers);
  if (probe.tcpSocket) return tcpProbe(probe.tcpSocket.port, probe.tcpSocket.host ?? podIp, timeout);
  return Promise.resolve({
    status: 501,
    body: 'gRPC probes through the agent are not supported yet: set sidecar.istio.io/rewriteAppHTTPProbers to "false" on this pod',
  });
}

function source(host: string): { localAddress?: string } {
  return host.includes(':') ? {} : { localAddress: inboundPassthroughAddress };
}

function httpProbe(
  get: NonNullable<AppProbe['httpGet']>,
  podIp: string,
  timeout: number,
  incoming: Readonly<Record<string, string>>,
): Promise<ProbeAnswer> {
  const host = get.host ?? podIp;
  const headers: Record<string, string> = { 'user-agent': incoming['user-agent'] ?? 'kube-probe' };
  for (const { name, value } of get.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  // The kubelet does not verify certificates of probed applications either.
  const options = {
    host,
    port: get.port,
    path: get.path ?? '/',
    headers,
    timeout,
    ...source(host),
    rejectUnauthorized: false,
  };
  return new Promise((resolve) => {
    const call = (get.scheme === 'HTTPS' ? httpsRequest : httpRequest)(options, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 500, body: '' }));
    });
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', (error) => resolve({ status: 500, body: error.message }));
    call.end();
  });
}

function tcpProbe(port: number, host: string, timeout: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout, ...source(host) });
    const answer = (status: number, body: string) => {
      socket.destroy();
      resolve({ status, body });
    };
    socket.on('connect', () => answer(200, ''));
    socket.on('timeout', () => answer(500, 'timeout'));
    socket.on('error', (error) => answer(500, error.message));
  });
}
