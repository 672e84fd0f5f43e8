import type { GrpcService } from '../config/messages.ts';
import type { FilterEnvironment } from '../http/filter.ts';
import { HeaderMap } from '../http/header-map.ts';

/** A unary gRPC call through a cluster: the response message. Rejects with a reason on every kind of failure. */
export async function callGrpc(
  env: FilterEnvironment,
  service: GrpcService,
  path: string,
  message: Buffer,
  timeoutMs: number,
): Promise<Buffer> {
  const target = service.envoy_grpc;
  if (target === undefined) throw new Error('no gRPC service is configured');
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  const headers = new HeaderMap(['te', 'trailers', 'content-type', 'application/grpc']);
  if (timeoutMs > 0) headers.add('grpc-timeout', `${Math.ceil(timeoutMs)}m`);
  for (const { key, value } of service.initial_metadata) headers.add(key.toLowerCase(), value);
  const head = {
    method: 'POST',
    scheme: 'http',
    authority: target.authority || target.cluster_name,
    path,
    headers,
    httpVersion: 20,
  } as const;
  const response = await env.calls.send(target.cluster_name, head, frame, {
    timeoutMs: timeoutMs || 3_600_000,
  });
  const status = response.trailers?.get('grpc-status') ?? response.headers.get('grpc-status');
  if (response.status !== 200) throw new Error(`HTTP status ${response.status}`);
  if (status !== '0') throw new Error(`grpc-status ${status ?? 'missing'}`);
  const { body } = response;
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5)
    throw new Error('malformed gRPC response');
  return body.subarray(5);
}
