/** Facts of one TLS connection for access logs, RBAC principals and XFCC; computed lazily by the TLS side, cached by its getters. */
export interface TlsInfo {
  /** `TLSv1.3` */
  readonly version: string;
  /** OpenSSL's name: `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string;
  /** '' when none was agreed. */
  readonly alpn: string;
  /** Server name the client asked for, lower-case; '' when none. */
  readonly sni: string;
  readonly sessionId: string;
  /** Whether the peer showed a certificate, and whether it was verified against the trust bundle. */
  readonly peerCertificatePresented: boolean;
  readonly peerCertificateValidated: boolean;
  readonly uriSanPeer: readonly string[];
  readonly dnsSanPeer: readonly string[];
  readonly uriSanLocal: readonly string[];
  readonly dnsSanLocal: readonly string[];
  /** RFC 2253 text: `CN=a,O=b`. */
  readonly subjectPeer: string;
  readonly subjectLocal: string;
  readonly issuerPeer: string;
  readonly serialPeer: string;
  /** Lower-case hex sha256 of the DER form. */
  readonly fingerprintPeer: string;
  readonly fingerprintLocal: string;
  /** PEM, URL-encoded, as Envoy's DOWNSTREAM_PEER_CERT and XFCC `Cert=` have it. */
  readonly certificatePeer: string;
  readonly chainPeer: string;
  /** Milliseconds since the epoch. */
  readonly validFromPeerMs: number;
  readonly validToPeerMs: number;
}
