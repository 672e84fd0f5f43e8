import type { JWTPayload } from 'jose';
import { importKey, type JwksSource, type VerificationKey } from './jwks.ts';

/** Why a token was refused; the texts are those of Envoy, which clients and tests look at. */
export type JwtFault = string;

export const jwtFault = {
  missing: 'Jwt is missing',
  form: 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
  header: 'Jwt header is an invalid Base64url encoded',
  algorithm: 'Jwt header [alg] is not supported',
  payload: 'Jwt payload is an invalid JSON',
  issuer: 'Jwt issuer is not configured',
  notYet: 'Jwt not yet valid',
  expired: 'Jwt is expired',
  audience: 'Audiences in Jwt are not allowed',
  subject: 'Subject in Jwt is not allowed',
  noKey: "Jwks doesn't have key to match kid or alg from Jwt",
  signature: 'Jwt verification fails',
  fetch: 'Jwks remote fetch is failed',
  noExpiration: 'Jwt does not have an expiration',
} as const;

export interface VerifyRules {
  readonly issuer: string;
  readonly audiences: ReadonlySet<string>;
  readonly subject: ((subject: string) => boolean) | undefined;
  readonly requireExpiration: boolean;
  readonly maxLifetimeMs: number | undefined;
  readonly skewSeconds: number;
  readonly jwks: JwksSource;
}

export interface VerifiedToken {
  readonly payload: JWTPayload;
  readonly header: Readonly<Record<string, unknown>>;
  /** The payload part as it stood in the token. */
  readonly encodedPayload: string;
}

const keyTypes: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', HS: 'oct', Ed: 'OKP' };
const algorithms = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'HS256',
  'HS384',
  'HS512',
  'EdDSA',
]);

/** Reads a token without trusting it. */
export function readToken(token: string): VerifiedToken | JwtFault {
  const parts = token.split('.');
  if (parts.length !== 3 || parts.some((part) => !/^[A-Za-z0-9_-]+$/.test(part))) return jwtFault.form;
  let header: Readonly<Record<string, unknown>>;
  try {
    header = JSON.parse(Buffer.from(parts[0] as string, 'base64url').toString('utf8'));
    if (typeof header !== 'object' || header === null || Array.isArray(header)) return jwtFault.header;
  } catch {
    return jwtFault.header;
  }
  if (typeof header['alg'] !== 'string' || !algorithms.has(header['alg'])) return jwtFault.algorithm;
  const encodedPayload = parts[1] as string;
  try {
    const payload: unknown = JSON.parse(Buffer.from(encodedPayload, 'base64url').toString('utf8'));
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return jwtFault.payload;
    return { payload: payload as JWTPayload, header, encodedPayload };
  } catch {
    return jwtFault.payload;
  }
}

/** Checks claims first, then the signature, as Envoy does. `nowMs` is the wall clock. */
export async function verifyToken(
  token: string,
  rules: VerifyRules,
  audiences: ReadonlySet<string>,
  nowMs: number,
): Promise<VerifiedToken | JwtFault> {
  const read = readToken(token);
  if (typeof read === 'string') return read;
  const fault = checkClaims(read.payload, rules, audiences, nowMs);
  if (fault !== undefined) return fault;
  let keys: readonly VerificationKey[];
  try {
    keys = await rules.jwks.keys();
  } catch {
    return jwtFault.fetch;
  }
  const { alg, kid } = read.header as { alg: string; kid?: unknown };
  const candidates = keys.filter(
    (key) =>
      key.kty === keyTypes[alg.slice(0, 2)] &&
      (key.alg === undefined || key.alg === alg) &&
      (kid === undefined || key.kid === undefined || key.kid === kid),
  );
  if (candidates.length === 0) return jwtFault.noKey;
  // Loaded with the first token: it takes 12 MB that a proxy without JWTs need not spend.
  const { compactVerify } = await import('jose');
  for (const key of candidates) {
    try {
      await compactVerify(token, await importKey(key, alg), { algorithms: [alg] });
      return read;
    } catch {
      // The next key may be the one.
    }
  }
  return jwtFault.signature;
}

function checkClaims(
  payload: JWTPayload,
  rules: VerifyRules,
  audiences: ReadonlySet<string>,
  nowMs: number,
): JwtFault | undefined {
  if (rules.issuer !== '' && payload.iss !== rules.issuer) return jwtFault.issuer;
  const now = Math.floor(nowMs / 1000);
  const skew = rules.skewSeconds;
  for (const claim of [payload.exp, payload.nbf, payload.iat])
    if (claim !== undefined && (typeof claim !== 'number' || !Number.isFinite(claim)))
      return jwtFault.payload;
  if (payload.nbf !== undefined && payload.nbf > now + skew) return jwtFault.notYet;
  if (payload.exp !== undefined && payload.exp + skew < now) return jwtFault.expired;
  if (payload.exp === undefined && (rules.requireExpiration || rules.maxLifetimeMs !== undefined))
    return jwtFault.noExpiration;
  if (
    rules.maxLifetimeMs !== undefined &&
    (payload.exp ?? 0) - (payload.iat ?? now) > rules.maxLifetimeMs / 1000
  )
    return jwtFault.noExpiration;
  if (rules.subject !== undefined && !rules.subject(typeof payload.sub === 'string' ? payload.sub : ''))
    return jwtFault.subject;
  if (audiences.size === 0) return undefined;
  const own = typeof payload.aud === 'string' ? [payload.aud] : Array.isArray(payload.aud) ? payload.aud : [];
  return own.some((aud) => audiences.has(withoutSlash(aud))) ? undefined : jwtFault.audience;
}

/** Audiences compare without scheme and trailing slash, as Envoy's. */
export function withoutSlash(audience: unknown): string {
  return String(audience)
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '');
}
