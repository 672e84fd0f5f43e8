import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { until } from '../http2/testing/h2-peers.ts';
import type { TlsInfo } from '../network/tls-info.ts';
import { noTransportOptions } from '../network/transport.ts';
import { StatsScope } from '../stats/store.ts';
import { TlsClientTransport } from './client-transport.ts';
import {
  type CertificateMaterial,
  type ClientTlsOptions,
  defaultServerTlsParameters,
  type SanRule,
  type SecretSource,
  type ServerTlsOptions,
  trustNobody,
  type ValidationMaterial,
} from './options.ts';
import { TlsServerTransport } from './server-transport.ts';
import { type LeafOptions, TestCa } from './testing/test-ca.ts';
import { TlsStats } from './tls-stats.ts';

let ca: TestCa;
let otherCa: TestCa;
let server: CertificateMaterial;
let client: CertificateMaterial;
const cleanups: (() => void)[] = [];

before(() => {
  ca = new TestCa('Mesh CA');
  otherCa = new TestCa('Other CA');
  server = ca.issue({ dns: ['server.example'], uri: ['spiffe://cluster.local/ns/a/sa/server'] });
  client = ca.issue({
    uri: ['spiffe://cluster.local/ns/a/sa/client'],
    subject: { CN: 'client', O: 'Acme, Inc.' },
  });
});
after(() => {
  for (const cleanup of cleanups.reverse()) cleanup();
});

const inline = <T>(value: T): SecretSource<T> => ({ kind: 'inline', value });

function trusting(pem: string, rest: Partial<ValidationMaterial> = {}): ValidationMaterial {
  return { ...trustNobody, caPem: pem, ...rest };
}

function uriRule(exact: string): SanRule {
  return { type: 'uri', exact, test: (name) => name === exact };
}

function serverOptions(rest: Partial<ServerTlsOptions> = {}): ServerTlsOptions {
  return {
    parameters: defaultServerTlsParameters,
    certificates: [inline(server)],
    validation: undefined,
    alpn: [],
    requireClientCertificate: false,
    requireSni: false,
    sessionTickets: 'derived',
    sessionTimeoutSeconds: 0,
    preferClientCiphers: false,
    ...rest,
  };
}

function clientOptions(rest: Partial<ClientTlsOptions> = {}): ClientTlsOptions {
  return {
    parameters: defaultServerTlsParameters,
    certificate: undefined,
    validation: undefined,
    alpn: [],
    sni: 'server.example',
    maxSessions: 1,
    ...rest,
  };
}

interface Accepted {
  error: Error | undefined;
  tls: TlsInfo | undefined;
}

/** A port on which `transport` accepts and echoes; what it said of each connection is collected. */
async function listen(transport: TlsServerTransport, peek = false) {
  const accepted: Accepted[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const accept = () =>
      transport.accept(socket, (error, stream, tls) => {
        accepted.push({ error, tls });
        if (stream === undefined) return void socket.destroy();
        stream.on('error', () => {});
        stream.on('data', (chunk) => stream.write(chunk));
      });
    if (!peek) return accept();
    socket.once('readable', () => {
      const chunk = socket.read() as Buffer;
      socket.unshift(chunk);
      accept();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (listener.address() as AddressInfo).port, accepted };
}

function serve(options: Partial<ServerTlsOptions> = {}, peek = false) {
  const scope = new StatsScope('listener', 'test');
  const stats = new TlsStats(scope);
  const transport = new TlsServerTransport(serverOptions(options), stats);
  return listen(transport, peek).then((listening) => ({ ...listening, transport, stats, scope }));
}

interface Connected {
  error: Error | undefined;
  tls: TlsInfo | undefined;
  echo: string;
}

/** Connects through `transport` and sends a word round. */
function dial(transport: TlsClientTransport, port: number, options = noTransportOptions): Promise<Connected> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    cleanups.push(() => socket.destroy());
    transport.connect(socket, options, (error, stream, tls) => {
      if (stream === undefined) {
        socket.destroy();
        return resolve({ error, tls, echo: '' });
      }
      stream.on('error', (failure) => resolve({ error: failure, tls, echo: '' }));
      stream.on('close', () => resolve({ error: new Error('closed'), tls, echo: '' }));
      stream.once('data', (chunk) => {
        // Tickets come with or before the first data in TLS 1.3.
        resolve({ error: undefined, tls, echo: chunk.toString() });
        setImmediate(() => stream.destroy());
      });
      stream.write('round');
    });
  });
}

function clientTransport(options: Partial<ClientTlsOptions> = {}) {
  const stats = new TlsStats(new StatsScope('cluster', 'test'));
  return { transport: new TlsClientTransport(clientOptions(options), stats), stats };
}

