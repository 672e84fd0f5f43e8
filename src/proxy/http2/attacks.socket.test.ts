import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HeaderMap } from '../http/header-map.ts';
import { ErrorCode, Flag, FrameType } from './frame.ts';
import {
  Answer,
  dialH2,
  type Exchange,
  echo,
  request,
  serve,
  type TestServer,
  until,
} from './testing/h2-peers.ts';
import { block, frame, getBlock, opening, RawPeer, uint32 } from './testing/raw-frames.ts';

const cleanups: (() => void)[] = [];
after(() => {
  for (const cleanup of cleanups) cleanup();
});

async function start(onRequest: (exchange: Exchange) => void, options = {}): Promise<TestServer> {
  const server = await serve(onRequest, options);
  cleanups.push(server.close);
  return server;
}

function raw(server: TestServer): RawPeer {
  const peer = new RawPeer(server.port);
  cleanups.push(() => peer.socket.destroy());
  peer.send(opening);
  return peer;
}

const headersFlags = Flag.endHeaders | Flag.endStream;

/** Sends `unit(i)` again and again until the peer closes; returns how many it took. */
async function flood(peer: RawPeer, unit: (i: number) => Buffer, most = 10_000): Promise<number> {
  for (let i = 0; i < most; i += 50) {
    if (peer.closed || peer.goaway !== undefined) return i;
    peer.send(...Array.from({ length: 50 }, (_, n) => unit(i + n)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => peer.closed || peer.goaway !== undefined, 'the connection to be closed', 2000);
  return most;
}

async function aliveAfter(server: TestServer): Promise<void> {
  const client = await dialH2(server.port);
  cleanups.push(() => client.socket.destroy());
  const answer = new Answer();
  client.codec.newStream(answer)?.request(request('GET', '/fresh'), true);
  await until(() => answer.ended, 'a fresh connection');
}

const floods: Record<string, (i: number) => Buffer> = {
  'rapid reset': (i) =>
    Buffer.concat([
      frame(FrameType.headers, headersFlags, i * 2 + 1, getBlock()),
      frame(FrameType.rstStream, 0, i * 2 + 1, uint32(ErrorCode.cancel)),
    ]),
  'resets that our side is made to send (WINDOW_UPDATE of 0)': (i) =>
    Buffer.concat([
      frame(FrameType.headers, Flag.endHeaders, i * 2 + 1, getBlock()),
      frame(FrameType.windowUpdate, 0, i * 2 + 1, uint32(0)),
    ]),
  'malformed requests': (i) => frame(FrameType.headers, headersFlags, i * 2 + 1, block([':method', 'GET'])),
  'empty header blocks': (i) => frame(FrameType.headers, headersFlags, i * 2 + 1),
  PING: () => frame(FrameType.ping, 0, 0, '12345678'),
  'PING acknowledgements': () => frame(FrameType.ping, Flag.ack, 0, '12345678'),
  SETTINGS: () => frame(FrameType.settings, 0, 0),
  'SETTINGS with many entries': () =>
    frame(
      FrameType.settings,
      0,
      0,
      Buffer.concat(Array.from({ length: 2000 }, () => Buffer.from('000400001000', 'hex'))),
    ),
  PRIORITY: (i) => frame(FrameType.priority, 0, i * 2 + 1, Buffer.from('0000000010', 'hex')),
  WINDOW_UPDATE: () => frame(FrameType.windowUpdate, 0, 0, uint32(1)),
  'empty DATA': (i) =>
    i === 0 ? frame(FrameType.headers, Flag.endHeaders, 1, getBlock()) : frame(FrameType.data, 0, 1),
  'unknown frame types': () => frame(0x4d, 0, 0),
  GOAWAY: () => frame(FrameType.goaway, 0, 0, Buffer.alloc(8)),
  'refused streams': (i) => frame(FrameType.headers, Flag.endHeaders, i * 2 + 1, getBlock()),
  'CONTINUATION with content': (i) =>
    i === 0
      ? frame(FrameType.headers, Flag.endStream, 1, getBlock())
      : frame(FrameType.continuation, 0, 1, block(['x-a', 'a'.repeat(490)])),
  'empty CONTINUATION': (i) =>
    i === 0 ? frame(FrameType.headers, Flag.endStream, 1, getBlock()) : frame(FrameType.continuation, 0, 1),
};

for (const [name, unit] of Object.entries(floods)) {
  test(`a flood of ${name} is closed within 10,000 frames and harms nobody else`, async () => {
    const server = await start(
      (exchange) => {
        if (exchange.head.path === '/fresh') echo(exchange);
      },
      { maxConcurrentStreams: 100 },
    );
    const peer = raw(server);
    const frames = await flood(peer, unit);
    if (peer.goaway !== undefined) assert.equal(peer.goaway, ErrorCode.enhanceYourCalm);
    assert.ok(frames <= 10_000);
    await aliveAfter(server);
    await until(() => server.codecs[0]?.activeStreams === 0, 'streams to be gone');
  });
}

test('a CONTINUATION flood is closed before 64 KB or 100 frames', async () => {
  const server = await start(echo);
  const peer = raw(server);
  peer.send(frame(FrameType.headers, Flag.endStream, 1, getBlock()));
  for (let i = 0; i < 101; i++) peer.send(frame(FrameType.continuation, 0, 1));
  await until(() => peer.goaway === ErrorCode.enhanceYourCalm, 'GOAWAY');
});

test('a client that never reads is closed before its answers pile up', async () => {
  const server = await start(echo);
  const peer = raw(server);
  peer.socket.pause();
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(FrameType.ping, 0, 0, '12345678')));
  for (let i = 0; i < 50 && server.errors.length === 0; i++) {
    peer.send(pings);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => server.errors.length > 0, 'the end');
});

