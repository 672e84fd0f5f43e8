import { request as httpRequest } from 'node:http';
import { connect as http2Connect } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { errorMessage } from '../../base/log.ts';
import type { Container, HttpGet, Probe } from './pod-spec.ts';

export interface ProbeResult {
  readonly ok: boolean;
  readonly message: string;
}

/** Where a probe is aimed and how it runs commands. */
export interface ProbeTarget {
  readonly podIp: string;
  readonly container: Container;
  exec(argv: readonly string[], timeoutMs: number): Promise<{ code: number; output: string }>;
}

/** One attempt of a probe, as kubelet makes it from the node. Never rejects. */
export async function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.httpGet) return await probeHttp(probe.httpGet, target, timeoutMs);
    if (probe.tcpSocket) {
      const port = portNumber(probe.tcpSocket.port, target.container);
      return await probeTcp(probe.tcpSocket.host ?? target.podIp, port, timeoutMs);
    }
    if (probe.grpc)
      return await probeGrpc(target.podIp, probe.grpc.port, probe.grpc.service ?? '', timeoutMs);
    if (probe.exec) {
      const { code, output } = await target.exec(probe.exec.command ?? [], timeoutMs);
      return { ok: code === 0, message: output.slice(0, 1024) };
    }
  } catch (error) {
    return { ok: false, message: errorMessage(error) };
  }
  return { ok: false, message: 'the probe names no handler' };
}

/** A port by number or by the name a container gives it. Throws when there is no such name. */
export function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const value = named ?? Number(port);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`couldn't find port: ${port} in container ${container.name}`);
}

/** GETs the path; any status from 200 to 399 is success. */
export function httpGetCheck(
  get: HttpGet,
  target: Omit<ProbeTarget, 'exec'>,
  timeoutMs: number,
): Promise<ProbeResult> {
  const https = get.scheme === 'HTTPS';
  const headers: Record<string, string> = {
    'user-agent': 'kube-probe/1.36',
    accept: '*/*',
    connection: 'close',
  };
  for (const { name, value } of get.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  return new Promise((resolve, reject) => {
    const send = https ? httpsRequest : httpRequest;
    const request = send({
      host: get.host ?? target.podIp,
      port: portNumber(get.port, target.container),
      path: get.path || '/',
      headers,
      agent: false,
      timeout: timeoutMs,
      ...(https ? { rejectUnauthorized: false } : {}),
    });
    request.on('response', (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      const ok = status >= 200 && status < 400;
      resolve({ ok, message: ok ? '' : `HTTP probe failed with statuscode: ${status}` });
    });
    request.on('timeout', () => request.destroy(new Error('context deadline exceeded')));
    request.on('error', (error) => {
      const address = `${https ? 'https' : 'http'}://${request.host}:${portNumber(get.port, target.container)}${get.path ?? '/'}`;
      reject(new Error(`Get "${address}": ${error.message}`));
    });
    request.end();
  });
}

const probeHttp = httpGetCheck;

function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const done = (ok: boolean, message: string) => {
      socket.destroy();
      resolve({ ok, message });
    };
    socket.once('connect', () => done(true, ''));
    socket.once('timeout', () => done(false, `dial tcp ${host}:${port}: i/o timeout`));
    socket.once('error', (error) => done(false, `dial tcp ${host}:${port}: ${error.message}`));
  });
}

/** grpc.health.v1.Health/Check: success when the reply's status is SERVING (1). */
function probeGrpc(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const session = http2Connect(`http://${host}:${port}`);
    const done = (ok: boolean, message: string) => {
      session.destroy();
      resolve({ ok, message });
    };
    session.setTimeout(timeoutMs, () => done(false, 'timeout: health rpc did not complete'));
    session.on('error', (error) => done(false, error.message));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const name = Buffer.from(service);
    const message =
      name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => done(false, error.message));
    stream.on('end', () => {
      const reply = Buffer.concat(chunks);
      const serving = reply.length >= 7 && reply[5] === 0x08 && reply[6] === 1;
      done(serving, serving ? '' : 'service unhealthy (responded with "NOT_SERVING" or an error)');
    });
    stream.end(Buffer.concat([head, message]));
  });
}
