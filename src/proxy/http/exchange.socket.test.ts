import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually, httpServer, RawClient, RawServer } from '../testing/raw-peers.ts';
import { cluster, httpListener, routeTo, TestProxy } from '../testing/test-proxy.ts';

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${more}\r\n`;
const close = 'Connection: close\r\n';
const head = (text: string) => text.slice(0, text.indexOf('\r\n\r\n'));

describe('what reaches the upstream', () => {
  let backend: RawServer;
  let proxy: TestProxy;
  before(async () => {
    backend = await httpServer(
      (request) => `HTTP/1.1 200 OK\r\ncontent-length: ${request.length}\r\n\r\n${request}`,
    );
    const routes = [
      {
        match: { prefix: '/rewrite/' },
        route: { cluster: 'app', prefix_rewrite: '/new/', host_rewrite_literal: 'b.test' },
      },
      {
        match: { prefix: '/headers' },
        route: { cluster: 'app', timeout: '0s' },
        request_headers_to_add: [
          { header: { key: 'x-from', value: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %REQ(:METHOD)%' } },
          { header: { key: 'x-old', value: 'new' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        ],
        request_headers_to_remove: ['x-secret'],
        response_headers_to_add: [{ header: { key: 'x-code', value: '%RESPONSE_CODE%' } }],
      },
      { match: { prefix: '/' }, route: { cluster: 'app' } },
    ];
    proxy = await TestProxy.serving(
      [
        httpListener('mesh', routes, {
          normalize_path: true,
          merge_slashes: true,
          upgrade_configs: [{ upgrade_type: 'websocket' }],
        }),
        httpListener('edge', routes, {
          use_remote_address: true,
          server_name: 'edge',
          via: 'here',
          path_with_escaped_slashes_action: 'REJECT_REQUEST',
        }),
      ],
      [cluster('app', [backend.port])],
    );
  });
  after(() => {
    proxy.close();
    backend.close();
  });
  const ask = (listener: string, bytes: string) => new RawClient(proxy.port(listener)).send(bytes).all();

  test('request id, forwarded protocol and expected timeout are added', async () => {
    const answer = await ask('mesh', get('/x', close));
    assert.match(
      answer,
      /\r\nx-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/,
    );
    assert.match(answer, /\r\nx-forwarded-proto: http\r\n/);
    assert.match(answer, /\r\nx-envoy-expected-rq-timeout-ms: 15000/);
    assert.match(head(answer), /\r\nserver: envoy\r\n/);
    assert.match(head(answer), /\r\nx-envoy-upstream-service-time: \d+/);
    assert.match(head(answer), /\r\ndate: /);
  });

  test('paths are normalized before routing and on the wire', async () => {
    const cases = {
      '//x//y': '/x/y',
      '/a/../b': '/b',
      '/%61bc': '/abc',
      '/a/./b/': '/a/b/',
      '/x/%2e%2e/admin': '/admin',
      '\\': '',
    };
    for (const [path, wanted] of Object.entries(cases)) {
      if (wanted === '') continue;
      assert.match(await ask('mesh', get(path, close)), new RegExp(`\\r\\n\\r\\nGET ${wanted} HTTP/1.1`));
    }
    assert.match(await ask('mesh', get('/%00', close)), /^HTTP\/1\.1 400/);
  });

  test('a route rewrites path and host and keeps the original path', async () => {
    const answer = await ask('mesh', get('/rewrite/a?b', close));
    assert.match(answer, /\r\n\r\nGET \/new\/a\?b HTTP\/1\.1\r\nhost: b\.test\r\n/);
    assert.match(answer, /\r\nx-envoy-original-path: \/rewrite\/a\?b/);
  });

  test('a route adds, overwrites and removes headers', async () => {
    const answer = await ask('mesh', get('/headers', `x-secret: 1\r\nx-old: old\r\n${close}`));
    assert.match(answer, /\r\nx-from: 127\.0\.0\.1 GET/);
    assert.match(answer, /\r\nx-old: new/);
    assert.ok(!answer.includes('x-secret'));
    assert.match(head(answer), /\r\nx-code: 200/);
    assert.ok(!answer.includes('expected-rq-timeout'));
  });

  test('the edge takes steering headers from outside and writes its own', async () => {
    const outside =
      'x-forwarded-for: 8.8.8.8\r\nx-envoy-upstream-rq-timeout-ms: 1\r\nx-envoy-retry-on: 5xx\r\nx-request-id: mine\r\nx-forwarded-proto: https\r\n';
    const answer = await ask('edge', get('/', outside + close));
    assert.match(answer, /\r\nx-forwarded-for: 8\.8\.8\.8,[0-9.]+/);
    assert.match(answer, /\r\nx-forwarded-proto: http\r\n/);
    assert.match(answer, /\r\nvia: here/);
    assert.ok(!answer.includes('x-request-id: mine'));
    assert.ok(!/\r\n\r\n[\s\S]*x-envoy-retry-on/.test(answer));
    assert.match(head(answer), /\r\nserver: edge/);
  });

  test('escaped slashes are refused where the edge says so', async () => {
    assert.match(await ask('edge', get('/a%2fb', close)), /^HTTP\/1\.1 400/);
  });

  test('a client certificate header from outside is dropped', async () => {
    assert.ok(
      !(await ask('mesh', get('/', `x-forwarded-client-cert: Hash=1\r\n${close}`))).includes(
        'x-forwarded-client-cert',
      ),
    );
  });

  test('HEAD gets the length and no body', async () => {
    const answer = await ask('mesh', `HEAD / HTTP/1.1\r\nHost: a\r\n${close}\r\n`);
    assert.match(answer, /content-length: \d+/);
    assert.ok(answer.endsWith('\r\n\r\n'));
  });
});

describe('what can go wrong upstream', () => {
  test('no route, no cluster, no host and no listener behind a port have Envoy’s answers', async () => {
    const closed = await RawServer.start(() => {});
    const port = closed.port;
    closed.close();
    const proxy = await TestProxy.serving(
      [
        httpListener('http', [
          { match: { path: '/refused' }, route: { cluster: 'refused' } },
          { match: { path: '/empty' }, route: { cluster: 'empty' } },
          { match: { path: '/unknown' }, route: { cluster: 'unknown' } },
        ]),
      ],
      [cluster('refused', [port]), cluster('empty', [])],
    );
    const ask = (path: string) => new RawClient(proxy.port('http')).send(get(path, close)).all();
    assert.match(await ask('/none'), /^HTTP\/1\.1 404 /);
    assert.match(await ask('/unknown'), /^HTTP\/1\.1 503 /);
    assert.match(await ask('/empty'), /^HTTP\/1\.1 503 [\s\S]*no healthy upstream$/);
    assert.match(await ask('/refused'), /^HTTP\/1\.1 503 [\s\S]*reset reason: remote connection failure/);
    assert.equal(proxy.stat('http.http.no_route'), 1);
    proxy.close();
  });

  test('a gRPC request hears of failures as grpc-status', async () => {
    const proxy = await TestProxy.serving([httpListener('http', [routeTo('empty')])], [cluster('empty', [])]);
    const answer = await new RawClient(proxy.port('http'))
      .send(
        `POST /s/m HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n${close}\r\n`,
      )
      .all();
    assert.match(
      answer,
      /^HTTP\/1\.1 200 [\s\S]*grpc-status: 14\r\n[\s\S]*grpc-message: no healthy upstream/,
    );
    proxy.close();
  });

  test('an upstream that closes before it answers gives 503 and is not asked twice', async () => {
    const backend = await RawServer.start((socket) => socket.once('data', () => socket.destroy()));
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')])],
      [cluster('app', [backend.port])],
    );
    const answer = await new RawClient(proxy.port('http'))
      .send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n${close}\r\nhi`)
      .all();
    assert.match(answer, /^HTTP\/1\.1 503 [\s\S]*connection termination/);
    assert.equal(backend.connections, 1);
    proxy.close();
    backend.close();
  });

  test('a policy retries on 5xx with the same body, and only as often as it says', async () => {
    let failures = 2;
    const backend = await httpServer((_request, body) =>
      failures-- > 0
        ? 'HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n'
        : `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const proxy = await TestProxy.serving(
      [
        httpListener('http', [
          routeTo('app', {
            retry_policy: { retry_on: '5xx', num_retries: 2, retry_back_off: { base_interval: '0.001s' } },
          }),
        ]),
      ],
      [cluster('app', [backend.port])],
    );
    const ask = () =>
      new RawClient(proxy.port('http'))
        .send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n${close}\r\nbody`)
        .all();
    assert.match(await ask(), /^HTTP\/1\.1 200 [\s\S]*body$/);
    assert.equal(proxy.stat('cluster.app.upstream_rq_retry'), 2);
    failures = 9;
    assert.match(await ask(), /^HTTP\/1\.1 503 /);
    assert.equal(proxy.stat('cluster.app.upstream_rq_retry_limit_exceeded'), 1);
    proxy.close();
    backend.close();
  });

  test('an upstream that says nothing is given up after the route timeout', async () => {
    const backend = await RawServer.start((socket) => socket.on('end', () => socket.destroy()));
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app', { timeout: '0.05s' })])],
      [cluster('app', [backend.port])],
    );
    assert.match(
      await new RawClient(proxy.port('http')).send(get('/', close)).all(),
      /^HTTP\/1\.1 504 [\s\S]*upstream request timeout$/,
    );
    assert.equal(proxy.stat('cluster.app.upstream_rq_timeout'), 1);
    await eventually(() => backend.sockets.size === 0, 'the upstream connection is closed');
    proxy.close();
    backend.close();
  });

  test('a client that leaves takes its upstream request with it', async () => {
    const backend = await RawServer.start((socket) => socket.on('end', () => socket.destroy()));
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')])],
      [cluster('app', [backend.port])],
    );
    const client = new RawClient(proxy.port('http')).send(get('/'));
    await eventually(() => backend.received.includes('GET /'), 'the request arrives');
    client.close();
    await eventually(() => backend.sockets.size === 0, 'the upstream connection is closed');
    assert.equal(proxy.stat('cluster.app.upstream_rq_active'), 0);
    assert.equal(proxy.stat('http.http.downstream_rq_active'), 0);
    proxy.close();
    backend.close();
  });

  test('requests beyond the circuit breaker are answered 503 with x-envoy-overloaded', async () => {
    const backend = await RawServer.start(() => {});
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')])],
      [cluster('app', [backend.port], { circuit_breakers: { thresholds: [{ max_requests: 1 }] } })],
    );
    const first = new RawClient(proxy.port('http')).send(get('/'));
    await eventually(() => backend.received.includes('GET /'), 'the first request is out');
    assert.match(
      await new RawClient(proxy.port('http')).send(get('/', close)).all(),
      /^HTTP\/1\.1 503 [\s\S]*x-envoy-overloaded: true/,
    );
    first.close();
    proxy.close();
    backend.close();
  });
});

