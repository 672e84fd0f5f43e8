import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { ProxyChild } from '../testing/proxy-child.ts';
import { eventually, httpServer, RawClient, RawServer } from '../testing/raw-peers.ts';
import { cluster, httpListener, routeTo, TestProxy } from '../testing/test-proxy.ts';

const MiB = 1024 * 1024;
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A proxy of its own process in front of `backend`. */
function child(backend: RawServer, files?: number): Promise<ProxyChild> {
  return ProxyChild.start((port) => {
    const listener = httpListener('http', [routeTo('app', { timeout: '0s' })]);
    const address = { socket_address: { address: '127.0.0.1', port_value: port } };
    return {
      static_resources: { listeners: [{ ...listener, address }], clusters: [cluster('app', [backend.port])] },
    };
  }, files);
}

/** Waits until a number stays the same for `times` looks, 20 ms apart. */
async function settled(read: () => number, times = 10): Promise<number> {
  let last = read();
  for (let same = 0, looks = 0; same < times && looks < 250; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const value = read();
    same = value === last ? same + 1 : 0;
    last = value;
  }
  return last;
}

async function served(port: number): Promise<void> {
  const client = new RawClient(port).send(get('/fresh', 'Connection: close\r\n'));
  assert.match(await client.all(), /^HTTP\/1\.1 200 /);
}

/** A server whose `/large` pushes 200 MB as fast as it is let; everything else gets a short answer. */
async function largeServer(): Promise<{ server: RawServer; pushed: () => number }> {
  const total = 200 * MiB;
  let pushed = 0;
  const block = Buffer.alloc(65_536);
  const server = await RawServer.start((socket) => {
    socket.on('data', (chunk) => {
      if (!chunk.includes('GET /large'))
        return void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      const more = () => {
        while (pushed < total && !socket.destroyed) {
          pushed += block.length;
          if (!socket.write(block)) return void socket.once('drain', more);
        }
      };
      more();
    });
  });
  return { server, pushed: () => pushed };
}

test('200 MB for a client that reads nothing: under 8 MB of memory, the upstream stalls within 12 MB', async () => {
  const { server, pushed } = await largeServer();
  const proxy = await child(server);
  // The first one warms: code compiled, heap at its working size, so that growth is the second one's.
  const unread = async () => {
    const from = pushed();
    const client = new RawClient(proxy.port);
    client.socket.pause();
    client.send(get('/large'));
    await eventually(() => pushed() > from, 'the answer begins');
    return { client, taken: (await settled(pushed)) - from };
  };
  for (let i = 0; i < 200; i++) await served(proxy.port);
  (await unread()).client.close();
  const before = await settled(() => proxy.residentBytes);
  const { client, taken } = await unread();
  const growth = proxy.residentBytes - before;
  assert.ok(taken < 12 * MiB, `the upstream got rid of ${taken} bytes`);
  assert.ok(growth < 8 * MiB, `memory grew by ${growth} bytes`);
  await served(proxy.port);
  client.close();
  await proxy.stop();
  server.close();
});

test('10,000 bad requests in a row from a client that never reads end its connection', async () => {
  const server = await httpServer('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  const proxy = await TestProxy.serving(
    [httpListener('http', [routeTo('app')])],
    [cluster('app', [server.port])],
  );
  const client = new RawClient(proxy.port('http'));
  client.socket.pause();
  const bad = 'GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n';
  for (let i = 0; i < 100 && !client.closed; i++) {
    client.send(bad.repeat(100));
    await turn();
  }
  await eventually(() => proxy.plane.listeners.connections === 0, 'the connection is closed');
  assert.equal(proxy.stat('http.http.downstream_cx_protocol_error'), 1);
  await served(proxy.port('http'));
  client.close();
  proxy.close();
  server.close();
});

test('pipelined requests wait for a client that does not read, and are all answered once it does', async () => {
  const requests = 3000;
  const server = await httpServer(`HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n${'x'.repeat(10_000)}`);
  const proxy = await TestProxy.serving(
    [httpListener('http', [routeTo('app')])],
    [cluster('app', [server.port])],
  );
  const client = new RawClient(proxy.port('http'));
  client.socket.pause();
  client.send(get('/').repeat(requests));
  const passed = () => proxy.stat('cluster.app.upstream_rq_completed') ?? 0;
  let last = -1;
  await eventually(() => {
    const still = passed() > 0 && passed() === last;
    last = passed();
    return still;
  }, 'the proxy stops asking the backend');
  // 30 MB of answers: the kernel's buffers and one watermark take less than half of them.
  assert.ok(passed() < requests / 2, `${passed()} requests reached the backend`);
  client.socket.resume();
  await eventually(() => passed() === requests, 'every request is answered');
  client.close();
  proxy.close();
  server.close();
});

