import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls';
import { errorMessage, type Logger, silentLogger } from '../../base/log.ts';
import { enter, leave } from '../network/event-loop.ts';
import type { TlsInfo } from '../network/tls-info.ts';
import type { ServerTransport } from '../network/transport.ts';
import { maxClientHelloBytes, parseClientHello } from './client-hello.ts';
import { ConnectionTlsInfo } from './connection-info.ts';
import { createCredentials, keyType, serverNames } from './credentials.ts';
import { LiveSecret } from './live-secret.ts';
import type { CertificateMaterial, ServerTlsOptions, ValidationMaterial } from './options.ts';
import type { TlsStats } from './tls-stats.ts';
import { PeerVerifier, type VerifyFault } from './verify-peer.ts';

type Ready = Parameters<ServerTransport['accept']>[1];

/** Contexts of one state of all secrets. */
interface Contexts {
  readonly fallback: SecureContext;
  readonly byName: ReadonlyMap<string, SecureContext>;
  readonly verifier: PeerVerifier | undefined;
}

/** TLS on accepted connections. Secrets are followed: a changed one is used from the next handshake on. */
export class TlsServerTransport implements ServerTransport {
  readonly name = 'tls';
  readonly #options: ServerTlsOptions;
  readonly #stats: TlsStats;
  readonly #log: Logger;
  readonly #certificates: readonly LiveSecret<CertificateMaterial>[];
  readonly #validation: LiveSecret<ValidationMaterial> | undefined;
  readonly #tickets: LiveSecret<readonly Buffer[]> | undefined;
  #contexts: Contexts | undefined;
  #error = '';
  readonly #onReady: (() => void)[] = [];

  constructor(options: ServerTlsOptions, stats: TlsStats, log: Logger = silentLogger) {
    this.#options = options;
    this.#stats = stats;
    this.#log = log;
    this.#certificates = options.certificates.map((source) => new LiveSecret(source, log));
    this.#validation = options.validation && new LiveSecret(options.validation, log);
    const { sessionTickets } = options;
    if (typeof sessionTickets === 'object') this.#tickets = new LiveSecret(sessionTickets, log);
    for (const secret of this.#secrets()) secret.onChange(() => this.#rebuild());
    this.#rebuild();
  }

  #secrets(): LiveSecret<unknown>[] {
    return [...this.#certificates, this.#validation, this.#tickets].filter((secret) => secret !== undefined);
  }

  /** All secrets are there; until then every handshake is refused (CVE-2020-8664). */
  get ready(): boolean {
    return this.#contexts !== undefined;
  }

  /** Why it is not ready, or why the newest secrets are not in use; '' when they are. */
  get error(): string {
    return this.#error;
  }

  /** Calls `listener` once it is ready, at once when it is. */
  whenReady(listener: () => void): void {
    if (this.ready) listener();
    else this.#onReady.push(listener);
  }

  #rebuild(): void {
    const missing = this.#secrets().find((secret) => secret.current === undefined);
    if (missing !== undefined) {
      this.#error = missing.error;
      return;
    }
    try {
      this.#contexts = this.#build();
      this.#error = '';
    } catch (thrown) {
      // Half of a rotation, mostly: the certificate is new, the key not yet. The last good pair serves on.
      this.#error = errorMessage(thrown);
      this.#log.warn('Cannot use a TLS certificate', { error: this.#error });
      return;
    }
    for (const listener of this.#onReady.splice(0)) listener();
  }

  #build(): Contexts {
    const options = this.#options;
    const materials = this.#certificates.map((secret) => secret.current as CertificateMaterial);
    const validation = this.#validation?.current;
    const common = {
      parameters: options.parameters,
      validation,
      preferServerCiphers: !options.preferClientCiphers,
      tickets:
        typeof options.sessionTickets === 'string'
          ? options.sessionTickets
          : (this.#tickets?.current ?? 'off'),
      sessionTimeoutSeconds: options.sessionTimeoutSeconds,
    } as const;
    const verifier = validation && new PeerVerifier(validation);
    const first = materials[0] as CertificateMaterial;
    if (materials.length === 1) {
      return { fallback: createCredentials([first], common), byName: new Map(), verifier };
    }
    const byName = new Map<string, SecureContext>();
    for (const [name, group] of groupByName(materials)) byName.set(name, createCredentials(group, common));
    return { fallback: createCredentials(oneOfEachType(materials), common), byName, verifier };
  }

  accept(socket: Socket, ready: Ready): void {
    const contexts = this.#contexts;
    if (contexts === undefined) {
      ready(new Error(`TLS secret is not available: ${this.#error}`), undefined, undefined);
      return;
    }
    this.#readHello(socket, contexts, ready);
  }

  /**
   * Looks at the ClientHello before the handshake starts: which certificate to show (Node cannot choose among key types later), and
   * whether there is a common protocol (without one the handshake goes on with none, as Envoy does; Node would refuse it).
   */
  #readHello(socket: Socket, contexts: Contexts, ready: Ready): void {
    const gone = () => {
      socket.off('readable', look);
      ready(new Error('closed before the TLS handshake'), undefined, undefined);
    };
    let seen = 0;
    const look = () => {
      if (socket.readableLength <= seen && !socket.readableEnded) return;
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      socket.unshift(chunk);
      seen = chunk.length;
      const hello = parseClientHello(chunk);
      if (hello.kind === 'incomplete' && seen < maxClientHelloBytes) return;
      socket.off('readable', look);
      socket.off('end', gone);
      socket.off('close', gone);
      const { sni, alpn } = hello.kind === 'client-hello' ? hello : { sni: '', alpn: [] };
      enter();
      this.#start(socket, contexts, sni, alpn, ready);
      leave();
    };
    socket.on('readable', look);
    socket.once('end', gone);
    socket.once('close', gone);
    look();
  }

