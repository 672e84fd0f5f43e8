import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { TlsInfo } from '../network/tls-info.ts';
import { type CertificateFacts, certificateFacts } from './certificate-facts.ts';
import { DerTag, derChildren, derContent, readDer } from './der.ts';
import type { SanType } from './options.ts';

/** Facts of a TLS connection, read from the socket when first asked for. */
export class ConnectionTlsInfo implements TlsInfo {
  readonly version: string;
  readonly cipher: string;
  readonly alpn: string;
  readonly sni: string;
  readonly peerCertificatePresented: boolean;
  readonly peerCertificateValidated: boolean;
  readonly #socket: TLSSocket;
  readonly #peer: X509Certificate | undefined;
  #peerFacts: CertificateFacts | undefined;
  #localFacts: CertificateFacts | undefined;
  #local: X509Certificate | undefined;

  constructor(socket: TLSSocket, sni: string, peer: X509Certificate | undefined, validated: boolean) {
    this.#socket = socket;
    this.version = socket.getProtocol() ?? '';
    this.cipher = socket.getCipher().name;
    this.alpn = socket.alpnProtocol || '';
    this.sni = sni;
    this.#peer = peer;
    this.peerCertificatePresented = peer !== undefined;
    this.peerCertificateValidated = validated;
  }

  get #facts(): CertificateFacts | undefined {
    if (this.#peerFacts === undefined && this.#peer !== undefined) {
      this.#peerFacts = certificateFacts(this.#peer.raw);
    }
    return this.#peerFacts;
  }

  get #localCertificate(): X509Certificate | undefined {
    this.#local ??= this.#socket.getX509Certificate();
    return this.#local;
  }

  get #ownFacts(): CertificateFacts | undefined {
    if (this.#localFacts === undefined) {
      const local = this.#localCertificate;
      if (local !== undefined) this.#localFacts = certificateFacts(local.raw);
    }
    return this.#localFacts;
  }

  get sessionId(): string {
    const session = this.#socket.getSession();
    const outer = session && readDer(session, 0);
    if (outer === undefined) return '';
    // SSL_SESSION: version, protocol, cipher, session id.
    const id = derChildren(outer)[3];
    return id?.tag === DerTag.octetString ? derContent(id).toString('hex') : '';
  }

  get uriSanPeer(): readonly string[] {
    return namesOf(this.#facts, 'uri');
  }

  get dnsSanPeer(): readonly string[] {
    return namesOf(this.#facts, 'dns');
  }

  get uriSanLocal(): readonly string[] {
    return namesOf(this.#ownFacts, 'uri');
  }

  get dnsSanLocal(): readonly string[] {
    return namesOf(this.#ownFacts, 'dns');
  }

  get subjectPeer(): string {
    return this.#facts?.subject ?? '';
  }

  get subjectLocal(): string {
    return this.#ownFacts?.subject ?? '';
  }

  get issuerPeer(): string {
    return this.#facts?.issuer ?? '';
  }

  get serialPeer(): string {
    return this.#facts?.serial ?? '';
  }

  get fingerprintPeer(): string {
    return fingerprint(this.#peer);
  }

  get fingerprintLocal(): string {
    return fingerprint(this.#localCertificate);
  }

  get certificatePeer(): string {
    return this.#peer === undefined ? '' : encodePem(this.#peer);
  }

  get chainPeer(): string {
    let chain = '';
    let certificate = this.#peer;
    for (let depth = 0; certificate !== undefined && depth < 10; depth++) {
      chain += encodePem(certificate);
      const issuer: X509Certificate | undefined = certificate.issuerCertificate;
      certificate = issuer === undefined || issuer.raw.equals(certificate.raw) ? undefined : issuer;
    }
    return chain;
  }

  get validFromPeerMs(): number {
    return this.#facts?.validFromMs ?? 0;
  }

  get validToPeerMs(): number {
    return this.#facts?.validToMs ?? 0;
  }
}

function namesOf(facts: CertificateFacts | undefined, type: SanType): readonly string[] {
  if (facts === undefined) return none;
  return facts.sans.filter((san) => san.type === type).map((san) => san.value);
}

const none: readonly string[] = [];

function fingerprint(certificate: X509Certificate | undefined): string {
  return certificate === undefined ? '' : certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

function encodePem(certificate: X509Certificate): string {
  return encodeURIComponent(certificate.toString());
}
