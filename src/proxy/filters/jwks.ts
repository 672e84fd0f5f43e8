import type { CryptoKey, JWK } from 'jose';
import type { FilterEnvironment } from '../http/filter.ts';
import { HeaderMap } from '../http/header-map.ts';

/** One verification key. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly alg: string | undefined;
  readonly kty: string;
  readonly jwk: JWK;
}

/** Parses a JWKS; undefined when it is none. Keys that are meant for encryption are left out. */
export function parseJwks(text: string): readonly VerificationKey[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const keys = (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) return undefined;
  return keys
    .filter(
      (key): key is JWK & { kty: string } =>
        typeof key === 'object' && key !== null && typeof key.kty === 'string',
    )
    .filter((key) => key.use === undefined || key.use === 'sig')
    .map((key) => ({ kid: key.kid, alg: key.alg, kty: key.kty, jwk: key }));
}

const imported = new WeakMap<JWK, Map<string, Promise<CryptoKey | Uint8Array>>>();

/** The key for an algorithm, imported once. */
export function importKey(key: VerificationKey, alg: string): Promise<CryptoKey | Uint8Array> {
  let byAlg = imported.get(key.jwk);
  if (byAlg === undefined) {
    byAlg = new Map();
    imported.set(key.jwk, byAlg);
  }
  let found = byAlg.get(alg);
  if (found === undefined) {
    found = import('jose').then(
      ({ importJWK }) => importJWK(key.jwk, alg) as Promise<CryptoKey | Uint8Array>,
    );
    byAlg.set(alg, found);
  }
  return found;
}

export interface JwksSource {
  /** Rejects when there are no keys yet and none can be had. */
  keys(): Promise<readonly VerificationKey[]>;
}

export function localJwks(text: string): JwksSource {
  const keys = parseJwks(text);
  if (keys === undefined || keys.length === 0) throw new Error('local_jwks is no key set');
  return { keys: async () => keys };
}

export interface RemoteJwksOptions {
  readonly uri: string;
  readonly cluster: string;
  readonly timeoutMs: number;
  readonly cacheMs: number;
  /** Pause after a fetch that failed, before the next. */
  readonly retryMs: number;
  readonly fetched: { value: number };
  readonly failed: { value: number };
}

const maxJwksBytes = 1024 * 1024;

/** A key set behind a URL, fetched through a cluster when first needed and again when its time is over; the last good one is kept while fetching fails. */
export class RemoteJwks implements JwksSource {
  readonly #options: RemoteJwksOptions;
  readonly #env: FilterEnvironment;
  #keys: readonly VerificationKey[] | undefined;
  #fresh = -1;
  #notBefore = 0;
  #fetching: Promise<void> | undefined;

  constructor(options: RemoteJwksOptions, env: FilterEnvironment) {
    this.#options = options;
    this.#env = env;
  }

  async keys(): Promise<readonly VerificationKey[]> {
    const now = this.#env.clock.monotonic();
    if (this.#keys !== undefined && now < this.#fresh) return this.#keys;
    if (this.#fetching === undefined && now >= this.#notBefore) {
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined;
      });
    }
    // Old keys serve while new ones are under way.
    if (this.#keys !== undefined) return this.#keys;
    await this.#fetching;
    if (this.#keys === undefined) throw new Error('Jwks remote fetch is failed');
    return this.#keys;
  }

  async #fetch(): Promise<void> {
    const { uri, cluster, timeoutMs, cacheMs, retryMs, fetched, failed } = this.#options;
    try {
      const { scheme, authority, path } = splitUri(uri);
      const head = {
        method: 'GET',
        scheme,
        authority,
        path,
        headers: new HeaderMap(),
        httpVersion: 11,
      } as const;
      const response = await this.#env.calls.send(cluster, head, undefined, {
        timeoutMs,
        maxResponseBytes: maxJwksBytes,
      });
      const keys = response.status === 200 ? parseJwks(response.body.toString('utf8')) : undefined;
      if (keys === undefined || keys.length === 0) throw new Error(`status ${response.status}`);
      this.#keys = keys;
      this.#fresh = this.#env.clock.monotonic() + cacheMs;
      fetched.value++;
    } catch (thrown) {
      failed.value++;
      this.#notBefore = this.#env.clock.monotonic() + retryMs;
      this.#env.log.warn('fetching a JWKS failed', {
        uri,
        reason: thrown instanceof Error ? thrown.message : String(thrown),
      });
    }
  }
}

/** `https://a.example:8443/keys?x` in parts. */
export function splitUri(uri: string): {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
} {
  const match = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]*)(.*)$/i.exec(uri);
  const path = match?.[3] ?? '';
  return {
    scheme: match?.[1] ?? 'http',
    authority: match?.[2] ?? '',
    path: path.startsWith('/') ? path : `/${path}`,
  };
}
