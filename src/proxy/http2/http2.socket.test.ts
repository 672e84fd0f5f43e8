import assert from 'node:assert/strict';
import * as nodeHttp2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { HeaderMap } from '../http/header-map.ts';
import { Answer, dialH2, type Exchange, echo, request, serve, until } from './testing/h2-peers.ts';
import { opening, RawPeer } from './testing/raw-frames.ts';

const cleanups: (() => void)[] = [];
after(() => {
  for (const cleanup of cleanups) cleanup();
});

async function nodeServer(
  onStream: (stream: nodeHttp2.ServerHttp2Stream, headers: nodeHttp2.IncomingHttpHeaders) => void,
) {
  const server = nodeHttp2.createServer();
  const sessions = new Set<nodeHttp2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', onStream);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return { port: (server.address() as AddressInfo).port, sessions };
}

function nodeClient(port: number, options: nodeHttp2.ClientSessionOptions = {}) {
  const session = nodeHttp2.connect(`http://127.0.0.1:${port}`, options);
  session.on('error', () => {});
  cleanups.push(() => session.destroy());
  return session;
}

function fetchNode(
  session: nodeHttp2.ClientHttp2Session,
  headers: nodeHttp2.OutgoingHttpHeaders,
  body?: string | Buffer,
) {
  return new Promise<{ status: number; headers: nodeHttp2.IncomingHttpHeaders; body: Buffer }>(
    (resolve, reject) => {
      const stream = session.request(headers, { endStream: body === undefined });
      const chunks: Buffer[] = [];
      let head: nodeHttp2.IncomingHttpHeaders & nodeHttp2.IncomingHttpStatusHeader = {};
      stream.on('response', (h) => (head = h));
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () =>
        resolve({ status: head[':status'] ?? 0, headers: head, body: Buffer.concat(chunks) }),
      );
      stream.on('error', reject);
      if (body !== undefined) stream.end(body);
    },
  );
}

test("Node's client gets answers from our server, many at once", async () => {
  const server = await serve(echo);
  cleanups.push(server.close);
  const session = nodeClient(server.port);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      fetchNode(
        session,
        { ':method': 'POST', ':path': `/p${i}`, 'x-index': String(i), cookie: 'a=b' },
        `body${i}`,
      ),
    ),
  );
  answers.forEach((answer, i) => {
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), `POST /p${i} body${i}`);
  });
  assert.deepEqual(server.errors, []);
  assert.equal(server.codecs[0]?.activeStreams, 0);
});