describe('bodies and upgrades', () => {
  test('Expect: 100-continue is answered and the body goes on', async () => {
    const backend = await httpServer(
      (_h, body) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')])],
      [cluster('app', [backend.port])],
    );
    const client = new RawClient(proxy.port('http'));
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n${close}\r\n`);
    await client.see('HTTP/1.1 100 Continue\r\n\r\n');
    assert.match(await client.send('hello').all(), /HTTP\/1\.1 200 OK[\s\S]*hello$/);
    proxy.close();
    backend.close();
  });

  test('a WebSocket upgrade tunnels both ways, and closing one side closes the other', async () => {
    const backend = await RawServer.start((socket) => {
      socket.once('data', () => {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhello',
        );
        socket.on('data', (chunk) => socket.write(chunk));
      });
      socket.on('end', () => socket.end());
    });
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')], { upgrade_configs: [{ upgrade_type: 'websocket' }] })],
      [cluster('app', [backend.port])],
    );
    const client = new RawClient(proxy.port('http'));
    client.send(get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    const answer = await client.see('hello');
    assert.match(
      answer,
      /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*upgrade: websocket\r\n[\s\S]*connection: Upgrade/,
    );
    client.send('ping');
    await client.see('helloping');
    assert.equal(proxy.stat('http.http.downstream_cx_upgrades_active'), 1);
    client.socket.end();
    await client.until((c) => c.ended);
    assert.match(backend.received, /\r\nupgrade: websocket\r\n/);
    proxy.close();
    backend.close();
  });

  test('an upgrade the upstream refuses leaves no tunnel: early bytes are dropped and the connection ends', async () => {
    const backend = await httpServer('HTTP/1.1 400 No\r\ncontent-length: 2\r\n\r\nno');
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')], { upgrade_configs: [{ upgrade_type: 'websocket' }] })],
      [cluster('app', [backend.port])],
    );
    const answer = await new RawClient(proxy.port('http'))
      .send(`${get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')}${get('/smuggled')}`)
      .all();
    assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*no$/);
    assert.ok(!backend.received.includes('smuggled'));
    proxy.close();
    backend.close();
  });

  test('an upgrade that is not configured is refused', async () => {
    const proxy = await TestProxy.serving([httpListener('http', [routeTo('app')])], [cluster('app', [])]);
    const answer = await new RawClient(proxy.port('http'))
      .send(get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))
      .all();
    assert.match(answer, /^HTTP\/1\.1 403 /);
    proxy.close();
  });

  test('a client that reads nothing stalls its upstream within bounds', async () => {
    const total = 64 * 1024 * 1024;
    let pushed = 0;
    const backend = await RawServer.start((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
        const block = Buffer.alloc(65_536);
        const more = () => {
          while (pushed < total) {
            pushed += block.length;
            if (!socket.write(block)) return void socket.once('drain', more);
          }
        };
        more();
      });
    });
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')])],
      [cluster('app', [backend.port])],
    );
    const client = new RawClient(proxy.port('http'));
    client.socket.pause();
    client.send(get('/'));
    let last = -1;
    await eventually(() => {
      const still = pushed > 0 && pushed === last;
      last = pushed;
      return still;
    }, 'the upstream stalls');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(pushed < 16 * 1024 * 1024, `${pushed} bytes were taken`);
    client.close();
    proxy.close();
    backend.close();
  });

  test('requests and answers in chunks keep their bytes', async () => {
    const backend = await httpServer(
      (_h, body) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}0\r\n\r\n`,
    );
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')])],
      [cluster('app', [backend.port])],
    );
    const client = new RawClient(proxy.port('http'));
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.send('6\r\n world\r\n0\r\n\r\n');
    await client.see('0\r\n\r\n');
    const body = client.received.slice(client.received.indexOf('\r\n\r\n') + 4);
    const chunks = [...body.matchAll(/([0-9a-f]+)\r\n([^\r]*)\r\n/g)].map((m) => m[2]);
    assert.equal(chunks.join(''), 'hello world');
    client.close();
    proxy.close();
    backend.close();
  });
});
