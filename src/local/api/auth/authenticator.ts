import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import { adminUser } from '../controllers/system-user.ts';
import type { ServiceAccountToken, TokenOptions, UserInfo } from '../local-api.ts';
import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import { notFound } from '../status.ts';
import type { Store } from '../store/store.ts';

export const issuer = 'https://kubernetes.default.svc.cluster.local';

/** Tells callers by their bearer token: the administrator's, or a ServiceAccount's signed one (ES256 JWT, bound to account and pod). */
export class Authenticator {
  readonly audiences: readonly string[] = [issuer];
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #adminToken: string;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(store: Store, clock: Clock, adminToken: string, keyPem: string) {
    this.#store = store;
    this.#clock = clock;
    this.#adminToken = adminToken;
    this.#privateKey = createPrivateKey(keyPem);
    this.#publicKey = createPublicKey(this.#privateKey);
  }

  /** The user of a token meant for one of the audiences (the API server's own when empty); undefined for a bad token. */
  userOf(token: string, audiences: readonly string[] = []): UserInfo | undefined {
    if (token === this.#adminToken) return adminUser;
    const claims = this.#verify(token);
    if (claims === undefined) return undefined;
    const wanted = audiences.length > 0 ? audiences : this.audiences;
    if (!asList(claims['aud']).some((one) => wanted.includes(one as string))) return undefined;
    return this.#accountOf(claims);
  }

  /** Public keys of the issuer as a JWK set (`/openid/v1/jwks`). */
  get keySet(): Fields {
    const key = this.#publicKey.export({ format: 'jwk' });
    return { keys: [{ ...key, use: 'sig', alg: 'ES256', kid: 'lateen' }] };
  }

  /** Signs a token for a ServiceAccount. Throws NotFound when there is no such account. */
  issue(namespace: string, name: string, options: TokenOptions = {}): ServiceAccountToken {
    const account = this.#store.table('/serviceaccounts').get(`${namespace}/${name}`)?.object;
    if (account === undefined) throw notFound({ group: '', plural: 'serviceaccounts' }, name);
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const expires = issuedAt + (options.expirationSeconds ?? 3600);
    const claims = {
      iss: issuer,
      sub: `system:serviceaccount:${namespace}:${name}`,
      aud: options.audiences?.length ? options.audiences : this.audiences,
      iat: issuedAt,
      nbf: issuedAt,
      exp: expires,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        serviceaccount: { name, uid: account.metadata.uid },
        ...(options.pod === undefined ? {} : { pod: options.pod }),
      },
    };
    return {
      token: this.#sign(claims),
      expirationTimestamp: `${new Date(expires * 1000).toISOString().slice(0, 19)}Z`,
    };
  }

  #sign(claims: object): string {
    const head = encode({ alg: 'ES256', kid: 'lateen', typ: 'JWT' });
    const text = `${head}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  #verify(token: string): Fields | undefined {
    const [head, body, signature] = token.split('.');
    if (!head || !body || !signature) return undefined;
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' as const };
    if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')))
      return undefined;
    const claims = asObject(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    const expires = claims?.['exp'];
    if (claims === undefined || claims['iss'] !== issuer) return undefined;
    return typeof expires === 'number' && expires * 1000 > this.#clock.now() ? claims : undefined;
  }

  /** The account behind valid claims, while it and the pod it is bound to exist. */
  #accountOf(claims: Fields): UserInfo | undefined {
    const bound = asObject(claims['kubernetes.io']) ?? {};
    const namespace = String(bound['namespace']);
    const account = asObject(bound['serviceaccount']) ?? {};
    const stored = this.#stored('/serviceaccounts', namespace, account['name']);
    if (stored?.metadata.uid !== account['uid']) return undefined;
    const pod = asObject(bound['pod']);
    if (pod !== undefined && this.#stored('/pods', namespace, pod['name'])?.metadata.uid !== pod['uid']) {
      return undefined;
    }
    return {
      username: `system:serviceaccount:${namespace}:${account['name']}`,
      uid: String(account['uid']),
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      ...(pod === undefined
        ? {}
        : {
            extra: {
              'authentication.kubernetes.io/pod-name': [String(pod['name'])],
              'authentication.kubernetes.io/pod-uid': [String(pod['uid'])],
            },
          }),
    };
  }

  #stored(table: string, namespace: string, name: unknown): Readonly<ApiObject> | undefined {
    return this.#store.table(table).get(`${namespace}/${name}`)?.object;
  }
}

/** A fresh signing key, PEM. */
export function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
