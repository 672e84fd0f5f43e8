/** TLS settings as the data plane uses them; proxy/config makes them from Envoy's typed contexts. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface TlsParameters {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Cipher suites for TLS 1.2 and below in OpenSSL's or BoringSSL's notation, `[A|B]` groups included; empty: Envoy's defaults. */
  readonly cipherSuites: readonly string[];
  /** Empty: X25519 and P-256. */
  readonly curves: readonly string[];
  /** Empty: OpenSSL's. */
  readonly signatureAlgorithms: readonly string[];
}

export const defaultServerTlsParameters: TlsParameters = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  cipherSuites: [],
  curves: [],
  signatureAlgorithms: [],
};

/** Envoy's clients speak TLS 1.2 unless told otherwise. */
export const defaultClientTlsParameters: TlsParameters = {
  ...defaultServerTlsParameters,
  maxVersion: 'TLSv1.2',
};

/**
 * Something secret or trusted that may change while the proxy runs. `load` reads it anew, throwing when it is not there or makes no
 * sense; it is called again when anything in the watched directories changes. What loads stays until something better loads.
 */
export type SecretSource<T> =
  | { readonly kind: 'inline'; readonly value: T }
  | { readonly kind: 'watched'; readonly directories: readonly string[]; readonly load: () => T };

/** A certificate with its key. */
export interface CertificateMaterial {
  /** PEM, leaf first. */
  readonly chainPem: string;
  readonly keyPem: string;
  readonly passphrase?: string | undefined;
}

/** Whom to trust. */
export interface ValidationMaterial {
  /** PEM certificates; undefined: the chain is not verified. */
  readonly caPem: string | undefined;
  /** Trust what the system trusts, besides `caPem`. */
  readonly systemRoots: boolean;
  readonly crlPem: string | undefined;
  /** At least one must match a name of the peer's certificate; empty: any name does. */
  readonly sans: readonly SanRule[];
  /** SHA-256 of the DER form, hex without colons, lower-case; or of the public key, base64. One of either list must match when any is given. */
  readonly certificateHashes: readonly string[];
  readonly publicKeyHashes: readonly string[];
  readonly allowExpired: boolean;
  /** Take certificates that do not verify; they count as not validated. */
  readonly acceptUntrusted: boolean;
  /** PEM bundle by trust domain, for the SPIFFE validator; it replaces `caPem`. */
  readonly spiffeBundles: ReadonlyMap<string, string> | undefined;
}

export const trustNobody: ValidationMaterial = {
  caPem: undefined,
  systemRoots: false,
  crlPem: undefined,
  sans: [],
  certificateHashes: [],
  publicKeyHashes: [],
  allowExpired: false,
  acceptUntrusted: false,
  spiffeBundles: undefined,
};

export type SanType = 'dns' | 'uri' | 'email' | 'ip';

export interface SanRule {
  /** `any`: every kind of name, as the old untyped matchers. */
  readonly type: SanType | 'any';
  /** Set when the matcher is an exact one: DNS names of the certificate may then be wildcards. */
  readonly exact: string | undefined;
  readonly test: (name: string) => boolean;
}

export interface ServerTlsOptions {
  readonly parameters: TlsParameters;
  /** At least one; the one whose names fit the SNI is shown, else the first. */
  readonly certificates: readonly SecretSource<CertificateMaterial>[];
  readonly validation: SecretSource<ValidationMaterial> | undefined;
  readonly alpn: readonly string[];
  readonly requireClientCertificate: boolean;
  readonly requireSni: boolean;
  /** `derived`: from the certificate's key, so that all threads and replicas with it can resume. A list: 80-byte keys, the first encrypts. */
  readonly sessionTickets: 'derived' | 'off' | SecretSource<readonly Buffer[]>;
  /** 0: OpenSSL's default. */
  readonly sessionTimeoutSeconds: number;
  readonly preferClientCiphers: boolean;
}

export interface ClientTlsOptions {
  readonly parameters: TlsParameters;
  readonly certificate: SecretSource<CertificateMaterial> | undefined;
  readonly validation: SecretSource<ValidationMaterial> | undefined;
  readonly alpn: readonly string[];
  /** '' none. */
  readonly sni: string;
  /** Sessions kept for resumption; 0 none. */
  readonly maxSessions: number;
}
