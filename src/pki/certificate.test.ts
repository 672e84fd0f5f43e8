import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createAuthority, issueServerCertificate, isUsableAuthority } from './certificate.ts';

const now = Date.now();
const day = 86_400_000;
const authority = createAuthority({
  commonName: 'istiod',
  organization: 'cluster.local',
  notBefore: now - day,
  notAfter: now + 3650 * day,
});
const server = issueServerCertificate(authority, {
  commonName: 'istiod.istio-system.svc',
  notBefore: now - day,
  notAfter: now + 365 * day,
  names: ['istiod.istio-system.svc', 'localhost', '127.0.0.1'],
});

test('a server certificate is signed by its authority and carries its names', () => {
  const leaf = new X509Certificate(server.certificate);
  const root = new X509Certificate(authority.certificate);
  assert.ok(leaf.verify(root.publicKey));
  assert.ok(leaf.checkIssued(root));
  assert.equal(leaf.checkHost('istiod.istio-system.svc'), 'istiod.istio-system.svc');
  assert.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(leaf.ca, false);
});

test('openssl accepts the chain for a server', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lateen-pki-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'root.pem'), authority.certificate);
  writeFileSync(join(folder, 'leaf.pem'), server.certificate);
  const result = spawnSync(
    'openssl',
    [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-CAfile',
      join(folder, 'root.pem'),
      join(folder, 'leaf.pem'),
    ],
    { encoding: 'utf8' },
  );
  if (result.error !== undefined) return t.skip('no openssl');
  assert.match(result.stdout, /leaf\.pem: OK/, result.stderr);
});

test('an authority is usable only with its own key and within its time', () => {
  assert.ok(isUsableAuthority(authority, now));
  assert.ok(!isUsableAuthority(authority, now + 4000 * day));
  assert.ok(!isUsableAuthority(server, now));
});

test('the private key is never printed', () => {
  for (const text of [inspect(server), JSON.stringify(server), `${server}`])
    assert.ok(!text.includes('PRIVATE'), text);
});
