import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { httpServer, RawClient, RawServer } from '../testing/raw-peers.ts';
import { cluster, httpListener, routeTo, TestProxy } from '../testing/test-proxy.ts';

let backend: RawServer;
let proxy: TestProxy;

before(async () => {
  backend = await httpServer(
    (_head, body) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  proxy = await TestProxy.serving(
    [
      httpListener('http', [routeTo('app')], { upgrade_configs: [{ upgrade_type: 'websocket' }] }),
      httpListener('old', [routeTo('app')], {
        http_protocol_options: { accept_http_10: true, default_host_for_http_10: 'h' },
      }),
    ],
    [cluster('app', [backend.port])],
  );
});
after(() => {
  proxy.close();
  backend.close();
});

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
const post = 'POST /first HTTP/1.1\r\nHost: a\r\n';

const attacks: Record<string, string> = {
  'CL.TE': `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  'TE.CL': `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n${smuggled}\r\n0\r\n\r\n`,
  'TE with a tab': `${post}Transfer-Encoding:\tchunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n${smuggled}`,
  'TE twice': `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n${smuggled}`,
  'TE folded': `${post}Transfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n\r\n${smuggled}`,
  'a bare LF before TE': `${post}X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
  'a bare CR in a value': `${post}X: a\rTransfer-Encoding: chunked\r\n\r\n${smuggled}`,
  'a space before the colon': `${post}Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
  'CL with plus': `${post}Content-Length: +0\r\n\r\n${smuggled}`,
  'CL twice': `${post}Content-Length: 0\r\nContent-Length: 35\r\n\r\n${smuggled}`,
  'chunk size with 0x': `${post}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${smuggled}`,
  'negative chunk size': `${post}Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n${smuggled}`,
  'chunk size overflow': `${post}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n${smuggled}`,
  'white space after a chunk size': `${post}Transfer-Encoding: chunked\r\n\r\n0 \r\n\r\n${smuggled}`,
  'a bare semicolon in a chunk': `${post}Transfer-Encoding: chunked\r\n\r\n1;\r\na\r\n0\r\n\r\n${smuggled}`,
  'chunk data over its size': `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n${smuggled}`,
  'a head that is TLS': `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${smuggled}`,
  'an upgrade with a body': `${post}Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
};
for (const [name, bytes] of Object.entries(attacks)) {
  test(`${name}: 400, the connection ends and the backend never sees the second request`, async () => {
    const answer = await new RawClient(proxy.port('http')).send(bytes).all();
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1);
    assert.ok(!backend.received.includes('smuggled'));
  });
}

test('HTTP/1.0 is answered 426 unless accepted', async () => {
  assert.match(
    await new RawClient(proxy.port('http')).send('GET / HTTP/1.0\r\n\r\n').all(),
    /^HTTP\/1\.1 426 /,
  );
  assert.match(
    await new RawClient(proxy.port('old')).send('GET / HTTP/1.0\r\n\r\n').all(),
    /^HTTP\/1\.0 200 /,
  );
});

test('a head over 60 KiB and a 101st field are answered 431', async () => {
  const big = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(61 * 1024)}\r\n\r\n`;
  assert.match(await new RawClient(proxy.port('http')).send(big).all(), /^HTTP\/1\.1 431 /);
  const many = `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(100)}\r\n`;
  assert.match(await new RawClient(proxy.port('http')).send(many).all(), /^HTTP\/1\.1 431 /);
});

test('a request is understood when every byte comes alone', async () => {
  const client = new RawClient(proxy.port('http'));
  client.socket.setNoDelay(true);
  for (const byte of 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n') {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const answer = await client.all();
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(answer, /\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n$/);
});

test('pipelined requests are answered in order', async () => {
  const client = new RawClient(proxy.port('http'));
  const body = (n: number) =>
    `POST /${n} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n${String(n).padStart(2, '0')}`;
  client.send(Array.from({ length: 40 }, (_, i) => body(i)).join(''));
  await client.until((c) => (c.received.match(/HTTP\/1\.1 200/g) ?? []).length === 40);
  const bodies = [...client.received.matchAll(/\r\n\r\n(\d\d)/g)].map((m) => Number(m[1]));
  assert.deepEqual(
    bodies,
    Array.from({ length: 40 }, (_, i) => i),
  );
  client.close();
});

const hostile: Record<string, string> = {
  'length and chunked': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc',
  'a body behind 204': 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nEVIL!',
  'a length with 204': 'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc',
  'a body behind 304': 'HTTP/1.1 304 Not Modified\r\n\r\nEVIL',
  'a second answer behind the first':
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL',
  'a storm of 1xx': `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(50)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
  'a bare LF': 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok',
  'an unasked upgrade': 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  'a control byte in a value': 'HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n',
  'another protocol': 'SSH-2.0-OpenSSH_9\r\n\r\n',
};
for (const [name, bytes] of Object.entries(hostile)) {
  test(`an upstream that answers with ${name} gets its client a 502 and is not used again`, async () => {
    const upstream = await RawServer.start((socket) => {
      socket.once('data', () => socket.write(bytes, 'latin1'));
    });
    const local = await TestProxy.serving(
      [httpListener('http', [routeTo('bad')])],
      [cluster('bad', [upstream.port])],
    );
    const client = new RawClient(local.port('http')).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const answer = await client.see('protocol error');
    assert.match(answer.replaceAll('HTTP/1.1 102 Processing\r\n\r\n', ''), /^HTTP\/1\.1 502 Bad Gateway\r\n/);
    assert.ok(!answer.includes('EVIL'));
    client.close();
    assert.equal([...upstream.sockets].length <= 1, true);
    assert.equal(local.stat('cluster.bad.upstream_cx_protocol_error'), 1);
    local.close();
    upstream.close();
  });
}
