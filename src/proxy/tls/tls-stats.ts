import type { FieldTable, StatsScope } from '../stats/store.ts';

/** Envoy's `ssl.` statistics of one listener or cluster. */
export class TlsStats {
  handshake = 0;
  connectionError = 0;
  sessionReused = 0;
  noCertificate = 0;
  failVerifyNoCert = 0;
  failVerifyError = 0;
  failVerifySan = 0;
  failVerifyCertHash = 0;
  readonly #scope: StatsScope;

  constructor(scope: StatsScope) {
    this.#scope = scope;
    scope.addRecord(table, this);
  }

  /** Counts a finished handshake. */
  handshakeDone(version: string, cipher: string, reused: boolean): void {
    this.handshake++;
    if (reused) this.sessionReused++;
    this.#scope.counter(`ssl.versions.${version}`).value++;
    this.#scope.counter(`ssl.ciphers.${cipher}`).value++;
  }
}

const table: FieldTable = [
  ['handshake', 'ssl.handshake', 'counter'],
  ['connectionError', 'ssl.connection_error', 'counter'],
  ['sessionReused', 'ssl.session_reused', 'counter'],
  ['noCertificate', 'ssl.no_certificate', 'counter'],
  ['failVerifyNoCert', 'ssl.fail_verify_no_cert', 'counter'],
  ['failVerifyError', 'ssl.fail_verify_error', 'counter'],
  ['failVerifySan', 'ssl.fail_verify_san', 'counter'],
  ['failVerifyCertHash', 'ssl.fail_verify_cert_hash', 'counter'],
];
