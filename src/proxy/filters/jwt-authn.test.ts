import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { JwtAuthentication } from '../../xds/messages/jwt-authn.ts';
import { jwtAuthn } from './jwt-authn.ts';
import { callResponse, configOf, FakeFilterEnvironment, FilterRun } from './testing/filter-run.ts';

const rsa = await generateKeyPair('RS256', { extractable: true });
const other = await generateKeyPair('RS256', { extractable: true });
const ec = await generateKeyPair('ES256', { extractable: true });
const jwk = { ...(await exportJWK(rsa.publicKey)), kid: 'k1', alg: 'RS256' };
const jwks = JSON.stringify({ keys: [jwk] });

const nowSeconds = Math.floor(new FakeFilterEnvironment().clock.now() / 1000);

function token(
  claims: object = {},
  options: { key?: Parameters<SignJWT['sign']>[0]; header?: object } = {},
): Promise<string> {
  return new SignJWT({ iss: 'issuer', aud: 'me', exp: nowSeconds + 600, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...options.header })
    .sign(options.key ?? rsa.privateKey);
}

async function attempt(
  bearer: string | undefined,
  provider: object = {},
  requires: object = { provider_name: 'p' },
) {
  const env = new FakeFilterEnvironment();
  const config = configOf(JwtAuthentication, {
    providers: {
      p: { issuer: 'issuer', audiences: ['me'], local_jwks: { inline_string: jwks }, ...provider },
    },
    rules: [{ match: { prefix: '/' }, requires }],
  });
  const headers = bearer === undefined ? [] : ['authorization', `Bearer ${bearer}`];
  const run = new FilterRun(jwtAuthn, config, env, { headers });
  run.head();
  for (let i = 0; i < 200 && run.continued === 0 && run.reply === undefined; i++)
    await new Promise((resolve) => setImmediate(resolve));
  return { run, verdict: run.reply === undefined ? 'passed' : `${run.reply.status} ${run.reply.body}` };
}
const verdict = async (...args: Parameters<typeof attempt>) => (await attempt(...args)).verdict;

test('a good token passes and is taken off the request', async () => {
  const { run, verdict: result } = await attempt(await token());
  assert.equal(result, 'passed');
  assert.equal(run.request.headers.has('authorization'), false);
});

test('a good token is forwarded where that is wanted, with its claims in headers and metadata', async () => {
  const provider = {
    forward: true,
    forward_payload_header: 'x-payload',
    claim_to_headers: [
      { header_name: 'x-sub', claim_name: 'sub' },
      { header_name: 'x-deep', claim_name: 'a.b' },
    ],
    payload_in_metadata: 'payload',
  };
  const { run } = await attempt(await token({ sub: 'alice', a: { b: 7 } }), provider);
  assert.equal(run.request.headers.has('authorization'), true);
  assert.equal(run.request.headers.get('x-sub'), 'alice');
  assert.equal(run.request.headers.get('x-deep'), '7');
  assert.equal(
    JSON.parse(Buffer.from(run.request.headers.get('x-payload') ?? '', 'base64url').toString()).sub,
    'alice',
  );
  assert.equal(
    (run.info.metadata('envoy.filters.http.jwt_authn') as { payload: { sub: string } }).payload.sub,
    'alice',
  );
});

test('a client cannot set the headers that carry claims', async () => {
  const { run } = await attempt(await token(), {
    claim_to_headers: [{ header_name: 'x-sub', claim_name: 'sub' }],
  });
  assert.equal(run.request.headers.has('x-sub'), false);
});