test('mutual TLS: names, facts and statistics on both sides', async () => {
  const validation = inline(trusting(ca.pem, { sans: [uriRule('spiffe://cluster.local/ns/a/sa/client')] }));
  const { port, accepted, stats } = await serve({
    validation,
    requireClientCertificate: true,
    alpn: ['h2', 'http/1.1'],
  });
  const { transport, stats: clientStats } = clientTransport({
    certificate: inline(client),
    validation: inline(trusting(ca.pem, { sans: [uriRule('spiffe://cluster.local/ns/a/sa/server')] })),
    alpn: ['h2'],
  });
  const connected = await dial(transport, port);
  assert.equal(connected.error, undefined);
  assert.equal(connected.echo, 'round');
  assert.equal(connected.tls?.alpn, 'h2');
  const info = accepted[0]?.tls as TlsInfo;
  assert.equal(info.version, 'TLSv1.3');
  assert.equal(info.cipher, 'TLS_AES_128_GCM_SHA256');
  assert.equal(info.sni, 'server.example');
  assert.deepEqual(info.uriSanPeer, ['spiffe://cluster.local/ns/a/sa/client']);
  assert.deepEqual(info.dnsSanLocal, ['server.example']);
  assert.equal(info.subjectPeer, 'O=Acme\\, Inc.,CN=client');
  assert.equal(info.issuerPeer, 'CN=Mesh CA');
  assert.equal(info.serialPeer, '0a1b2c');
  assert.match(info.fingerprintPeer, /^[0-9a-f]{64}$/);
  assert.match(info.certificatePeer, /^-----BEGIN%20CERTIFICATE-----%0A/);
  assert.ok(info.validToPeerMs > Date.now() && info.validFromPeerMs < Date.now());
  assert.ok(info.peerCertificatePresented && info.peerCertificateValidated);
  assert.deepEqual([stats.handshake, clientStats.handshake, stats.connectionError], [1, 1, 0]);
});

test('who shows no, an unknown, an expired or a wrongly named certificate is refused', async () => {
  const validation = inline(trusting(ca.pem, { sans: [uriRule('spiffe://cluster.local/ns/a/sa/client')] }));
  const { port, accepted, stats } = await serve({ validation, requireClientCertificate: true });
  const expired = ca.issue({
    uri: ['spiffe://cluster.local/ns/a/sa/client'],
    notAfter: new Date(Date.now() - 60_000),
  });
  const stranger = otherCa.issue({ uri: ['spiffe://cluster.local/ns/a/sa/client'] });
  const certificates = [undefined, stranger, expired, server];
  for (const certificate of certificates) {
    const { transport } = clientTransport({ certificate: certificate && inline(certificate) });
    await dial(transport, port);
  }
  await until(() => accepted.length === 4, 'four refusals');
  assert.deepEqual(
    accepted.map(({ error }) => error?.message),
    [
      'client showed no certificate',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'CERT_HAS_EXPIRED',
      'no name of the certificate is accepted',
    ],
  );
  assert.deepEqual([stats.failVerifyNoCert, stats.failVerifyError, stats.failVerifySan], [1, 2, 1]);
});

test('an optional certificate may be missing but not be wrong; allowExpired forgives time only', async () => {
  const optional = await serve({ validation: inline(trusting(ca.pem)) });
  assert.equal((await dial(clientTransport().transport, optional.port)).echo, 'round');
  assert.equal(optional.accepted[0]?.tls?.peerCertificatePresented, false);
  const stranger = inline(otherCa.issue({}));
  await dial(clientTransport({ certificate: stranger }).transport, optional.port);
  await until(() => optional.accepted.length === 2);
  assert.ok(optional.accepted[1]?.error);

  const lenient = await serve({ validation: inline(trusting(ca.pem, { allowExpired: true })) });
  const past = { notAfter: new Date(Date.now() - 60_000) };
  for (const certificate of [ca.issue(past), otherCa.issue(past)]) {
    await dial(clientTransport({ certificate: inline(certificate) }).transport, lenient.port);
  }
  await until(() => lenient.accepted.length === 2);
  assert.equal(lenient.accepted[0]?.error, undefined);
  assert.ok(lenient.accepted[1]?.error);
});

