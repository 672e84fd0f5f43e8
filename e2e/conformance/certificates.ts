import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsFiles } from './bootstrap.ts';

/** An authority with one server and one client certificate, made by the openssl command. */
export interface Certificates {
  readonly ca: string;
  readonly server: TlsFiles;
  readonly client: TlsFiles;
}

export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'lateen-certificates-'));
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: directory });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    '30',
    '-subj',
    '/CN=Conformance CA',
  );
  const issue = (name: string, extra: string): TlsFiles => {
    writeFileSync(file(`${name}.ext`), extra);
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.csr`),
      '-subj',
      `/CN=${name}`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      file(`${name}.csr`),
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-days',
      '30',
      '-extfile',
      file(`${name}.ext`),
      '-out',
      file(`${name}.pem`),
    );
    return {
      certificate: file(`${name}.pem`),
      key: file(`${name}.key`),
      certificatePem: readFileSync(file(`${name}.pem`), 'utf8'),
      keyPem: readFileSync(file(`${name}.key`), 'utf8'),
    };
  };
  return {
    ca: file('ca.pem'),
    server: issue(
      'server',
      'subjectAltName=DNS:localhost,DNS:*.test.google.fr,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n',
    ),
    client: issue(
      'client',
      'subjectAltName=URI:spiffe://cluster.local/ns/default/sa/client\nextendedKeyUsage=clientAuth\n',
    ),
  };
}