test('every kind of bad token is refused with its reason', async () => {
  const hs = await importJWK(
    { kty: 'oct', k: Buffer.from(await exportSPKI(rsa.publicKey)).toString('base64url') },
    'HS256',
  );
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss: 'issuer', aud: 'me' })).toString('base64url')}.`;
  const good = await token();
  const cases: [string, string | undefined, string][] = [
    ['none', undefined, '401 Jwt is missing'],
    ['alg none', none, '401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections'],
    ['alg none with a signature', `${none}x`, '401 Jwt header [alg] is not supported'],
    [
      'HS256 signed with the public key',
      await token({}, { key: hs as Uint8Array, header: { alg: 'HS256' } }),
      "401 Jwks doesn't have key to match kid or alg from Jwt",
    ],
    [
      'ES256 against RSA keys',
      await token({}, { key: ec.privateKey, header: { alg: 'ES256' } }),
      "401 Jwks doesn't have key to match kid or alg from Jwt",
    ],
    ['another key', await token({}, { key: other.privateKey }), '401 Jwt verification fails'],
    [
      'unknown kid',
      await token({}, { header: { kid: 'nope' } }),
      "401 Jwks doesn't have key to match kid or alg from Jwt",
    ],
    ['wrong issuer', await token({ iss: 'evil' }), '401 Jwt issuer is not configured'],
    ['wrong audience', await token({ aud: 'you' }), '403 Audiences in Jwt are not allowed'],
    ['expired', await token({ exp: nowSeconds - 61 }), '401 Jwt is expired'],
    ['not yet valid', await token({ nbf: nowSeconds + 61 }), '401 Jwt not yet valid'],
    [
      'changed payload',
      good.replace(
        /\.[^.]+\./,
        `.${Buffer.from(JSON.stringify({ iss: 'issuer', aud: 'me', admin: 1 })).toString('base64url')}.`,
      ),
      '401 Jwt verification fails',
    ],
    [
      'two sections',
      'a.b',
      '401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
    ],
    ['no base64', 'a.b.c', '401 Jwt header is an invalid Base64url encoded'],
  ];
  for (const [name, bearer, expected] of cases) assert.equal(await verdict(bearer), expected, name);
});

test('expiry leaves room for clock skew', async () => {
  assert.equal(await verdict(await token({ exp: nowSeconds - 59 })), 'passed');
  assert.equal(await verdict(await token({ nbf: nowSeconds + 59 })), 'passed');
});

test('a token without kid is tried against every key', async () => {
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(other.publicKey)) }, jwk] });
  assert.equal(
    await verdict(await token({}, { header: { kid: undefined } }), { local_jwks: { inline_string: keys } }),
    'passed',
  );
});

test('an optional token may be missing but not wrong, nor of another issuer', async () => {
  const optional = { requires_any: { requirements: [{ provider_name: 'p' }, { allow_missing: {} }] } };
  assert.equal(await verdict(undefined, {}, optional), 'passed');
  assert.equal(await verdict(await token({ iss: 'evil' }), {}, optional), '401 Jwt issuer is not configured');
  assert.equal(
    await verdict('garbage', {}, optional),
    '401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
  );
  const forgiving = {
    requires_any: { requirements: [{ provider_name: 'p' }, { allow_missing_or_failed: {} }] },
  };
  assert.equal(await verdict('garbage', {}, forgiving), 'passed');
});

test('remote keys are fetched once, kept while fetching fails, and refused answers are bounded', async () => {
  const env = new FakeFilterEnvironment();
  let fetches = 0;
  let answer = () => Promise.resolve(callResponse(200, [], jwks));
  env.send = (_cluster, head) => {
    fetches++;
    assert.equal(head.path, '/keys');
    return answer();
  };
  const remote_jwks = {
    http_uri: { uri: 'https://idp.test/keys', cluster: 'idp', timeout: '1s' },
    cache_duration: '60s',
  };
  const config = configOf(JwtAuthentication, {
    providers: { p: { issuer: 'issuer', remote_jwks } },
    rules: [{ match: { prefix: '/' }, requires: { provider_name: 'p' } }],
  });
  const factory = jwtAuthn.compile('filter', config, env);
  const bearer = await token({ exp: nowSeconds + 10_000 });
  const once = async () => {
    const run = new FilterRun({ compile: () => factory }, config, env, {
      headers: ['authorization', `Bearer ${bearer}`],
    });
    run.head();
    for (let i = 0; i < 200 && run.continued === 0 && run.reply === undefined; i++)
      await new Promise((resolve) => setImmediate(resolve));
    return run.reply?.body ?? 'passed';
  };
  answer = () => Promise.resolve(callResponse(500));
  assert.equal(await once(), 'Jwks remote fetch is failed');
  answer = () => Promise.resolve(callResponse(200, [], jwks));
  assert.equal(await once(), 'Jwks remote fetch is failed');
  await env.clock.advance(1_001);
  assert.equal(await once(), 'passed');
  assert.equal(await once(), 'passed');
  assert.equal(fetches, 2);
  await env.clock.advance(60_000);
  answer = () => Promise.reject(new Error('down'));
  assert.equal(await once(), 'passed');
  assert.equal(fetches, 3);
});
