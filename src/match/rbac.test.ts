import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../xds/decode.ts';
import { Rbac } from '../xds/messages/rbac.ts';
import { compileRbac, type RbacInput } from './rbac.ts';
import { fakeRequest, fakeStream } from './testing/request.ts';

function engine(action: string, permission: object, principal: object = { any: true }) {
  const { value, issues } = decode(Rbac, {
    action,
    policies: { p: { permissions: [permission], principals: [principal] } },
  });
  assert.deepEqual(issues, []);
  return compileRbac(value!);
}
function input(
  request: Parameters<typeof fakeRequest>[0] | undefined,
  stream: Parameters<typeof fakeStream>[0] = {},
): RbacInput {
  return { request: request && fakeRequest(request), stream: fakeStream(stream), routeMetadata: undefined };
}
const tls = {
  peerCertificatePresented: true,
  peerCertificateValidated: true,
  uriSanPeer: [],
  dnsSanPeer: [],
  subjectPeer: '',
};

test('ALLOW wants a match, DENY forbids one, LOG allows always', () => {
  const path = { url_path: { path: { exact: '/admin' } } };
  assert.deepEqual(engine('ALLOW', path).evaluate(input({ path: '/admin?x' })), {
    allowed: true,
    policy: 'p',
  });
  assert.deepEqual(engine('ALLOW', path).evaluate(input({ path: '/other' })), { allowed: false, policy: '' });
  assert.deepEqual(engine('DENY', path).evaluate(input({ path: '/admin#f' })), {
    allowed: false,
    policy: 'p',
  });
  assert.deepEqual(engine('DENY', path).evaluate(input({ path: '/ADMIN' })), { allowed: true, policy: '' });
  assert.deepEqual(engine('LOG', path).evaluate(input({ path: '/admin' })), { allowed: true, policy: 'p' });
});

test('a repeated header is matched on all its values together', () => {
  const deny = engine('DENY', { header: { name: 'x-role', string_match: { contains: 'admin' } } });
  assert.equal(deny.evaluate(input({ headers: { 'x-role': ['user', 'admin'] } })).allowed, false);
});

test('conditions on requests match nothing on TCP, and their negation everything', () => {
  const header = { header: { name: ':method', string_match: { exact: 'GET' } } };
  assert.equal(engine('ALLOW', header).evaluate(input(undefined)).allowed, false);
  assert.equal(engine('ALLOW', { not_rule: header }).evaluate(input(undefined)).allowed, true);
});

test('a principal is a URI SAN, a DNS SAN or the subject', () => {
  const allow = engine(
    'ALLOW',
    { any: true },
    { authenticated: { principal_name: { exact: 'spiffe://td/ns/a/sa/b' } } },
  );
  const withTls = (parts: object) => allow.evaluate(input({}, { tls: { ...tls, ...parts } })).allowed;
  assert.equal(withTls({ uriSanPeer: ['x', 'spiffe://td/ns/a/sa/b'] }), true);
  assert.equal(withTls({ uriSanPeer: ['x'], dnsSanPeer: ['spiffe://td/ns/a/sa/b'] }), true);
  assert.equal(withTls({ subjectPeer: 'spiffe://td/ns/a/sa/b' }), true);
  assert.equal(withTls({ uriSanPeer: ['spiffe://td/ns/a/sa/bc'] }), false);
  assert.equal(allow.evaluate(input({})).allowed, false);
});

test('a regex principal matches the whole name, dots escaped are dots', () => {
  const allow = engine(
    'ALLOW',
    { any: true },
    { authenticated: { principal_name: { safe_regex: { regex: '.*/sa/a\\.b' } } } },
  );
  const named = (name: string) => allow.evaluate(input({}, { tls: { ...tls, uriSanPeer: [name] } })).allowed;
  assert.equal(named('spiffe://td/ns/x/sa/a.b'), true);
  assert.equal(named('spiffe://td/ns/x/sa/aXb'), false);
  assert.equal(named('spiffe://td/ns/x/sa/a.b/c'), false);
});

test('addresses: direct_remote_ip is the peer, remote_ip what XFF says', () => {
  const stream = {
    remote: { ip: '1.2.3.4', port: 1 },
    directRemote: { ip: '10.0.0.9', port: 2 },
    local: { ip: '2001:db8::1', port: 9000 },
  };
  const cidr = (prefix: string, len: number) => ({ address_prefix: prefix, prefix_len: len });
  const yes = (permission: object, principal?: object) =>
    engine('ALLOW', permission, principal).evaluate(input({}, stream)).allowed;
  assert.equal(yes({ any: true }, { remote_ip: cidr('1.2.0.0', 16) }), true);
  assert.equal(yes({ any: true }, { direct_remote_ip: cidr('1.2.0.0', 16) }), false);
  assert.equal(yes({ any: true }, { direct_remote_ip: cidr('10.0.0.8', 29) }), true);
  assert.equal(yes({ destination_ip: cidr('2001:db8::', 32) }), true);
  assert.equal(yes({ destination_ip: cidr('0.0.0.0', 0) }), false);
  assert.equal(yes({ destination_port: 9000 }), true);
  assert.equal(yes({ destination_port_range: { start: 8000, end: 9000 } }), false);
});

test('sets, negations and metadata combine', () => {
  const rule = {
    and_rules: {
      rules: [
        {
          or_rules: {
            rules: [{ requested_server_name: { exact: 'a' } }, { requested_server_name: { suffix: '.b' } }],
          },
        },
        {
          not_rule: {
            metadata: {
              filter: 'jwt',
              path: [{ key: 'claims' }, { key: 'groups' }],
              value: { list_match: { one_of: { string_match: { exact: 'bad' } } } },
            },
          },
        },
      ],
    },
  };
  const allow = engine('ALLOW', rule);
  const meta = (groups: string[]) => ({ jwt: { claims: { groups } } });
  assert.equal(allow.evaluate(input({}, { sni: 'x.b', metadata: meta(['good']) })).allowed, true);
  assert.equal(allow.evaluate(input({}, { sni: 'x.b', metadata: meta(['good', 'bad']) })).allowed, false);
  assert.equal(allow.evaluate(input({}, { sni: 'c' })).allowed, false);
});

test('policies are tried in name order', () => {
  const policy = { permissions: [{ any: true }], principals: [{ any: true }] };
  const { value } = decode(Rbac, { action: 'DENY', policies: { zz: policy, aa: policy } });
  assert.equal(compileRbac(value!).evaluate(input({})).policy, 'aa');
});
