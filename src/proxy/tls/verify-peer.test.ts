import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { certificateFacts } from './certificate-facts.ts';
import { trustNobody } from './options.ts';
import { TestCa } from './testing/test-ca.ts';
import { dnsNameMatches, PeerVerifier } from './verify-peer.ts';

const ca = new TestCa();

test('a wildcard covers exactly one whole first label', () => {
  const rows: [string, string, boolean][] = [
    ['a.example.com', 'A.example.com', true],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['a*.example.com', 'ab.example.com', false],
    ['*', 'com', false],
    ['*.*.com', 'a.b.com', false],
  ];
  for (const [pattern, host, matches] of rows)
    assert.equal(dnsNameMatches(pattern, host), matches, `${pattern} ${host}`);
});

test('facts are read from DER as OpenSSL prints them', () => {
  const subject = { CN: 'a, b+c "d"', O: ' Bücher ' };
  const { chainPem } = ca.issue({ subject, dns: ['x.example'], uri: ['spiffe://d/x'] });
  const certificate = new X509Certificate(chainPem);
  const facts = certificateFacts(certificate.raw);
  assert.equal(facts?.subject, 'O=\\ B\\C3\\BCcher\\ ,CN=a\\, b\\+c \\"d\\"');
  assert.equal(facts?.issuer, 'CN=Test CA');
  assert.equal(facts?.commonName, subject.CN);
  assert.deepEqual(facts?.sans, [
    { type: 'dns', value: 'x.example' },
    { type: 'uri', value: 'spiffe://d/x' },
  ]);
  assert.equal(facts?.validToMs, Date.parse(certificate.validTo));
  assert.equal(facts?.serial, certificate.serialNumber.toLowerCase());
});

test('a name with a NUL inside makes the certificate worthless', () => {
  const { chainPem } = ca.issue({ dns: ['good.example\0.evil.example'] });
  const verifier = new PeerVerifier({ ...trustNobody, caPem: ca.pem });
  const fault = verifier.check({ leaf: new X509Certificate(chainPem), openSslError: '' });
  assert.equal(fault?.message, 'malformed certificate');
});

test('hashes of certificate or key pin a peer', () => {
  const leaf = new X509Certificate(ca.issue({}).chainPem);
  const facts = certificateFacts(leaf.raw);
  const certificateHash = leaf.fingerprint256.replaceAll(':', '').toLowerCase();
  const check = (certificateHashes: string[], publicKeyHashes: string[]) =>
    new PeerVerifier({ ...trustNobody, certificateHashes, publicKeyHashes }).check({ leaf, openSslError: '' })
      ?.statistic;
  assert.equal(check([certificateHash], []), undefined);
  assert.equal(check(['00'], [facts?.publicKeyHash ?? '']), undefined);
  assert.equal(check(['00'], ['00']), 'failVerifyCertHash');
});

test('arbitrary and mutated DER never throws', () => {
  const raw = new X509Certificate(ca.issue({ dns: ['a'], uri: ['spiffe://a/b'] }).chainPem).raw;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(1000), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      (changes) => {
        const bytes = Buffer.from(raw);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        certificateFacts(bytes);
      },
    ),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void certificateFacts(Buffer.from(bytes))),
  );
});
