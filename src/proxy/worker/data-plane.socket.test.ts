import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { eventually, httpServer, RawClient, RawServer } from '../testing/raw-peers.ts';
import { anyPort, cluster, httpListener, routeTo, TestProxy, tcpListener } from '../testing/test-proxy.ts';

const t = (name: string) => `type.googleapis.com/${name}`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** A folder laid out as the agent does, with a link that is swapped. */
class XdsFolder {
  readonly root = mkdtempSync(join(tmpdir(), 'lateen-xds-'));
  #generation = 0;

  source(file: string): unknown {
    return {
      path_config_source: { path: `${this.root}/current/${file}`, watched_directory: { path: this.root } },
    };
  }

  /** Writes a generation: resources by file. */
  write(files: Record<string, unknown[]>): void {
    const folder = join(this.root, `g${++this.#generation}`);
    mkdirSync(folder);
    for (const [file, resources] of Object.entries(files)) {
      writeFileSync(
        join(folder, file),
        JSON.stringify({ version_info: String(this.#generation), resources }),
      );
    }
    symlinkSync(`g${this.#generation}`, join(this.root, 'next'));
    renameSync(join(this.root, 'next'), join(this.root, 'current'));
  }

  bootstrap(): Record<string, unknown> {
    return {
      dynamic_resources: { lds_config: this.source('lds.json'), cds_config: this.source('cds.json') },
    };
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function routes(body: string): Record<string, unknown> {
  return {
    '@type': t('envoy.config.route.v3.RouteConfiguration'),
    name: 'main',
    virtual_hosts: [
      {
        name: 'v',
        domains: ['*'],
        routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: body } } }],
      },
    ],
  };
}

function listener(
  folder: XdsFolder,
  port: number,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const made = httpListener('main', [], {
    route_config: undefined,
    rds: { route_config_name: 'main', config_source: folder.source('rds.json') },
    ...more,
  });
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return { '@type': t('envoy.config.listener.v3.Listener'), ...made, address };
}

async function freePort(): Promise<number> {
  const server = await RawServer.start(() => {});
  const { port } = server;
  server.close();
  return port;
}

describe('file configuration', () => {
  const folder = new XdsFolder();
  after(() => folder.close());

  test('a swapped link changes routes, a refused one keeps the old and says why, endpoints follow', async () => {
    const port = await freePort();
    const lds = [listener(folder, port)];
    folder.write({ 'lds.json': lds, 'cds.json': [], 'rds.json': [routes('one')] });
    const proxy = await TestProxy.start(folder.bootstrap());
    const client = new RawClient(proxy.port('main'));
    await client.send(get('/')).see('one');
    folder.write({ 'lds.json': lds, 'cds.json': [], 'rds.json': [routes('two')] });
    await eventually(
      () => proxy.plane.config.current.routes.get('main')?.version === '2',
      'the second version',
    );
    await client.send(get('/')).see('two');
    folder.write({ 'lds.json': lds, 'cds.json': [], 'rds.json': [{ ...routes('three'), nonsense: 1 }] });
    await eventually(() => proxy.plane.config.current.routes.get('main')?.error !== undefined, 'the refusal');
    const entry = proxy.plane.config.current.routes.get('main');
    assert.match(entry?.error?.details ?? '', /nonsense: is no field of/);
    assert.equal(entry?.version, '2');
    client.received = '';
    await client.send(get('/')).see('two');
    folder.write({ 'lds.json': lds, 'cds.json': [], 'rds.json': [routes('four')] });
    await eventually(() => proxy.plane.config.current.routes.get('main')?.error === undefined, 'the cure');
    await client.send(get('/')).see('four');
    assert.equal(client.closed, false, 'the connection lived through all of it');
    client.close();
    proxy.close();
  });

  test('200 reloads under load fail no request', async () => {
    const port = await freePort();
    folder.write({ 'lds.json': [listener(folder, port)], 'cds.json': [], 'rds.json': [routes('x')] });
    const proxy = await TestProxy.start(folder.bootstrap(), 200);
    let running = true;
    let answered = 0;
    const load = Array.from({ length: 4 }, async () => {
      while (running) {
        const client = new RawClient(port);
        while (running && !client.ended) {
          client.received = '';
          client.send(get('/'));
          const answer = await client.until((c) => c.received.includes('body ') || c.ended);
          assert.match(answer.received, /^HTTP\/1\.1 200 /);
          answered++;
          if (answer.received.includes('connection: close')) break;
        }
        client.close();
      }
    });
    for (let i = 0; i < 200; i++) {
      // Every tenth one changes the listener itself: its connections drain.
      const more = i % 10 === 0 ? { server_name: `s${i}` } : {};
      folder.write({
        'lds.json': [listener(folder, port, more)],
        'cds.json': [],
        'rds.json': [routes(`body ${i}`)],
      });
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await eventually(() => answered > 100, 'some load');
    running = false;
    await Promise.all(load);
    proxy.close();
  });

  test('a listener that goes away stops accepting, one that comes is served', async () => {
    const [first, second] = [await freePort(), await freePort()];
    folder.write({ 'lds.json': [listener(folder, first)], 'cds.json': [], 'rds.json': [routes('a')] });
    const proxy = await TestProxy.start(folder.bootstrap());
    folder.write({
      'lds.json': [{ ...listener(folder, second), name: 'other' }],
      'cds.json': [],
      'rds.json': [routes('b')],
    });
    await eventually(
      () =>
        proxy.plane.listeners.find('other') !== undefined && proxy.plane.listeners.find('main') === undefined,
      'the new listener',
    );
    const client = new RawClient(second);
    await client.send(get('/')).see('\r\n\r\nb');
    const gone = new RawClient(first);
    await gone.until((c) => c.closed);
    client.close();
    proxy.close();
  });
});

describe('draining', () => {
  test('a request under way completes with connection: close, an idle connection is ended', async () => {
    const backend = await RawServer.start((socket) => {
      socket.on('data', () =>
        setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone'), 50),
      );
    });
    const proxy = await TestProxy.serving(
      [httpListener('http', [routeTo('app')])],
      [cluster('app', [backend.port])],
    );
    const idle = new RawClient(proxy.port('http'));
    await idle.send(get('/')).see('done');
    const busy = new RawClient(proxy.port('http')).send(get('/'));
    await eventually(() => backend.received.split('GET ').length === 3, 'the second request is out');
    proxy.plane.listeners.drainAll({ inboundOnly: false, closeSockets: true });
    assert.match(await busy.all(), /connection: close\r\n[\s\S]*done$/);
    await idle.until((c) => c.ended);
    await eventually(() => proxy.plane.listeners.connections === 0, 'no connection is left');
    proxy.close();
    backend.close();
  });
});

describe('TCP', () => {
  test('bytes, half-closes and statistics pass through', async () => {
    const backend = await RawServer.start((socket) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('end', () => socket.end(`got ${text}`));
    });
    const proxy = await TestProxy.serving([tcpListener('tcp', 'app')], [cluster('app', [backend.port])]);
    const client = new RawClient(proxy.port('tcp')).send('hello');
    client.socket.end();
    await client.until((c) => c.ended);
    assert.equal(client.received, 'got hello');
    await eventually(
      () => proxy.stat('cluster.app.upstream_cx_active') === 0,
      'the upstream connection is counted out',
    );
    assert.equal(proxy.stat('tcp.tcp.downstream_cx_rx_bytes_total'), 5);
    assert.equal(proxy.plane.listeners.connections, 0);
    proxy.close();
    backend.close();
  });

  test('a server that speaks first is heard', async () => {
    const backend = await RawServer.start((socket) => {
      socket.write('220 ready\r\n');
      socket.on('end', () => socket.end());
    });
    const proxy = await TestProxy.serving([tcpListener('tcp', 'app')], [cluster('app', [backend.port])]);
    const client = new RawClient(proxy.port('tcp'));
    await client.see('220 ready\r\n');
    client.close();
    await eventually(() => proxy.plane.listeners.connections === 0, 'the connection is counted out');
    proxy.close();
    backend.close();
  });

  test('no upstream: the connection is closed', async () => {
    const port = await freePort();
    const proxy = await TestProxy.serving([tcpListener('tcp', 'app')], [cluster('app', [port])]);
    const client = new RawClient(proxy.port('tcp'));
    await client.until((c) => c.closed || c.ended);
    assert.equal(proxy.stat('cluster.app.upstream_cx_connect_fail'), 1);
    proxy.close();
  });

  test('8 MiB each way arrive whole', async () => {
    const backend = await RawServer.start((socket) => {
      socket.removeAllListeners('data');
      socket.pipe(socket);
    });
    const proxy = await TestProxy.serving([tcpListener('tcp', 'app')], [cluster('app', [backend.port])]);
    const { connect } = await import('node:net');
    const socket = connect(proxy.port('tcp'), '127.0.0.1');
    const block = Buffer.alloc(1024 * 1024, 'x');
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    for (let i = 0; i < 8; i++) socket.write(block);
    await eventually(() => received === 8 * block.length, 'all bytes came back', 10_000);
    socket.destroy();
    proxy.close();
    backend.close();
  });
});

describe('listener filters', () => {
  test('PROXY protocol gives the client’s address; a broken header is refused', async () => {
    const backend = await httpServer(
      (head) => `HTTP/1.1 200 OK\r\ncontent-length: ${head.length}\r\n\r\n${head}`,
    );
    const filter = {
      name: 'p',
      typed_config: { '@type': t('envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol') },
    };
    const proxy = await TestProxy.serving(
      [
        {
          ...httpListener('http', [routeTo('app')], { use_remote_address: true }),
          address: anyPort,
          listener_filters: [filter],
        },
      ],
      [cluster('app', [backend.port])],
    );
    const client = new RawClient(proxy.port('http'));
    client.send(`PROXY TCP4 203.0.113.9 10.0.0.1 4000 80\r\n${get('/')}`);
    await client.see('x-forwarded-for: 203.0.113.9');
    client.close();
    const second = new RawClient(proxy.port('http'));
    const address = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 0x0f, 0xa0, 0, 80]);
    const v2 = Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'), address]);
    for (const byte of v2) second.send(String.fromCharCode(byte));
    await second.send(get('/')).see('x-forwarded-for: 203.0.113.7');
    second.close();
    for (const bad of [
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      'PROXY TCP4 x y 1 2\r\n',
      `PROXY ${'a'.repeat(200)}`,
    ]) {
      await new RawClient(proxy.port('http')).send(bad).until((c) => c.closed || c.ended);
    }
    proxy.close();
    backend.close();
  });

