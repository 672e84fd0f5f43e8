import type { ServerTLSSettings } from '../networking/types.gen.ts';
import { item, type Report } from '../schema/report.ts';

/** Cipher suites of BoringSSL that a listener can offer, by OpenSSL name. */
const cipherSuites = new Set([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
]);

/** Whether a cipher suite can be used; expressions that begin with an operator are taken as they are. */
export function isCipherSuite(suite: string): boolean {
  return suite === '' || suite === 'ALL' || !/^[\p{L}\p{N}]/u.test(suite) || cipherSuites.has(suite);
}

/** Rules of Istio's validateTLSOptions for TLS on the listening side. */
export function checkServerTls(report: Report, path: string, tls: ServerTLSSettings | undefined): void {
  if (tls === undefined) return;
  checkCiphers(report, path, tls);
  const mode = tls.mode ?? 'PASSTHROUGH';
  if (mode === 'ISTIO_MUTUAL') checkMeshCertificate(report, path, tls);
  else checkCertificates(report, path, tls, mode);
}

function checkCiphers(report: Report, path: string, tls: ServerTLSSettings): void {
  const old = tls.minProtocolVersion === 'TLSV1_0' || tls.minProtocolVersion === 'TLSV1_1';
  if (old && !tls.cipherSuites?.length)
    report.warning(
      'NoCipherSuite',
      `${path}.minProtocolVersion`,
      'versions below TLSV1_2 need cipherSuites that they support; the default ones do not',
    );
  const seen = new Set<string>();
  tls.cipherSuites?.forEach((suite, index) => {
    const at = item(`${path}.cipherSuites`, index);
    if (!isCipherSuite(suite))
      report.warning(
        'UnknownCipherSuite',
        at,
        `${JSON.stringify(suite)} is not a cipher suite and is ignored`,
      );
    else if (seen.has(suite)) report.warning('Duplicate', at, `${suite} is there twice`);
    seen.add(suite);
  });
}

type CertificateField =
  | 'serverCertificate'
  | 'privateKey'
  | 'caCertificates'
  | 'tlsCertificates'
  | 'credentialName'
  | 'credentialNames'
  | 'caCrl';

function given(tls: ServerTLSSettings, field: CertificateField): boolean {
  const value = tls[field];
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function checkMeshCertificate(report: Report, path: string, tls: ServerTLSSettings): void {
  for (const field of [
    'serverCertificate',
    'privateKey',
    'caCertificates',
    'tlsCertificates',
    'credentialName',
    'credentialNames',
  ] as const) {
    if (given(tls, field))
      report.error(
        'Conflict',
        `${path}.${field}`,
        `mode ISTIO_MUTUAL uses the certificate of the mesh; remove ${field}`,
      );
  }
}

function checkCertificates(report: Report, path: string, tls: ServerTLSSettings, mode: string): void {
  const fields = [
    'caCrl',
    'serverCertificate',
    'privateKey',
    'caCertificates',
    'tlsCertificates',
    'credentialName',
    'credentialNames',
  ] as const;
  const passthrough = mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH';
  if (passthrough && fields.some((field) => given(tls, field)))
    report.warning('IgnoredCertificates', path, `mode ${mode} uses no certificates; those given are ignored`);
  const sources = [
    given(tls, 'serverCertificate') && given(tls, 'privateKey'),
    given(tls, 'credentialName'),
    given(tls, 'credentialNames'),
    given(tls, 'tlsCertificates'),
  ];
  if (sources.filter(Boolean).length > 1)
    report.error(
      'Conflict',
      path,
      'only one of credentialName, credentialNames, tlsCertificates and the pair serverCertificate, privateKey may be set',
    );
  if (passthrough) {
    checkRevocation(report, path, tls, mode);
    return;
  }
  if (given(tls, 'credentialName') || given(tls, 'credentialNames')) return;
  if (mode !== 'SIMPLE' && !tls.caCertificates)
    report.error('MissingField', path, `caCertificates is required for mode ${mode} without credentialName`);
  const pairs = tls.tlsCertificates?.length ? tls.tlsCertificates : [tls];
  if (pairs.length > 2)
    report.warning('TooMany', `${path}.tlsCertificates`, 'at most two certificates are used');
  for (const [index, pair] of pairs.entries()) {
    const at = pair === tls ? path : item(`${path}.tlsCertificates`, index);
    for (const field of ['serverCertificate', 'privateKey'] as const) {
      if (!pair[field])
        report.error('MissingField', at, `${field} is required for mode ${mode} without credentialName`);
    }
  }
  checkRevocation(report, path, tls, mode);
}

function checkRevocation(report: Report, path: string, tls: ServerTLSSettings, mode: string): void {
  if (!tls.caCrl) return;
  if (tls.credentialName)
    report.error(
      'Conflict',
      `${path}.caCrl`,
      'caCrl may not be set together with credentialName; put the list into the secret',
    );
  if (mode === 'SIMPLE')
    report.error(
      'Conflict',
      `${path}.caCrl`,
      'caCrl is for client certificates, which mode SIMPLE does not ask for',
    );
}
