import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  constants,
  createServer as createH2Server,
  connect as h2connect,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { cluster, httpListener, routeTo, TestProxy } from '../testing/test-proxy.ts';
import { TestCa, type TestCertificate } from '../tls/testing/test-ca.ts';
import { until } from './testing/h2-peers.ts';

/** Two proxies as sidecars are: the near one speaks HTTP/2 over mutual TLS to the far one. */
const cleanups: (() => void)[] = [];
const t = (name: string) => `type.googleapis.com/${name}`;
const tlsPackage = 'envoy.extensions.transport_sockets.tls.v3';
const folder = mkdtempSync(join(tmpdir(), 'lateen-mesh-'));
const ca = new TestCa('Mesh');
const serverId = 'spiffe://cluster.local/ns/a/sa/server';
const clientId = 'spiffe://cluster.local/ns/a/sa/client';
let far: TestProxy;
let near: TestProxy;
const seen = new Map<string, IncomingMessage['headers']>();

after(() => {
  for (const cleanup of cleanups.reverse()) cleanup();
  rmSync(folder, { recursive: true, force: true });
});

function putSecret(name: string, certificate: TestCertificate, caPem = ca.pem): void {
  const secret = t(`${tlsPackage}.Secret`);
  const resources = [
    {
      '@type': secret,
      name: 'default',
      tls_certificate: {
        certificate_chain: { inline_string: certificate.chainPem },
        private_key: { inline_string: certificate.keyPem },
      },
    },
    { '@type': secret, name: 'ROOTCA', validation_context: { trusted_ca: { inline_string: caPem } } },
  ];
  writeFileSync(join(folder, `${name}.tmp`), JSON.stringify({ resources }));
  renameSync(join(folder, `${name}.tmp`), join(folder, `${name}.json`));
}

const sds = (file: string, name: string) => ({
  name,
  sds_config: {
    path_config_source: { path: join(folder, `${file}.json`), watched_directory: { path: folder } },
  },
});

function common(file: string, san: string, alpn: string[]): object {
  return {
    alpn_protocols: alpn,
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificate_sds_secret_configs: [sds(file, 'default')],
    combined_validation_context: {
      default_validation_context: {
        match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: san } }],
      },
      validation_context_sds_secret_config: sds(file, 'ROOTCA'),
    },
  };
}

function upstreamTls(san: string): object {
  return {
    transport_socket: {
      name: 'tls',
      typed_config: {
        '@type': t(`${tlsPackage}.UpstreamTlsContext`),
        sni: 'outbound_.80_._.server.a.svc.cluster.local',
        common_tls_context: common('client', san, ['h2']),
      },
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': t('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http2_protocol_options: { allow_connect: true } },
      },
    },
  };
}

async function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

before(async () => {
  putSecret('server', ca.issue({ uri: [serverId] }));
  putSecret('client', ca.issue({ uri: [clientId], subject: { CN: 'one' } }));
  const backend = createServer((request: IncomingMessage, response: ServerResponse) => {
    seen.set(request.url ?? '', request.headers);
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => response.end(`${request.method} ${request.url} ${Buffer.concat(chunks).length}`));
  });
  const sockets = new WebSocketServer({ server: backend });
  sockets.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  const backendPort = await listen(backend);
  const grpc = createH2Server();
  const sessions: ServerHttp2Session[] = [];
  grpc.on('session', (session) => sessions.push(session));
  grpc.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'grpc-status': '5', 'grpc-message': `no ${String(headers[':path'])}` }),
    );
    stream.on('data', (chunk) => stream.write(chunk));
    stream.on('end', () => stream.end());
  });
  const grpcPort = await listen(grpc);
  cleanups.push(() => {
    backend.closeAllConnections();
    backend.close();
    grpc.close();
    for (const session of sessions) session.destroy();
  });
  const upgrade = {
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    http2_protocol_options: { allow_connect: true },
  };
  const inbound = httpListener(
    'inbound',
    [{ match: { prefix: '/grpc.' }, route: { cluster: 'grpc' } }, routeTo('app')],
    {
      ...upgrade,
      forward_client_cert_details: 'SANITIZE_SET',
      set_current_client_cert_details: { uri: true, subject: true },
    },
  );
  const chain = (inbound['filter_chains'] as Record<string, unknown>[])[0] as Record<string, unknown>;
  chain['transport_socket'] = {
    name: 'tls',
    typed_config: {
      '@type': t(`${tlsPackage}.DownstreamTlsContext`),
      require_client_certificate: true,
      common_tls_context: common('server', clientId, ['h2', 'http/1.1']),
    },
  };
  const h2backend = upstreamTls(serverId) as Record<string, unknown>;
  delete h2backend['transport_socket'];
  far = await TestProxy.serving(
    [inbound],
    [cluster('app', [backendPort]), cluster('grpc', [grpcPort], h2backend)],
  );
  const farPort = far.port('inbound');
  near = await TestProxy.serving(
    [httpListener('outbound', [routeTo('server')], upgrade), httpListener('mistaken', [routeTo('impostor')])],
    [
      cluster('server', [farPort], upstreamTls(serverId) as never),
      cluster('impostor', [farPort], upstreamTls('spiffe://x/y') as never),
    ],
  );
  cleanups.push(
    () => near.close(),
    () => far.close(),
  );
});