  test('the HTTP inspector tells HTTP from other protocols', async () => {
    const http = await httpServer('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhttp');
    const tcp = await RawServer.start((socket) => socket.once('data', () => socket.end('tcp')));
    const web = httpListener('x', [routeTo('http')]) as { filter_chains: Record<string, unknown>[] };
    const raw = tcpListener('x', 'tcp') as { filter_chains: Record<string, unknown>[] };
    const proxy = await TestProxy.serving(
      [
        {
          name: 'x',
          address: anyPort,
          listener_filters: [
            {
              name: 'h',
              typed_config: {
                '@type': t('envoy.extensions.filters.listener.http_inspector.v3.HttpInspector'),
              },
            },
          ],
          filter_chains: [
            { ...web.filter_chains[0], filter_chain_match: { application_protocols: ['http/1.1'] } },
          ],
          default_filter_chain: raw.filter_chains[0],
        },
      ],
      [cluster('http', [http.port]), cluster('tcp', [tcp.port])],
    );
    const client = new RawClient(proxy.port('x'));
    for (const byte of get('/')) client.send(byte);
    await client.see('\r\n\r\nhttp');
    client.close();
    assert.equal(await new RawClient(proxy.port('x')).send('\x00\x01binary').all(), 'tcp');
    proxy.close();
    http.close();
    tcp.close();
  });
});
