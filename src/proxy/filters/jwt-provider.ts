import { compileStringMatcher } from '../../match/string-match.ts';
import { readDataSource } from '../config/data-source.ts';
import type { DataSource, JwtProvider } from '../config/messages.ts';
import type { FilterEnvironment, HttpExchange } from '../http/filter.ts';
import type { RequestHead } from '../http/stream.ts';
import { type JwksSource, localJwks, RemoteJwks } from './jwks.ts';
import { type FoundToken, tokenSource } from './jwt-token-source.ts';
import { jwtFault, type VerifiedToken, type VerifyRules, verifyToken, withoutSlash } from './jwt-verify.ts';

const namespace = 'envoy.filters.http.jwt_authn';

export interface ProviderStats {
  readonly fetched: { value: number };
  readonly fetchFailed: { value: number };
}

/** A compiled JWT provider: finds tokens, verifies them, and hands their claims on. */
export class CompiledProvider {
  readonly #message: JwtProvider;
  readonly #env: FilterEnvironment;
  readonly #find: (head: RequestHead) => readonly FoundToken[];
  readonly #rules: VerifyRules;
  readonly #cache = new Map<string, VerifiedToken>();
  readonly #cacheSize: number;

  constructor(message: JwtProvider, env: FilterEnvironment, stats: ProviderStats) {
    this.#message = message;
    this.#env = env;
    this.#find = tokenSource(message);
    this.#cacheSize =
      message.jwt_cache_config === undefined ? 0 : message.jwt_cache_config.jwt_cache_size || 100;
    this.#rules = {
      issuer: message.issuer,
      audiences: new Set(message.audiences.map(withoutSlash)),
      subject: message.subjects && compileStringMatcher(message.subjects),
      requireExpiration: message.require_expiration,
      maxLifetimeMs: message.max_lifetime,
      skewSeconds: message.clock_skew_seconds || 60,
      jwks: keySource(message, env, stats),
    };
  }

  /** Takes headers that only this filter may set off the request. */
  sanitize(head: RequestHead): void {
    if (this.#message.forward_payload_header !== '')
      head.headers.remove(this.#message.forward_payload_header.toLowerCase());
    for (const claim of this.#message.claim_to_headers) head.headers.remove(claim.header_name.toLowerCase());
  }

  /** '' when every token of the request that belongs to this provider is good, else why not. */
  async authenticate(exchange: HttpExchange, audiences: readonly string[] | undefined): Promise<string> {
    const head = exchange.request;
    const found = this.#find(head);
    if (found.length === 0) return jwtFault.missing;
    const allowed =
      audiences === undefined || audiences.length === 0
        ? this.#rules.audiences
        : new Set(audiences.map(withoutSlash));
    for (const { token, remove } of found) {
      const verified =
        this.#cached(token) ?? (await verifyToken(token, this.#rules, allowed, this.#env.clock.now()));
      if (exchange.over) return '';
      if (typeof verified === 'string') {
        if (this.#message.failed_status_in_metadata !== '')
          exchange.info.setMetadata(namespace, {
            [this.#message.failed_status_in_metadata]: { code: 401, message: verified },
          });
        return verified;
      }
      this.#keep(token, verified);
      this.#handOn(exchange, head, verified);
      if (!this.#message.forward) remove(head);
    }
    if (this.#message.clear_route_cache) exchange.clearRouteCache();
    return '';
  }

  #cached(token: string): VerifiedToken | undefined {
    if (this.#cacheSize === 0) return undefined;
    const known = this.#cache.get(token);
    const exp = known?.payload.exp;
    if (known === undefined || (exp !== undefined && exp * 1000 <= this.#env.clock.now())) return undefined;
    return known;
  }

  #keep(token: string, verified: VerifiedToken): void {
    if (this.#cacheSize === 0) return;
    if (this.#cache.size >= this.#cacheSize) this.#cache.delete(this.#cache.keys().next().value as string);
    this.#cache.set(token, verified);
  }

  #handOn(
    exchange: HttpExchange,
    head: RequestHead,
    { payload, header, encodedPayload }: VerifiedToken,
  ): void {
    const message = this.#message;
    if (message.forward_payload_header !== '') {
      const padding = message.pad_forward_payload_header
        ? '='.repeat((4 - (encodedPayload.length % 4)) % 4)
        : '';
      head.headers.set(message.forward_payload_header.toLowerCase(), encodedPayload + padding);
    }
    for (const { header_name, claim_name } of message.claim_to_headers) {
      const value = claimAt(payload, claim_name);
      const text = claimText(value);
      if (text !== undefined) head.headers.set(header_name.toLowerCase(), text);
    }
    if (message.payload_in_metadata !== '')
      exchange.info.setMetadata(namespace, { [message.payload_in_metadata]: this.#normalized(payload) });
    if (message.header_in_metadata !== '')
      exchange.info.setMetadata(namespace, { [message.header_in_metadata]: header });
  }

  /** Space-delimited claims become lists where configured. */
  #normalized(payload: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const names = this.#message.normalize_payload_in_metadata?.space_delimited_claims ?? [];
    if (names.length === 0) return payload;
    const copy: Record<string, unknown> = { ...payload };
    for (const name of names)
      if (typeof copy[name] === 'string') copy[name] = (copy[name] as string).split(' ');
    return copy;
  }
}

function keySource(message: JwtProvider, env: FilterEnvironment, stats: ProviderStats): JwksSource {
  const remote = message.remote_jwks;
  if (remote === undefined) return localJwks(localText(message.local_jwks));
  return new RemoteJwks(
    {
      uri: remote.http_uri.uri,
      cluster: remote.http_uri.cluster ?? '',
      timeoutMs: remote.http_uri.timeout,
      cacheMs: remote.cache_duration,
      retryMs: remote.async_fetch?.failed_refetch_duration ?? 1000,
      fetched: stats.fetched,
      failed: stats.fetchFailed,
    },
    env,
  );
}

function localText(source: DataSource | undefined): string {
  if (source === undefined) throw new Error('a JWT provider needs local_jwks or remote_jwks');
  return readDataSource(source).toString('utf8');
}

/** A claim by its path: `nested.claim`, or a name that itself holds dots. */
function claimAt(payload: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** Text, numbers and booleans as they are; lists and objects as the base64url of their JSON. */
function claimText(value: unknown): string | undefined {
  if (typeof value === 'string')
    return /[\0\r\n]/.test(value) ? undefined : Buffer.from(value, 'utf8').toString('latin1');
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'object' && value !== null)
    return Buffer.from(JSON.stringify(value)).toString('base64url');
  return undefined;
}