  #start(socket: Socket, contexts: Contexts, sni: string, offered: readonly string[], ready: Ready): void {
    const options: TLSSocketOptions = {
      isServer: true,
      secureContext: contextFor(contexts, sni),
      requestCert: contexts.verifier !== undefined,
      rejectUnauthorized: false,
    };
    const { alpn } = this.#options;
    if (alpn.some((protocol) => offered.includes(protocol))) options.ALPNProtocols = [...alpn];
    const stream = new TLSSocket(socket, options);
    let settled = false;
    const fail = (error: Error) => {
      if (settled) return;
      settled = true;
      this.#stats.connectionError++;
      ready(error, undefined, undefined);
    };
    stream.once('secure', () => {
      enter();
      if (!settled) {
        settled = true;
        this.#finish(stream, sni, contexts, ready);
      }
      leave();
    });
    stream.on('error', fail);
    stream.once('end', () => fail(new Error('closed during the TLS handshake')));
    stream.once('close', () => fail(new Error('closed during the TLS handshake')));
  }

  #finish(stream: TLSSocket, sni: string, contexts: Contexts, ready: Ready): void {
    this.#stats.handshakeDone(stream.getProtocol() ?? '', stream.getCipher().name, stream.isSessionReused());
    const peer = stream.getPeerX509Certificate();
    const fault = this.#verify(stream, peer, sni, contexts.verifier);
    if (fault !== undefined) {
      this.#stats[fault.statistic]++;
      ready(new Error(fault.message), undefined, undefined);
      return;
    }
    if (peer === undefined) this.#stats.noCertificate++;
    const validated =
      peer !== undefined && contexts.verifier?.verifiesChain === true && openSslError(stream) === '';
    const info: TlsInfo = new ConnectionTlsInfo(stream, sni, peer, validated);
    ready(undefined, stream, info);
  }

  #verify(
    stream: TLSSocket,
    leaf: X509Certificate | undefined,
    sni: string,
    verifier: PeerVerifier | undefined,
  ): VerifyFault | undefined {
    if (this.#options.requireSni && sni === '') {
      return { statistic: 'failVerifyError', message: 'client sent no server name' };
    }
    if (leaf === undefined) {
      if (!this.#options.requireClientCertificate) return undefined;
      return { statistic: 'failVerifyNoCert', message: 'client showed no certificate' };
    }
    return verifier?.check({ leaf, openSslError: openSslError(stream) });
  }
}

/** OpenSSL's verdict on the peer's chain. The handle's method is what Node's own `tls.Server` reads it with; there is no public one. */
export function openSslError(stream: TLSSocket): string {
  const handle = (
    stream as unknown as { _handle: { verifyError(): (Error & { code?: string }) | null } | null }
  )._handle;
  if (handle === null) return 'closed';
  const error = handle.verifyError();
  return error === null || error === undefined ? '' : (error.code ?? error.message);
}

function contextFor(contexts: Contexts, sni: string): SecureContext {
  const { byName } = contexts;
  if (byName.size === 0) return contexts.fallback;
  const dot = sni.indexOf('.');
  return byName.get(sni) ?? (dot > 0 ? byName.get(`*${sni.slice(dot)}`) : undefined) ?? contexts.fallback;
}

/** Certificates by the names they are for; the first of each key type wins a name. */
function groupByName(materials: readonly CertificateMaterial[]): Map<string, CertificateMaterial[]> {
  const groups = new Map<string, CertificateMaterial[]>();
  for (const material of materials) {
    for (const name of serverNames(material)) {
      const group = groups.get(name) ?? [];
      if (!group.some((other) => keyType(other) === keyType(material))) group.push(material);
      groups.set(name, group);
    }
  }
  return groups;
}

/** The first certificate, and the first with another type of key that is for one of the same names. */
function oneOfEachType(materials: readonly CertificateMaterial[]): CertificateMaterial[] {
  const first = materials[0] as CertificateMaterial;
  const names = new Set(serverNames(first));
  const chosen = [first];
  for (const material of materials.slice(1)) {
    if (chosen.some((other) => keyType(other) === keyType(material))) continue;
    if (serverNames(material).some((name) => names.has(name))) chosen.push(material);
  }
  return chosen;
}