function get(port: number, path: string, headers = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, path, headers, host: '127.0.0.1', agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject);
    request.end();
  });
}

test('HTTP/1.1 in, HTTP/2 over mutual TLS between, HTTP/1.1 out; the backend learns who called', async () => {
  const answer = await get(near.port('outbound'), '/hello', {
    'x-forwarded-client-cert': 'By=spiffe://liar',
  });
  assert.deepEqual(answer, { status: 200, body: 'GET /hello 0' });
  assert.match(
    String(seen.get('/hello')?.['x-forwarded-client-cert']),
    /^By=spiffe:\/\/cluster\.local\/ns\/a\/sa\/server;Hash=[0-9a-f]{64};Subject="CN=one";URI=spiffe:\/\/cluster\.local\/ns\/a\/sa\/client$/,
  );
  assert.equal(far.stat('cluster.app.upstream_cx_http1_total') ?? 0, 1);
  assert.equal(near.stat('cluster.server.ssl.handshake'), 1);
});

test('a server with another identity gets nothing', async () => {
  const answer = await get(near.port('mistaken'), '/');
  assert.equal(answer.status, 503);
  assert.equal(near.stat('cluster.impostor.ssl.fail_verify_san'), 1);
});

test('gRPC passes with its trailers, whatever the sizes', async () => {
  const session = h2connect(`http://127.0.0.1:${near.port('outbound')}`);
  cleanups.push(() => session.destroy());
  const calls = Array.from({ length: 30 }, (_, i) => {
    const body = Buffer.alloc(i * 7000, i);
    return new Promise<void>((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': `/grpc.Test/M${i}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let bytes = 0;
      let trailers: Record<string, unknown> = {};
      stream.on('trailers', (fields) => {
        trailers = fields;
      });
      stream.on('data', (chunk) => {
        bytes += chunk.length;
      });
      stream.on('error', reject);
      stream.on('end', () => {
        assert.equal(bytes, body.length);
        assert.equal(trailers['grpc-status'], '5');
        assert.equal(trailers['grpc-message'], `no /grpc.Test/M${i}`);
        resolve();
      });
      stream.end(body);
    });
  });
  await Promise.all(calls);
});

test('a WebSocket crosses HTTP/2 as extended CONNECT and arrives as an upgrade', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${near.port('outbound')}/chat`);
  const messages: string[] = [];
  socket.on('message', (data) => messages.push(String(data)));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  for (const text of ['one', 'two', 'x'.repeat(200_000)]) socket.send(text);
  await until(() => messages.length === 3, 'the echoes');
  assert.deepEqual(
    messages.map((text) => text.length),
    [3, 3, 200_000],
  );
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.close(1000);
  assert.equal(await closed, 1000);
});

test('an extended CONNECT from a client becomes an upgrade to the backend', async () => {
  const session = h2connect(`http://127.0.0.1:${near.port('outbound')}`);
  cleanups.push(() => session.destroy());
  await new Promise<void>((resolve) => session.once('remoteSettings', () => resolve()));
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':path': '/chat',
    ':authority': 'a.example',
    'sec-websocket-version': '13',
  });
  const status = await new Promise((resolve, reject) => {
    stream.once('response', (headers) => resolve(headers[constants.HTTP2_HEADER_STATUS]));
    stream.once('error', reject);
  });
  assert.equal(status, 200);
  // A masked text frame "hi", masked with zeros.
  stream.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  const echo = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
  assert.equal(echo.toString('latin1'), '\x81\x02hi');
});

test('a rotated identity is used by the next connection, and no request is lost', async () => {
  let failures = 0;
  let requests = 0;
  let running = true;
  const load = (async () => {
    while (running) {
      requests++;
      if ((await get(near.port('outbound'), '/load')).status !== 200) failures++;
    }
  })();
  putSecret('client', ca.issue({ uri: [clientId], subject: { CN: 'two' } }));
  await until(() => requests > 20, 'some requests');
  const fresh = await TestProxy.serving(
    [httpListener('outbound', [routeTo('server')])],
    [cluster('server', [far.port('inbound')], upstreamTls(serverId) as never)],
  );
  cleanups.push(() => fresh.close());
  assert.equal((await get(fresh.port('outbound'), '/fresh')).status, 200);
  assert.match(String(seen.get('/fresh')?.['x-forwarded-client-cert']), /Subject="CN=two"/);
  running = false;
  await load;
  assert.equal(failures, 0);
});