test('connections over the limit are closed, those there stay, and a place that is free is given again', async () => {
  const server = await httpServer('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  const key = 'envoy.resource_limits.listener.http.connection_limit';
  const proxy = await TestProxy.start({
    layered_runtime: { layers: [{ name: 'static', static_layer: { [key]: 5 } }] },
    static_resources: {
      listeners: [httpListener('http', [routeTo('app')])],
      clusters: [cluster('app', [server.port])],
    },
  });
  const port = proxy.port('http');
  const inside = Array.from({ length: 5 }, () => new RawClient(port).send(get('/')));
  for (const client of inside) await client.see('ok');
  const outside = Array.from({ length: 50 }, () => new RawClient(port).send(get('/')));
  for (const client of outside) assert.equal(await client.all(), '');
  assert.equal(proxy.stat('listener.127.0.0.1_0.downstream_cx_overflow') ?? 50, 50);
  for (const client of inside)
    await client.send(get('/again')).until((c) => c.received.match(/ok/g)?.length === 2);
  inside[0]?.close();
  await eventually(() => proxy.plane.listeners.connections === 4, 'one has left');
  await served(port);
  for (const client of inside) client.close();
  proxy.close();
  server.close();
});

test('running out of file descriptors neither ends the process nor spins it, and passes', async () => {
  const server = await httpServer('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  const proxy = await child(server, 64);
  await served(proxy.port);
  const sockets: Socket[] = Array.from({ length: 200 }, () =>
    connect(proxy.port, '127.0.0.1').on('error', () => {}),
  );
  await eventually(() => sockets.every((s) => !s.connecting), 'all have tried');
  const before = proxy.cpuMs;
  await new Promise((resolve) => setTimeout(resolve, 500));
  const used = proxy.cpuMs - before;
  assert.ok(proxy.alive);
  assert.ok(used < 250, `${used} ms of CPU in half a second of doing nothing`);
  for (const socket of sockets) socket.destroy();
  let answered = false;
  for (let i = 0; i < 50 && !answered; i++) {
    const client = new RawClient(proxy.port).send(get('/', 'Connection: close\r\n'));
    answered = (await client.all().catch(() => '')).startsWith('HTTP/1.1 200');
  }
  assert.ok(answered, 'served again');
  await proxy.stop();
  server.close();
});

test('a head that trickles is answered 408, a body that trickles ends with the idle timeout', async () => {
  const server = await RawServer.start(() => {});
  const proxy = await TestProxy.serving(
    [
      httpListener('http', [routeTo('app', { idle_timeout: '0.1s' })], {
        request_headers_timeout: '0.1s',
        stream_idle_timeout: '0.1s',
      }),
    ],
    [cluster('app', [server.port])],
  );
  const heads = Array.from({ length: 50 }, () =>
    new RawClient(proxy.port('http')).send('GET / HTTP/1.1\r\nHost'),
  );
  for (const client of heads) {
    const answer = await client.all();
    assert.ok(answer === '' || /^HTTP\/1\.1 408 /.test(answer), answer);
  }
  const bodies = Array.from({ length: 50 }, () =>
    new RawClient(proxy.port('http')).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx'),
  );
  for (const client of bodies) assert.match(await client.all(), /^HTTP\/1\.1 (?:408|504) /);
  await eventually(() => proxy.plane.listeners.connections === 0, 'all are gone');
  proxy.close();
  server.close();
});

test('when everything fails, retries stay within their budget', async () => {
  const server = await httpServer('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n');
  const proxy = await TestProxy.serving(
    [
      httpListener('http', [
        routeTo('app', {
          retry_policy: {
            retry_on: '5xx',
            num_retries: 5,
            retry_back_off: { base_interval: '0.02s', max_interval: '0.02s' },
          },
        }),
      ]),
    ],
    [
      cluster('app', [server.port], {
        circuit_breakers: {
          thresholds: [{ retry_budget: { budget_percent: { value: 20 }, min_retry_concurrency: 1 } }],
        },
      }),
    ],
  );
  const asked = 200;
  const clients = Array.from({ length: asked }, (_, i) =>
    new RawClient(proxy.port('http')).send(get(`/${i}`, 'Connection: close\r\n')),
  );
  for (const client of clients) assert.match(await client.all(), /^HTTP\/1\.1 503 /);
  const attempts = server.received.match(/^GET /gm)?.length ?? 0;
  assert.ok(attempts >= asked && attempts <= asked * 1.6, `${attempts} attempts for ${asked} requests`);
  assert.ok((proxy.stat('cluster.app.upstream_rq_retry_overflow') ?? 0) > 0);
  proxy.close();
  server.close();
});