test('a client checks chain and names of the server, and the names given for one connection', async () => {
  const { port } = await serve();
  const cases: [Partial<ValidationMaterial>, string, string[] | undefined, boolean][] = [
    [{}, ca.pem, undefined, true],
    [{}, otherCa.pem, undefined, false],
    [{ sans: [uriRule('spiffe://cluster.local/ns/a/sa/server')] }, ca.pem, undefined, true],
    [{ sans: [uriRule('spiffe://cluster.local/ns/b/sa/server')] }, ca.pem, undefined, false],
    [{ sans: [uriRule('spiffe://cluster.local/ns/b/sa/server')] }, ca.pem, ['server.example'], true],
    [{}, ca.pem, ['other.example'], false],
  ];
  for (const [rest, pem, verifySans, good] of cases) {
    const { transport } = clientTransport({ validation: inline(trusting(pem, rest)) });
    const connected = await dial(transport, port, { ...noTransportOptions, verifySans });
    assert.equal(
      connected.error === undefined,
      good,
      JSON.stringify([rest.sans?.length, verifySans, connected.error?.message]),
    );
  }
});

test('SPIFFE bundles: only the roots of its own trust domain vouch for a certificate', async () => {
  const bundles = new Map([
    ['cluster.local', ca.pem],
    ['other.domain', otherCa.pem],
  ]);
  const { port, accepted } = await serve({
    validation: inline({ ...trustNobody, spiffeBundles: bundles }),
    requireClientCertificate: true,
  });
  const issue = async (from: TestCa, leaf: LeafOptions) => {
    const { transport } = clientTransport({ certificate: inline(from.issue(leaf)) });
    const before = accepted.length;
    await dial(transport, port);
    await until(() => accepted.length > before);
    return accepted.at(-1)?.error === undefined;
  };
  assert.equal(await issue(ca, { uri: ['spiffe://cluster.local/ns/a/sa/x'] }), true);
  assert.equal(await issue(otherCa, { uri: ['spiffe://other.domain/ns/a/sa/x'] }), true);
  assert.equal(await issue(otherCa, { uri: ['spiffe://cluster.local/ns/a/sa/x'] }), false);
  assert.equal(await issue(ca, { uri: ['spiffe://unknown/x'] }), false);
  assert.equal(await issue(ca, { dns: ['cluster.local'] }), false);
  assert.equal(await issue(ca, { uri: ['spiffe://cluster.local/a', 'spiffe://other.domain/b'] }), false);
});

