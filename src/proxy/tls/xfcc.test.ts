import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderMap } from '../http/header-map.ts';
import type { TlsInfo } from '../network/tls-info.ts';
import { applyXfcc, type XfccDetails, type XfccMode } from './xfcc.ts';

const details: XfccDetails = { subject: true, cert: false, chain: false, dns: true, uri: true };
const mutual = {
  peerCertificatePresented: true,
  uriSanLocal: ['spiffe://a/server'],
  uriSanPeer: ['spiffe://a/client'],
  dnsSanPeer: ['c.example', 'd,e;URI=spiffe://a/admin'],
  fingerprintPeer: 'ab12',
  subjectPeer: 'CN=\\"x\\",O=y',
} as unknown as TlsInfo;
const oneSided = { ...mutual, peerCertificatePresented: false } as TlsInfo;
const element =
  'By=spiffe://a/server;Hash=ab12;Subject="CN=\\"x\\",O=y";URI=spiffe://a/client;DNS=c.example;DNS="d,e;URI=spiffe://a/admin"';

function applied(mode: XfccMode, tls: TlsInfo | undefined): string | undefined {
  const headers = new HeaderMap([
    'x-forwarded-client-cert',
    'Hash=old',
    'x-forwarded-client-cert',
    'Hash=older',
  ]);
  applyXfcc(headers, mode, details, tls);
  return headers.getJoined('x-forwarded-client-cert');
}

test('each mode does what Envoy documents, with and without a client certificate', () => {
  const both = 'Hash=old,Hash=older';
  const rows: [XfccMode, string | undefined, string | undefined][] = [
    ['sanitize', undefined, undefined],
    ['forward-only', both, undefined],
    ['append-forward', `${both},${element}`, undefined],
    ['sanitize-set', element, undefined],
    ['always-forward-only', both, both],
  ];
  for (const [mode, withCertificate, without] of rows) {
    assert.equal(applied(mode, mutual), withCertificate, mode);
    assert.equal(applied(mode, oneSided), without, mode);
    assert.equal(applied(mode, undefined), without, `${mode} in plain text`);
  }
});