test("our client talks to Node's server: heads, bodies, trailers, informational", async () => {
  const { port } = await nodeServer((stream, headers) => {
    stream.additionalHeaders({ ':status': 103, link: '</a>' });
    stream.respond(
      { ':status': 201, 'x-path': String(headers[':path']), 'x-name': String(headers['x-name']) },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.pipe(stream);
  });
  const client = await dialH2(port);
  cleanups.push(() => client.socket.destroy());
  for (let round = 0; round < 3; round++) {
    const answer = new Answer();
    const stream = client.codec.newStream(answer);
    stream?.request(request('POST', `/r${round}`, ['x-name', 'v'.repeat(round * 30_000)]), false);
    stream?.data(Buffer.from('hello '), false);
    stream?.data(Buffer.from('world'), true);
    await until(() => answer.ended || answer.resets.length > 0, 'the answer');
    assert.deepEqual(answer.resets, []);
    assert.equal(answer.informational[0]?.status, 103);
    assert.equal(answer.head?.status, 201);
    assert.equal(answer.head?.headers.get('x-path'), `/r${round}`);
    assert.equal(answer.body, 'hello world');
    assert.equal(answer.trailers?.get('grpc-status'), '0');
  }
  assert.equal(client.codec.activeStreams, 0);
  assert.deepEqual(client.errors, []);
});

test('large bodies pass both ways within the windows', async () => {
  const server = await serve((exchange) => {
    exchange.onEnd = () => {
      exchange.stream.respond({ status: 200, headers: new HeaderMap() }, false);
      let left = 80;
      const more = () => {
        while (left > 0) if (!exchange.stream.data(Buffer.alloc(100_000, left), --left === 0)) return;
      };
      exchange.drained = more;
      more();
    };
  });
  cleanups.push(server.close);
  const session = nodeClient(server.port);
  const body = Buffer.alloc(5_000_000, 7);
  const answers = await Promise.all(
    [1, 2, 3].map(() => fetchNode(session, { ':method': 'PUT', ':path': '/' }, body)),
  );
  for (const answer of answers) assert.equal(answer.body.length, 8_000_000);
  const ours = await dialH2(server.port);
  cleanups.push(() => ours.socket.destroy());
  const answer = new Answer();
  ours.codec.newStream(answer)?.request(request('GET', '/'), true);
  await until(() => answer.ended, 'the whole body');
  assert.equal(answer.bodyBytes, 8_000_000);
});

test('a paused reader stops the sender at its window and loses nothing', async () => {
  const exchanges: Exchange[] = [];
  const server = await serve((exchange) => {
    exchanges.push(exchange);
    exchange.stream.pause();
    exchange.onEnd = () => exchange.stream.respond({ status: 204, headers: new HeaderMap() }, true);
  });
  cleanups.push(server.close);
  const client = await dialH2(server.port);
  cleanups.push(() => client.socket.destroy());
  const answer = new Answer();
  const stream = client.codec.newStream(answer);
  stream?.request(request('POST', '/'), false);
  let sent = 0;
  const total = 3_000_000;
  const more = () => {
    while (sent < total) {
      const chunk = Buffer.alloc(50_000, 1);
      sent += chunk.length;
      if (stream?.data(chunk, sent === total) === false) return;
    }
  };
  answer.drained = more;
  more();
  await until(() => exchanges.length === 1, 'the request');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(sent < 500_000, `sent ${sent} to a paused reader`);
  const other = new Answer();
  client.codec.newStream(other)?.request(request('GET', '/other'), true);
  await until(() => exchanges.length === 2, 'another stream passing the stalled one');
  for (const exchange of exchanges) exchange.stream.resume();
  await until(() => answer.ended, 'the rest');
  assert.equal(exchanges[0]?.bodyBytes, total);
});

test('drain announces, finishes what runs, refuses nothing already sent, then reports', async () => {
  const exchanges: Exchange[] = [];
  const server = await serve((exchange) => {
    exchanges.push(exchange);
  });
  cleanups.push(server.close);
  const client = await dialH2(server.port);
  cleanups.push(() => client.socket.destroy());
  const first = new Answer();
  client.codec.newStream(first)?.request(request('GET', '/1'), true);
  await until(() => exchanges.length === 1);
  server.codecs[0]?.drain();
  const crossing = new Answer();
  client.codec.newStream(crossing)?.request(request('GET', '/2'), true);
  await until(() => client.codec.goingAway, 'GOAWAY');
  assert.equal(client.codec.newStream(new Answer()), undefined);
  await until(() => exchanges.length === 2, 'the crossing request');
  for (const exchange of exchanges) exchange.stream.respond({ status: 200, headers: new HeaderMap() }, true);
  await until(() => first.ended && crossing.ended && server.drained === 1, 'the end');
  assert.deepEqual([first.resets, crossing.resets], [[], []]);
});

test('an extended CONNECT looks like an upgrade above the codec', async () => {
  const exchanges: Exchange[] = [];
  const server = await serve(
    (exchange) => {
      exchanges.push(exchange);
      exchange.stream.respond({ status: 101, headers: new HeaderMap(['upgrade', 'websocket']) }, false);
      exchange.onChunk = (chunk) => exchange.stream.data(Buffer.from(chunk), false);
    },
    { allowConnect: true },
  );
  cleanups.push(server.close);
  const client = await dialH2(server.port);
  cleanups.push(() => client.socket.destroy());
  await until(() => client.codec.peer.enableConnectProtocol, 'SETTINGS_ENABLE_CONNECT_PROTOCOL');
  const answer = new Answer();
  const stream = client.codec.newStream(answer);
  stream?.request(
    { ...request('GET', '/chat', ['sec-websocket-version', '13']), protocol: 'websocket' },
    false,
  );
  stream?.data(Buffer.from('ping'), false);
  await until(() => answer.body === 'ping', 'the echo');
  assert.equal(answer.head?.status, 101);
  assert.equal(answer.head?.headers.get('upgrade'), 'websocket');
  assert.equal(exchanges[0]?.head.method, 'GET');
  assert.equal(exchanges[0]?.head.protocol, 'websocket');
});

test('resets carry their reason both ways', async () => {
  const exchanges: Exchange[] = [];
  const server = await serve((exchange) => exchanges.push(exchange));
  cleanups.push(server.close);
  const client = await dialH2(server.port);
  cleanups.push(() => client.socket.destroy());
  const answers = [new Answer(), new Answer(), new Answer()];
  const streams = answers.map((answer, i) => {
    const stream = client.codec.newStream(answer);
    stream?.request(request('GET', `/${i}`), true);
    return stream;
  });
  await until(() => exchanges.length === 3);
  exchanges[0]?.stream.reset('local-refused-stream');
  exchanges[1]?.stream.reset('local-reset');
  streams[2]?.reset('local-reset');
  await until(() => exchanges[2]?.resets.length === 1 && answers[1]?.resets.length === 1);
  assert.deepEqual(answers[0]?.resets, ['remote-refused-stream']);
  assert.deepEqual(answers[1]?.resets, ['remote-reset']);
  assert.deepEqual(exchanges[2]?.resets, ['remote-reset']);
  assert.deepEqual(answers[2]?.resets, []);
  assert.equal(client.codec.activeStreams + (server.codecs[0]?.activeStreams ?? 0), 0);
});

test('streams that the connection takes with it are told', async () => {
  const exchanges: Exchange[] = [];
  const server = await serve((exchange) => exchanges.push(exchange));
  cleanups.push(server.close);
  const client = await dialH2(server.port);
  const answer = new Answer();
  client.codec.newStream(answer)?.request(request('GET', '/'), true);
  await until(() => exchanges.length === 1);
  client.socket.destroy();
  await until(() => exchanges[0]?.resets.length === 1 && answer.resets.length === 1);
  assert.equal(client.codec.capacity, 0);
});

test('an upstream that resets every stream keeps its connection', async () => {
  const server = await serve((exchange) => exchange.stream.reset('local-refused-stream'));
  cleanups.push(server.close);
  const client = await dialH2(server.port);
  cleanups.push(() => client.socket.destroy());
  for (let round = 0; round < 20; round++) {
    const answers = Array.from({ length: 50 }, () => new Answer());
    for (const answer of answers) client.codec.newStream(answer)?.request(request('GET', '/'), true);
    await until(() => answers.every(({ resets }) => resets[0] === 'remote-refused-stream'), 'the refusals');
  }
  assert.deepEqual(client.errors, []);
});

test('a peer that does not answer keepalive PINGs loses the connection, one that does keeps it', async () => {
  const keepalive = { intervalMs: 20, timeoutMs: 200 };
  const server = await serve(echo, { keepalive });
  cleanups.push(server.close);
  const client = await dialH2(server.port);
  cleanups.push(() => client.socket.destroy());
  const silent = new RawPeer(server.port);
  silent.send(opening);
  await until(() => silent.closed, 'the silent peer to be cut off');
  assert.deepEqual(server.errors, ['keepalive timeout']);
  const answer = new Answer();
  client.codec.newStream(answer)?.request(request('GET', '/'), true);
  await until(() => answer.ended, 'an answer on the other connection');
});

test('a smaller header table is announced and kept to', async () => {
  const server = await serve(echo, { headerTableBytes: 0 });
  cleanups.push(server.close);
  const session = nodeClient(server.port);
  for (let i = 0; i < 3; i++) {
    const answer = await fetchNode(session, { ':method': 'GET', ':path': '/', 'x-a': 'same' });
    assert.equal(answer.status, 200);
  }
  assert.equal(session.remoteSettings.headerTableSize, 0);
});