test('headers that decode to megabytes cost only their stream', async () => {
  const server = await start(echo);
  const peer = raw(server);
  // An indexed cookie of 2 KB, then 4000 references of one byte each.
  const cookie = Buffer.concat([Buffer.from([0x60, 0x7f, 0x81, 0x0f]), Buffer.alloc(2048, 0x61)]);
  const bomb = Buffer.concat([getBlock(), cookie, Buffer.alloc(4000, 0xbe)]);
  peer.send(frame(FrameType.headers, headersFlags, 1, bomb));
  await until(() => peer.reset(1) !== undefined, 'the reset');
  peer.send(frame(FrameType.headers, headersFlags, 3, getBlock()));
  await until(
    () => peer.frames.some(({ type, id }) => type === FrameType.headers && id === 3),
    'the next answer',
  );
  assert.equal(peer.goaway, undefined);
});

test('limits on header bytes and count hold at their edge', async () => {
  const server = await start(echo);
  const peer = raw(server);
  const fields = (n: number) => Array.from({ length: n - 4 }, (_, i): [string, string] => [`x-${i}`, 'v']);
  const filled = (bytes: number): [string, string][] =>
    Array.from({ length: 4 }, (_, i): [string, string] => [`x-${i}`, 'v'.repeat(bytes / 4 - 3 - 20)]);
  const send = (id: number, more: [string, string][]) => {
    const bytes = getBlock(...more);
    peer.send(frame(FrameType.headers, Flag.endStream, id, bytes.subarray(0, 16384)));
    for (let at = 16384; at < bytes.length || at === 16384; at += 16384) {
      const last = at + 16384 >= bytes.length;
      peer.send(
        frame(FrameType.continuation, last ? Flag.endHeaders : 0, id, bytes.subarray(at, at + 16384)),
      );
    }
  };
  send(1, fields(100));
  send(3, fields(101));
  send(5, filled(60 * 1024));
  send(7, filled(61 * 1024 + 200));
  const answered = (id: number) =>
    peer.frames.some((seen) => seen.type === FrameType.headers && seen.id === id);
  await until(
    () => answered(1) && answered(5) && peer.reset(3) !== undefined && peer.reset(7) !== undefined,
    'four verdicts',
  );
});

