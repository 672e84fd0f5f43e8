import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { before, test } from 'node:test';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { fuzzRuns } from '../testing/fuzz-runs.ts';
import { type HelloResult, maxClientHelloBytes, parseClientHello } from './client-hello.ts';

let real: Buffer;

/** The first bytes of a real client. */
function capture(servername: string, alpn: string[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        resolve(bytes as Buffer);
        socket.destroy();
        server.close();
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const client = connect({ port, host: '127.0.0.1', servername, ALPNProtocols: alpn });
      client.on('error', () => {});
    });
  });
}

before(async () => {
  real = await capture('Reviews.Example', ['istio', 'h2']);
});

/** The hello in records of at most `size` bytes of handshake. */
function fragmented(hello: Buffer, size: number): Buffer {
  const body = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(records);
}

const found: HelloResult = { kind: 'client-hello', sni: 'reviews.example', alpn: ['istio', 'h2'] };

test('server name and protocols of a real client, whole, followed by more, and in records of any size', () => {
  assert.deepEqual(parseClientHello(real), found);
  assert.deepEqual(parseClientHello(Buffer.concat([real, Buffer.from('more')])), found);
  for (const size of [1, 2, 3, 4, 5, 100, 16000])
    assert.deepEqual(parseClientHello(fragmented(real, size)), found);
});

test('every cut is incomplete, never a decision', () => {
  for (const bytes of [real, fragmented(real, 1), fragmented(real, 7)]) {
    for (let length = 0; length < bytes.length; length++) {
      const { kind } = parseClientHello(bytes.subarray(0, length));
      if (kind !== 'incomplete') assert.fail(`${kind} after ${length} of ${bytes.length} bytes`);
    }
  }
});

test('other protocols are not TLS; broken and oversized hellos are invalid', () => {
  for (const text of ['GET / HTTP/1.1\r\n\r\n', 'PRI * HTTP/2.0', 'SSH-2.0-x', '\x16\x02aaaaaa']) {
    assert.equal(parseClientHello(Buffer.from(text, 'latin1')).kind, 'not-tls', text);
  }
  const alert = Buffer.from(real);
  alert[5] = 2;
  assert.equal(parseClientHello(alert).kind, 'invalid', 'a ServerHello');
  assert.equal(parseClientHello(Buffer.from([22, 3, 1, 0, 0])).kind, 'invalid', 'an empty record');
  assert.equal(
    parseClientHello(Buffer.from([22, 3, 1, 0, 4, 1, 1, 0, 0])).kind,
    'invalid',
    'a hello of 64 KiB',
  );
  const endless = Buffer.concat([
    Buffer.from([22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xff]),
    Buffer.alloc(maxClientHelloBytes),
  ]);
  assert.notEqual(parseClientHello(endless).kind, 'incomplete');
});

test('mutated hellos never throw and never loop', () => {
  const mutation = fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(mutation, fc.nat(2000), (changes, cut) => {
      const bytes = Buffer.from(real.subarray(0, real.length - (cut % real.length)));
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      parseClientHello(bytes);
      parseClientHello(fragmented(bytes, 1 + (cut % 50)));
    }),
    fuzzRuns(3000),
  );
});