test('the certificate follows the server name, wildcards included, and the key type the client', async () => {
  const wildcard = ca.issue({ dns: ['*.wild.example'], subject: { CN: 'wild' } });
  const rsa = ca.issue({ dns: ['server.example'], subject: { CN: 'rsa' }, keyType: 'rsa' });
  const { port } = await serve({ certificates: [inline(server), inline(wildcard), inline(rsa)] });
  const subjectFor = async (sni: string, ciphers?: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = tlsConnect(
        {
          port,
          host: '127.0.0.1',
          servername: sni,
          ca: ca.pem,
          checkServerIdentity: () => undefined,
          ...(ciphers ? { ciphers, maxVersion: 'TLSv1.2' } : {}),
        },
        () => {
          resolve(socket.getPeerX509Certificate()?.subject ?? '');
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
  assert.equal(await subjectFor('server.example'), 'CN=leaf');
  assert.equal(await subjectFor('a.wild.example'), 'CN=wild');
  assert.equal(await subjectFor('a.b.wild.example'), 'CN=leaf');
  assert.equal(await subjectFor('unknown.example'), 'CN=leaf');
  assert.equal(await subjectFor('server.example', 'ECDHE-RSA-AES128-GCM-SHA256'), 'CN=rsa');
});

test('ALPN without a common protocol goes on without one; peeked bytes and a cut ClientHello do no harm', async () => {
  for (const peek of [false, true]) {
    const { port, accepted } = await serve({ alpn: ['h2', 'http/1.1'] }, peek);
    const { transport } = clientTransport({ alpn: ['istio'] });
    assert.equal((await dial(transport, port)).echo, 'round');
    assert.equal(accepted[0]?.tls?.alpn, '');
    assert.equal((await dial(clientTransport({ alpn: ['http/1.1', 'h2'] }).transport, port)).tls?.alpn, 'h2');
    assert.equal((await dial(clientTransport().transport, port)).echo, 'round');
  }
  const { port } = await serve({ alpn: ['h2'] });
  const slow = await slowly(port);
  const { transport } = clientTransport({ alpn: ['h2'] });
  assert.equal((await dial(transport, slow)).tls?.alpn, 'h2');
});

/** A relay that passes the first 300 bytes of a client one by one. */
async function slowly(target: number): Promise<number> {
  const relay = createServer((near) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    far.pipe(near);
    near.once('data', async (first: Buffer) => {
      near.pause();
      for (const byte of first) {
        far.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      near.pipe(far);
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => relay.close());
  return (relay.address() as AddressInfo).port;
}

test('sessions resume, still show who the peer is, and end with a change of trust', async () => {
  let trust = trusting(ca.pem);
  const directory = mkdtempSync(join(tmpdir(), 'lateen-tls-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const { port, accepted, stats } = await serve({
    validation: { kind: 'watched', directories: [directory], load: () => trust },
    requireClientCertificate: true,
  });
  const { transport } = clientTransport({
    certificate: inline(client),
    validation: inline(trusting(ca.pem)),
  });
  for (let i = 0; i < 3; i++) {
    const connected = await dial(transport, port);
    assert.equal(connected.echo, 'round', connected.error?.message);
  }
  assert.ok(stats.sessionReused >= 1, 'a session was resumed');
  assert.deepEqual(accepted.at(-1)?.tls?.uriSanPeer, ['spiffe://cluster.local/ns/a/sa/client']);
  trust = trusting(otherCa.pem);
  writeFileSync(join(directory, 'trigger'), '');
  await until(() => {
    void dial(transport, port);
    return stats.failVerifyError > 0;
  }, 'the refusal');
  const handshakes = stats.handshake;
  const reused = stats.sessionReused;
  await dial(transport, port);
  await until(() => stats.handshake > handshakes);
  assert.equal(stats.sessionReused, reused, 'no session outlives a change of trust');
  assert.ok(accepted.at(-1)?.error);
});

test('a rotated certificate is shown by the next handshake; a broken one never', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lateen-tls-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const put = (name: string, material: CertificateMaterial) => {
    const target = join(directory, name);
    mkdirSync(target);
    writeFileSync(join(target, 'cert.pem'), material.chainPem);
    writeFileSync(join(target, 'key.pem'), material.keyPem);
    symlinkSync(target, join(directory, `${name}.link`));
    renameSync(join(directory, `${name}.link`), join(directory, 'current'));
  };
  put('one', ca.issue({ subject: { CN: 'one' } }));
  const load = () => ({
    chainPem: readFileSync(join(directory, 'current/cert.pem'), 'utf8'),
    keyPem: readFileSync(join(directory, 'current/key.pem'), 'utf8'),
  });
  const { port, transport } = await serve({
    certificates: [{ kind: 'watched', directories: [directory], load }],
  });
  const shown = () =>
    new Promise<string>((resolve) => {
      const socket: TLSSocket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.subject ?? '');
        socket.destroy();
      });
    });
  assert.equal(await shown(), 'CN=one');
  put('two', ca.issue({ subject: { CN: 'two' } }));
  let seen = '';
  await until(() => {
    void shown().then((subject) => (seen = subject));
    return seen === 'CN=two';
  }, 'the new certificate');
  put('three', { chainPem: server.chainPem, keyPem: client.keyPem });
  await until(() => transport.error !== '', 'the error');
  assert.equal(await shown(), 'CN=two');
});

test('a secret that is not there yet refuses connections until it comes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lateen-tls-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const load = () => JSON.parse(readFileSync(join(directory, 'secret.json'), 'utf8')) as CertificateMaterial;
  const { port, transport, accepted } = await serve({
    certificates: [{ kind: 'watched', directories: [directory], load }],
  });
  let ready = false;
  transport.whenReady(() => (ready = true));
  await dial(clientTransport().transport, port);
  await until(() => accepted.length === 1);
  assert.match(accepted[0]?.error?.message ?? '', /secret is not available/);
  assert.equal(ready, false);
  writeFileSync(join(directory, 'tmp'), JSON.stringify(server));
  renameSync(join(directory, 'tmp'), join(directory, 'secret.json'));
  await until(() => ready, 'the secret');
  assert.equal((await dial(clientTransport().transport, port)).echo, 'round');
});

test('garbage, a plain text client and a client that leaves are errors, once each', async () => {
  const { port, accepted, stats } = await serve();
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([22, 3, 1, 0, 4, 1, 2, 3, 4]),
    Buffer.alloc(0),
  ]) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.end(bytes);
    const before = accepted.length;
    await until(() => accepted.length > before);
    socket.destroy();
  }
  assert.equal(
    accepted.every(({ error }) => error !== undefined),
    true,
  );
  // The one that sent nothing began no handshake.
  assert.equal(stats.connectionError, 2);
});

test('a server name longer than TLS allows is an error, not a crash', async () => {
  const { port } = await serve();
  const connected = await dial(clientTransport({ sni: 'x'.repeat(300) }).transport, port);
  assert.equal(connected.error?.message, 'server name too long');
});

test('a TLS 1.2 client cannot renegotiate', async () => {
  const { port } = await serve();
  const refused = await new Promise<boolean>((resolve) => {
    const socket = tlsConnect(
      { port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' },
      () => {
        socket.renegotiate({}, (error) => resolve(error !== null));
      },
    );
    socket.on('error', () => resolve(true));
    cleanups.push(() => socket.destroy());
  });
  assert.ok(refused);
});
