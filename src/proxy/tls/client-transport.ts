import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls';
import { errorMessage, type Logger, silentLogger } from '../../base/log.ts';
import { enter, leave } from '../network/event-loop.ts';
import type { ClientTransport, ClientTransportOptions } from '../network/transport.ts';
import { ConnectionTlsInfo } from './connection-info.ts';
import { createCredentials } from './credentials.ts';
import { LiveSecret } from './live-secret.ts';
import type { CertificateMaterial, ClientTlsOptions, SanRule, ValidationMaterial } from './options.ts';
import { openSslError } from './server-transport.ts';
import type { TlsStats } from './tls-stats.ts';
import { PeerVerifier } from './verify-peer.ts';

type Ready = Parameters<ClientTransport['connect']>[2];

/** Longest server name that fits TLS (CVE-2024-32475). */
const maxSniBytes = 255;

interface Context {
  readonly secure: SecureContext;
  readonly verifier: PeerVerifier | undefined;
  /** Newest session by server name; gone with the context, so that changed trust is never skipped. */
  readonly sessions: Map<string, Session>;
}

/** A session with the certificate its server showed: a resumed handshake does not show it again, our rules still look at it. */
interface Session {
  readonly ticket: Buffer;
  readonly leaf: X509Certificate | undefined;
}

/** TLS on connections to hosts. */
export class TlsClientTransport implements ClientTransport {
  readonly name = 'tls';
  readonly alpn: readonly string[];
  readonly #options: ClientTlsOptions;
  readonly #stats: TlsStats;
  readonly #log: Logger;
  readonly #certificate: LiveSecret<CertificateMaterial> | undefined;
  readonly #validation: LiveSecret<ValidationMaterial> | undefined;
  #context: Context | undefined;
  #error = '';
  /** The secrets changed since the context was made. */
  #stale = true;

  constructor(options: ClientTlsOptions, stats: TlsStats, log: Logger = silentLogger) {
    this.#options = options;
    this.#stats = stats;
    this.#log = log;
    this.alpn = options.alpn;
    this.#certificate = options.certificate && new LiveSecret(options.certificate, log);
    this.#validation = options.validation && new LiveSecret(options.validation, log);
    const changed = () => {
      this.#stale = true;
    };
    this.#certificate?.onChange(changed);
    this.#validation?.onChange(changed);
  }

  /** Why the newest secrets are not in use, '' when they are. */
  get error(): string {
    return this.#error;
  }

  /** The context of the newest secrets; made when first needed, since a mesh has more clusters than a sidecar talks to. */
  #currentContext(): Context | undefined {
    if (!this.#stale) return this.#context;
    const certificate = this.#certificate?.current;
    const validation = this.#validation?.current;
    const missing = [this.#certificate, this.#validation].find(
      (s) => s !== undefined && s.current === undefined,
    );
    if (missing !== undefined) {
      this.#error = missing.error;
      return this.#context;
    }
    this.#stale = false;
    try {
      const secure = createCredentials(certificate === undefined ? [] : [certificate], {
        parameters: this.#options.parameters,
        validation,
        preferServerCiphers: false,
        tickets: 'client',
        sessionTimeoutSeconds: 0,
      });
      this.#context = { secure, verifier: validation && new PeerVerifier(validation), sessions: new Map() };
      this.#error = '';
    } catch (thrown) {
      this.#error = errorMessage(thrown);
      this.#log.warn('Cannot use a TLS certificate', { error: this.#error });
    }
    return this.#context;
  }

  key(options: ClientTransportOptions): string {
    return `${options.sni}|${options.alpn?.join(',') ?? ''}|${options.verifySans?.join(',') ?? ''}`;
  }

  connect(socket: Socket, options: ClientTransportOptions, ready: Ready): void {
    const context = this.#currentContext();
    const sni = serverName(options.sni !== '' ? options.sni : this.#options.sni);
    if (context === undefined || sni.length > maxSniBytes) {
      const why =
        context === undefined ? `TLS secret is not available: ${this.#error}` : 'server name too long';
      ready(new Error(why), undefined, undefined);
      return;
    }
    const resumed = context.sessions.get(sni);
    const stream = connect(this.#connectionOptions(socket, context, sni, resumed, options));
    // TLS 1.3 sends tickets after the handshake, 1.2 within it. The certificate can be had from Node only once.
    let ticket: Buffer | undefined;
    let leaf: X509Certificate | undefined;
    let verified = false;
    const keep = () => {
      if (!verified || ticket === undefined || this.#options.maxSessions === 0) return;
      remember(context.sessions, sni, { ticket, leaf }, this.#options.maxSessions);
    };
    stream.on('session', (session: Buffer) => {
      ticket = session;
      keep();
    });
    let settled = false;
    const fail = (error: Error) => {
      if (settled) return;
      settled = true;
      this.#stats.connectionError++;
      context.sessions.delete(sni);
      ready(error, undefined, undefined);
    };
    stream.once('secureConnect', () => {
      enter();
      if (!settled) {
        settled = true;
        leaf = stream.isSessionReused() ? resumed?.leaf : stream.getPeerX509Certificate();
        verified = this.#finish(stream, context, sni, leaf, options, ready);
        keep();
      }
      leave();
    });
    stream.on('error', fail);
    stream.once('end', () => fail(new Error('closed during the TLS handshake')));
    stream.once('close', () => fail(new Error('closed during the TLS handshake')));
  }

  #connectionOptions(
    socket: Socket,
    context: Context,
    sni: string,
    resumed: Session | undefined,
    options: ClientTransportOptions,
  ): ConnectionOptions {
    const alpn = options.alpn ?? this.#options.alpn;
    return {
      socket,
      secureContext: context.secure,
      rejectUnauthorized: false,
      // Names are checked by our own rules, after every handshake.
      checkServerIdentity: () => undefined,
      ...(sni === '' ? {} : { servername: sni }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      ...(resumed === undefined ? {} : { session: resumed.ticket }),
    };
  }

  #finish(
    stream: TLSSocket,
    context: Context,
    sni: string,
    leaf: X509Certificate | undefined,
    options: ClientTransportOptions,
    ready: Ready,
  ): boolean {
    this.#stats.handshakeDone(stream.getProtocol() ?? '', stream.getCipher().name, stream.isSessionReused());
    const { verifier } = context;
    if (verifier !== undefined) {
      const sans = options.verifySans?.map(exactName);
      const fault =
        leaf === undefined
          ? ({ statistic: 'failVerifyNoCert', message: 'server showed no certificate' } as const)
          : verifier.check({ leaf, openSslError: openSslError(stream) }, sans);
      if (fault !== undefined) {
        this.#stats[fault.statistic]++;
        context.sessions.delete(sni);
        ready(new Error(fault.message), undefined, undefined);
        return false;
      }
    }
    const validated = verifier?.verifiesChain === true && openSslError(stream) === '';
    ready(undefined, stream, new ConnectionTlsInfo(stream, sni, leaf, validated));
    return true;
  }
}

/** An address is no server name (RFC 6066 §3). */
function serverName(name: string): string {
  return isIP(name) !== 0 ? '' : name;
}

function exactName(name: string): SanRule {
  return { type: 'any', exact: name, test: (value) => value === name };
}

function remember(sessions: Map<string, Session>, sni: string, session: Session, most: number): void {
  sessions.delete(sni);
  sessions.set(sni, session);
  const [oldest] = sessions.keys();
  if (sessions.size > most && oldest !== undefined) sessions.delete(oldest);
}