test('nothing malformed is shown to the connection manager', async () => {
  const seen: string[] = [];
  const server = await start((exchange) => {
    seen.push(exchange.head.path);
    echo(exchange);
  });
  const get: [string, string][] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'a.example'],
  ];
  const change = (name: string, value: string): [string, string][] =>
    get.map(([n, v]) => (n === name ? [n, value] : [n, v]));
  const bad: Record<string, [string, string][]> = {
    'path with space': change(':path', '/a b'),
    'path with LF': change(':path', '/a\nb'),
    'path with NUL': change(':path', '/a\0b'),
    'path without slash': change(':path', 'a'),
    'empty path': change(':path', ''),
    'method with space': change(':method', 'GET /x'),
    'method with CR': change(':method', 'GET\r'),
    'authority with slash': change(':authority', 'a/b'),
    'authority with userinfo': change(':authority', 'u@a.example'),
    'authority with LF': change(':authority', 'a\nhost: b'),
    'scheme with colon': change(':scheme', 'http:'),
    'value with CR LF': [...get, ['x-a', 'b\r\nx-c: d']],
    'value with NUL': [...get, ['x-a', 'b\0']],
    'upper-case name': [...get, ['X-A', 'b']],
    'name with space': [...get, ['x a', 'b']],
    'name with LF': [...get, ['x\na', 'b']],
    'empty name': [...get, ['', 'b']],
    'unknown pseudo-header': [...get, [':x', 'b']],
    'pseudo-header twice': [...get, [':path', '/']],
    'pseudo-header late': [['x-a', 'b'], ...get],
    'response pseudo-header': [...get, [':status', '200']],
    connection: [...get, ['connection', 'close']],
    'transfer-encoding': [...get, ['transfer-encoding', 'chunked']],
    upgrade: [...get, ['upgrade', 'h2c']],
    'te: gzip': [...get, ['te', 'gzip']],
    'host differs': [...get, ['host', 'b.example']],
    'two hosts': [...get, ['host', 'a.example'], ['host', 'b.example']],
    'content-length with sign': [...get, ['content-length', '+0']],
    'content-length twice': [...get, ['content-length', '0'], ['content-length', '0']],
    'content-length without body': [...get, ['content-length', '5']],
    'content-length too large': [...get, ['content-length', '99999999999999999999']],
    ':protocol not offered': [...change(':method', 'CONNECT'), [':protocol', 'websocket']],
    'CONNECT with path': change(':method', 'CONNECT'),
    'no method': get.slice(1),
  };
  const peer = raw(server);
  let id = 1;
  const ids = new Map<string, number>();
  for (const [name, fields] of Object.entries(bad)) {
    ids.set(name, id);
    peer.send(frame(FrameType.headers, headersFlags, id, block(...fields)));
    id += 2;
  }
  for (const [name, stream] of ids) {
    await until(() => peer.reset(stream) !== undefined, name);
    assert.equal(peer.reset(stream), ErrorCode.protocolError, name);
  }
  peer.send(frame(FrameType.headers, headersFlags, id, block(...change(':scheme', 'HtTp'))));
  await until(() => seen.length === 1, 'the good one');
  assert.deepEqual(seen, ['/']);
});

test('a body that does not keep to its content-length resets the stream', async () => {
  const exchanges: Exchange[] = [];
  const server = await start((exchange) => exchanges.push(exchange));
  const peer = raw(server);
  const open = (id: number) =>
    peer.send(frame(FrameType.headers, Flag.endHeaders, id, getBlock(['content-length', '5'])));
  open(1);
  peer.send(frame(FrameType.data, Flag.endStream, 1, 'abc'));
  open(3);
  peer.send(frame(FrameType.data, 0, 3, 'abcdef'));
  open(5);
  peer.send(
    frame(FrameType.data, Flag.padded, 5, '\x02abc\0\0'),
    frame(FrameType.data, Flag.endStream, 5, 'de'),
  );
  await until(() => exchanges[2]?.ended === true && peer.reset(3) !== undefined, 'the verdicts');
  assert.deepEqual(
    [peer.reset(1), peer.reset(3), peer.reset(5)],
    [ErrorCode.protocolError, ErrorCode.protocolError, undefined],
  );
  assert.deepEqual([exchanges[0]?.resets, exchanges[1]?.body], [['protocol-error'], '']);
  assert.equal(exchanges[2]?.body, 'abcde');
});

test('a window that never opens bounds what is buffered for the stream', async () => {
  let written = 0;
  const server = await start((exchange) => {
    exchange.stream.respond({ status: 200, headers: new HeaderMap() }, false);
    while (exchange.stream.data(Buffer.alloc(16_000), false)) written += 16_000;
  });
  const peer = raw(server);
  peer.send(frame(FrameType.settings, 0, 0, Buffer.from('000400000000', 'hex')));
  peer.send(frame(FrameType.headers, headersFlags, 1, getBlock()));
  await until(() => written > 0, 'the answer');
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(written <= 128 * 1024, `${written} bytes`);
  assert.equal(
    peer.frames.some(({ type }) => type === FrameType.data),
    false,
  );
});

test('a reset and a connection that ends in the same turn leave nothing behind', async () => {
  const server = await start((exchange) => {
    exchange.stream.respond({ status: 200, headers: new HeaderMap() }, false);
    exchange.stream.data(Buffer.from('x'), false);
    exchange.stream.reset('local-reset');
    exchange.stream.data(Buffer.from('y'), true);
    exchange.stream.trailers(new HeaderMap(['a', 'b']));
    exchange.stream.reset('local-reset');
  });
  for (let round = 0; round < 20; round++) {
    const peer = raw(server);
    for (let id = 1; id < 100; id += 2) {
      peer.send(
        frame(FrameType.headers, headersFlags, id, getBlock()),
        frame(FrameType.rstStream, 0, id, uint32(8)),
      );
    }
    peer.socket.end();
    await until(() => peer.closed, 'the close');
  }
  await until(() => server.codecs.every(({ activeStreams }) => activeStreams === 0), 'no stream left');
});
