import { HeaderMap } from '../http/header-map.ts';
import type { Host } from '../upstream/host.ts';
import type { HealthCheckEnvironment } from '../upstream/load-balancer.ts';
import type { HealthCheckConfig, ProbeConfig } from './config.ts';

/**
 * What one check found. `immediate` failures make the host unhealthy whatever the threshold; `network` ones are the connection's fault.
 */
export type ProbeResult =
  | { readonly kind: 'healthy'; readonly degraded: boolean }
  | {
      readonly kind: 'failed';
      readonly immediate: boolean;
      readonly network: boolean;
      readonly reason: string;
    };

const networkFailure = (reason: string): ProbeResult => ({
  kind: 'failed',
  immediate: false,
  network: true,
  reason,
});
const healthy: ProbeResult = { kind: 'healthy', degraded: false };

/** Runs one check against a host; never rejects. */
export async function probe(
  host: Host,
  config: HealthCheckConfig,
  env: HealthCheckEnvironment,
): Promise<ProbeResult> {
  try {
    const { probe: kind } = config;
    if (kind.kind === 'http') return await probeHttp(host, kind, config, env);
    if (kind.kind === 'grpc') return await probeGrpc(host, kind, config, env);
    return await probeTcp(host, kind, config, env);
  } catch (thrown) {
    return networkFailure(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

type Http = Extract<ProbeConfig, { kind: 'http' }>;

async function probeHttp(
  host: Host,
  kind: Http,
  config: HealthCheckConfig,
  env: HealthCheckEnvironment,
): Promise<ProbeResult> {
  const headers = new HeaderMap(['user-agent', 'Envoy/HC']);
  kind.mutate(headers);
  if (kind.body !== undefined) headers.set('content-length', String(kind.body.length));
  const authority = kind.host || host.hostname || env.clusterName;
  const head = {
    method: kind.method,
    scheme: 'http',
    authority,
    path: kind.path,
    headers,
    httpVersion: kind.http2 ? 20 : 11,
  } as const;
  const response = await env.request(host, head, kind.body, {
    timeoutMs: config.timeoutMs,
    http2: kind.http2,
  });
  const answer = new HeaderMap([...response.headers]);
  if (
    kind.serviceName !== undefined &&
    !kind.serviceName(answer.get('x-envoy-upstream-healthchecked-cluster') ?? '')
  )
    return { kind: 'failed', immediate: true, network: false, reason: 'wrong cluster' };
  if (!kind.isExpected(response.status))
    return {
      kind: 'failed',
      immediate: !kind.isRetriable(response.status),
      network: false,
      reason: `status ${response.status}`,
    };
  if (!containsInOrder(response.body, kind.receive))
    return { kind: 'failed', immediate: true, network: false, reason: 'unexpected body' };
  return { kind: 'healthy', degraded: answer.has('x-envoy-degraded') };
}

type Grpc = Extract<ProbeConfig, { kind: 'grpc' }>;

/** grpc.health.v1.Health/Check; the messages are small enough to be written by hand. */
async function probeGrpc(
  host: Host,
  kind: Grpc,
  config: HealthCheckConfig,
  env: HealthCheckEnvironment,
): Promise<ProbeResult> {
  const name = Buffer.from(kind.service, 'utf8');
  const message =
    name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const headers = new HeaderMap([
    'content-type',
    'application/grpc',
    'te',
    'trailers',
    'user-agent',
    'Envoy/HC',
  ]);
  kind.mutate(headers);
  const authority = kind.authority || host.hostname || env.clusterName;
  const path = '/grpc.health.v1.Health/Check';
  const head = { method: 'POST', scheme: 'http', authority, path, headers, httpVersion: 20 } as const;
  const response = await env.request(host, head, frame, { timeoutMs: config.timeoutMs, http2: true });
  const status =
    new HeaderMap([...response.trailers]).get('grpc-status') ??
    new HeaderMap([...response.headers]).get('grpc-status');
  if (response.status !== 200 || status !== '0')
    return { kind: 'failed', immediate: false, network: false, reason: `grpc-status ${status ?? 'missing'}` };
  // HealthCheckResponse.status is field 1; SERVING is 1.
  if (response.body.length >= 7 && response.body[5] === 0x08 && response.body[6] === 1) return healthy;
  return { kind: 'failed', immediate: false, network: false, reason: 'not serving' };
}

type Tcp = Extract<ProbeConfig, { kind: 'tcp' }>;
const maxReceivedBytes = 65_536;

function probeTcp(
  host: Host,
  kind: Tcp,
  config: HealthCheckConfig,
  env: HealthCheckEnvironment,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    env.connect(host, { alpn: config.alpn, timeoutMs: config.timeoutMs }, (error, stream) => {
      if (error !== undefined || stream === undefined)
        return resolve(networkFailure(error?.message ?? 'connect failed'));
      const finish = (result: ProbeResult) => {
        timer.cancel();
        stream.destroy();
        resolve(result);
      };
      const timer = env.after(config.timeoutMs, () => finish(networkFailure('timeout')));
      stream.on('error', (fault: Error) => finish(networkFailure(fault.message)));
      if (kind.receive.length === 0) {
        if (kind.send !== undefined) stream.write(kind.send);
        return finish(healthy);
      }
      let received = Buffer.alloc(0);
      stream.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (containsInOrder(received, kind.receive)) finish(healthy);
        else if (received.length > maxReceivedBytes)
          finish({ kind: 'failed', immediate: false, network: false, reason: 'too much data' });
      });
      stream.on('close', () => finish(networkFailure('connection closed')));
      if (kind.send !== undefined) stream.write(kind.send);
    });
  });
}

/** Whether the parts occur one after another. */
export function containsInOrder(data: Buffer, parts: readonly Buffer[]): boolean {
  let from = 0;
  for (const part of parts) {
    const at = data.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}
