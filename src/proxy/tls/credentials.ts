import { createHash, constants as cryptoConstants, hkdfSync, X509Certificate } from 'node:crypto';
import {
  createSecureContext,
  rootCertificates,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls';
import { certificateFacts } from './certificate-facts.ts';
import type { CertificateMaterial, TlsParameters, ValidationMaterial } from './options.ts';

/** Cheapest first; all three are what TLS 1.3 clients offer. */
const tls13Suites = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
const defaultTls12Suites = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
];
const defaultCurves = ['X25519', 'P-256'];

/** What all contexts of one transport have in common. */
export interface CredentialOptions {
  readonly parameters: TlsParameters;
  readonly validation: ValidationMaterial | undefined;
  readonly preferServerCiphers: boolean;
  /** `client`: whatever the server issues. */
  readonly tickets: 'derived' | 'off' | 'client' | readonly Buffer[];
  readonly sessionTimeoutSeconds: number;
}

/** Contexts in use by what they were made from: a thousand clusters of a mesh share one certificate and one bundle. */
const shared = new Map<string, WeakRef<SecureContext>>();
const sweepSize = 64;

/**
 * Makes OpenSSL's context, or finds the one made from the same things; throws when certificate and key do not fit or anything cannot be
 * parsed.
 */
export function createCredentials(
  certificates: readonly CertificateMaterial[],
  options: CredentialOptions,
): SecureContext {
  const key = contentKey(certificates, options);
  const found = shared.get(key)?.deref();
  if (found !== undefined) return found;
  const made = makeContext(certificates, options);
  if (shared.size % sweepSize === sweepSize - 1) {
    for (const [name, reference] of shared) if (reference.deref() === undefined) shared.delete(name);
  }
  shared.set(key, new WeakRef(made));
  return made;
}

function contentKey(certificates: readonly CertificateMaterial[], options: CredentialOptions): string {
  const { validation, tickets } = options;
  const hash = createHash('sha256').update(sessionScope(certificates, validation));
  for (const { keyPem, passphrase } of certificates) hash.update(keyPem).update(`\0${passphrase ?? ''}\0`);
  const rest = [options.parameters, options.preferServerCiphers, options.sessionTimeoutSeconds];
  hash.update(JSON.stringify(rest)).update(typeof tickets === 'string' ? tickets : Buffer.concat(tickets));
  return hash.digest('base64');
}

function makeContext(
  certificates: readonly CertificateMaterial[],
  options: CredentialOptions,
): SecureContext {
  const { parameters, validation } = options;
  const settings: SecureContextOptions = {
    minVersion: parameters.minVersion,
    maxVersion: parameters.maxVersion,
    ciphers: `${tls13Suites}:${cipherList(parameters.cipherSuites)}`,
    ecdhCurve: (parameters.curves.length > 0 ? parameters.curves : defaultCurves).join(':'),
    honorCipherOrder: options.preferServerCiphers,
    ca: trusted(validation),
    // A trusted intermediate is trust enough, as Envoy has it.
    allowPartialTrustChain: true,
    sessionIdContext: sessionScope(certificates, validation).toString('hex').slice(0, 32),
  };
  if (certificates.length > 0) {
    settings.cert = certificates.map(({ chainPem }) => chainPem);
    settings.key = certificates.map(({ keyPem, passphrase }) => ({
      pem: keyPem,
      ...(passphrase === undefined ? {} : { passphrase }),
    }));
  }
  if (parameters.signatureAlgorithms.length > 0) settings.sigalgs = parameters.signatureAlgorithms.join(':');
  if (validation?.crlPem !== undefined) settings.crl = validation.crlPem;
  if (options.sessionTimeoutSeconds > 0) settings.sessionTimeout = options.sessionTimeoutSeconds;
  settings.secureOptions = cryptoConstants.SSL_OP_NO_RENEGOTIATION;
  if (options.tickets === 'off') settings.secureOptions |= cryptoConstants.SSL_OP_NO_TICKET;
  else if (options.tickets !== 'client')
    settings.ticketKeys = ticketKeys(certificates, validation, options.tickets);
  return createSecureContext(settings);
}

function trusted(validation: ValidationMaterial | undefined): string[] {
  if (validation === undefined) return [];
  const bundles = validation.spiffeBundles;
  const own =
    bundles !== undefined ? [...bundles.values()] : validation.caPem !== undefined ? [validation.caPem] : [];
  return validation.systemRoots ? [...own, ...rootCertificates] : own;
}

/** Envoy's list in OpenSSL's notation: BoringSSL's groups of equal preference become plain order. */
function cipherList(suites: readonly string[]): string {
  return (suites.length > 0 ? suites : defaultTls12Suites)
    .map((suite) => suite.replace(/[[\]]/g, '').replaceAll('|', ':'))
    .join(':');
}

/**
 * Sessions are resumed only where certificate and trust are the same: the hash is part of the session id context and of the derived
 * ticket keys, so a session from before a change of trust cannot be resumed (CVE-2022-21654).
 */
function sessionScope(
  certificates: readonly CertificateMaterial[],
  validation: ValidationMaterial | undefined,
): Buffer {
  const hash = createHash('sha256');
  for (const { chainPem } of certificates) hash.update(chainPem).update('\0');
  for (const pem of trusted(validation)) hash.update(pem).update('\0');
  hash.update(validation?.crlPem ?? '').update(validation?.acceptUntrusted ? '1' : '0');
  return hash.digest();
}

/** Node wants 48 bytes: key name, HMAC key, AES key, 16 each. */
function ticketKeys(
  certificates: readonly CertificateMaterial[],
  validation: ValidationMaterial | undefined,
  given: 'derived' | readonly Buffer[],
): Buffer {
  const secret =
    given === 'derived' ? certificates.map(({ keyPem }) => keyPem).join('\0') : (given[0] as Buffer);
  return Buffer.from(
    hkdfSync('sha256', secret, sessionScope(certificates, validation), 'session tickets', 48),
  );
}

/** Names a server certificate is shown for: its DNS names, or the common name when it has none. */
export function serverNames(material: CertificateMaterial): string[] {
  const facts = certificateFacts(new X509Certificate(material.chainPem).raw);
  if (facts === undefined) return [];
  const dns = facts.sans.filter(({ type }) => type === 'dns').map(({ value }) => value.toLowerCase());
  return dns.length > 0 || facts.commonName === '' ? dns : [facts.commonName.toLowerCase()];
}

/** `rsa`, `ec`…: one certificate of each type can serve the same names. */
export function keyType(material: CertificateMaterial): string {
  return new X509Certificate(material.chainPem).publicKey.asymmetricKeyType ?? '';
}
