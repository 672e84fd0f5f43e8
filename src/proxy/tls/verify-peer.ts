import { X509Certificate } from 'node:crypto';
import { type CertificateFacts, certificateFacts } from './certificate-facts.ts';
import type { SanRule, ValidationMaterial } from './options.ts';

/** Why a peer's certificate was refused; `statistic` is the counter in Envoy's `ssl.` group. */
export interface VerifyFault {
  readonly statistic: 'failVerifyNoCert' | 'failVerifyError' | 'failVerifySan' | 'failVerifyCertHash';
  readonly message: string;
}

/** What OpenSSL said about the chain: its error code, or '' when it verified. */
export interface PeerChain {
  readonly leaf: X509Certificate;
  readonly openSslError: string;
}

/** A validation context made ready: parsed once, used for each handshake. */
export class PeerVerifier {
  readonly #material: ValidationMaterial;
  readonly #bundles: ReadonlyMap<string, readonly X509Certificate[]> | undefined;
  readonly #roots: readonly X509Certificate[];

  constructor(material: ValidationMaterial) {
    this.#material = material;
    this.#roots = material.allowExpired ? parseBundle(material.caPem ?? '') : [];
    if (material.spiffeBundles !== undefined) {
      this.#bundles = new Map([...material.spiffeBundles].map(([name, pem]) => [name, parseBundle(pem)]));
    }
  }

  /** Whether chains are verified at all. */
  get verifiesChain(): boolean {
    const { caPem, systemRoots, spiffeBundles } = this.#material;
    return caPem !== undefined || systemRoots || spiffeBundles !== undefined;
  }

  /**
   * Checks a peer. Runs after every handshake, resumed ones too, so that resumption never skips a rule that changed meanwhile
   * (CVE-2022-21654). `sans` replaces the configured names.
   */
  check(peer: PeerChain, sans: readonly SanRule[] = this.#material.sans): VerifyFault | undefined {
    const material = this.#material;
    const facts = certificateFacts(peer.leaf.raw);
    if (facts === undefined || facts.deceptive) {
      return { statistic: 'failVerifyError', message: 'malformed certificate' };
    }
    const chainFault = this.#checkChain(peer, facts);
    if (chainFault !== undefined && !material.acceptUntrusted) {
      return { statistic: 'failVerifyError', message: chainFault };
    }
    if (sans.length > 0 && !sans.some((rule) => ruleMatches(rule, facts))) {
      return { statistic: 'failVerifySan', message: 'no name of the certificate is accepted' };
    }
    const { certificateHashes, publicKeyHashes } = material;
    if (certificateHashes.length + publicKeyHashes.length === 0) return undefined;
    const hash = peer.leaf.fingerprint256.replaceAll(':', '').toLowerCase();
    if (certificateHashes.includes(hash) || publicKeyHashes.includes(facts.publicKeyHash)) return undefined;
    return { statistic: 'failVerifyCertHash', message: 'certificate hash is not accepted' };
  }

  #checkChain(peer: PeerChain, facts: CertificateFacts): string | undefined {
    if (!this.verifiesChain) return undefined;
    const expired = peer.openSslError === 'CERT_HAS_EXPIRED' && this.#material.allowExpired;
    if (peer.openSslError !== '' && !expired) return peer.openSslError;
    // OpenSSL reports one error only; with expiry forgiven, the signatures have to be seen to again.
    if (expired && !chainsTo(peer.leaf, this.#roots)) return 'UNABLE_TO_GET_ISSUER_CERT';
    return this.#bundles === undefined ? undefined : checkSpiffe(peer.leaf, facts, this.#bundles);
  }
}

/** The certificate's trust domain decides which roots may have signed it; it must have exactly one SPIFFE id. */
function checkSpiffe(
  leaf: X509Certificate,
  facts: CertificateFacts,
  bundles: ReadonlyMap<string, readonly X509Certificate[]>,
): string | undefined {
  const uris = facts.sans.filter(({ type }) => type === 'uri');
  const domain = uris.length === 1 ? trustDomain(uris[0]?.value ?? '') : '';
  if (domain === '') return 'certificate without exactly one SPIFFE id';
  const roots = bundles.get(domain);
  if (roots === undefined) return `no bundle for trust domain ${domain}`;
  return chainsTo(leaf, roots) ? undefined : `chain does not end in the bundle of ${domain}`;
}

/** `spiffe://domain/path` → `domain`, '' when it is none. */
export function trustDomain(uri: string): string {
  return /^spiffe:\/\/([a-z0-9._-]+)\//.exec(uri)?.[1] ?? '';
}

/** Whether the chain that the peer sent ends in one of `roots`, by signature. */
function chainsTo(leaf: X509Certificate, roots: readonly X509Certificate[]): boolean {
  let current: X509Certificate | undefined = leaf;
  for (let depth = 0; current !== undefined && depth < 10; depth++) {
    const certificate: X509Certificate = current;
    if (roots.some((root) => root.raw.equals(certificate.raw))) return true;
    if (roots.some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey)))
      return true;
    const issuer: X509Certificate | undefined = certificate.issuerCertificate;
    if (issuer === undefined || !issuer.ca || !certificate.verify(issuer.publicKey)) return false;
    current = issuer.raw.equals(certificate.raw) ? undefined : issuer;
  }
  return false;
}

function ruleMatches(rule: SanRule, facts: CertificateFacts): boolean {
  for (const { type, value } of facts.sans) {
    if (type === 'other' || (rule.type !== 'any' && rule.type !== type)) continue;
    if (type === 'dns' && rule.exact !== undefined) {
      if (dnsNameMatches(value, rule.exact)) return true;
    } else if (rule.test(value)) return true;
  }
  return false;
}

/** Whether a certificate's DNS name covers `host`: `*` stands for exactly one whole first label (CVE-2020-15104). */
export function dnsNameMatches(pattern: string, host: string): boolean {
  const name = pattern.toLowerCase();
  const wanted = host.toLowerCase();
  if (name === wanted) return true;
  if (!name.startsWith('*.') || name.indexOf('*', 1) >= 0) return false;
  const dot = wanted.indexOf('.');
  return dot > 0 && name.length > 2 && wanted.slice(dot) === name.slice(1);
}

/** The certificates of a PEM bundle; throws on one that cannot be read. */
export function parseBundle(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
