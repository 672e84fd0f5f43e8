import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { block, frame, opening, RawPeer } from '../http2/testing/raw-frames.ts';
import { eventually, httpServer, RawClient, type RawServer } from '../testing/raw-peers.ts';
import { cluster, httpListener, routeTo, TestProxy } from '../testing/test-proxy.ts';

const t = (name: string) => `type.googleapis.com/${name}`;
const anyone = [{ any: true }];

function rbac(action: string, permission: object): object {
  return {
    name: 'envoy.filters.http.rbac',
    typed_config: {
      '@type': t('envoy.extensions.filters.http.rbac.v3.RBAC'),
      rules: { action, policies: { p: { permissions: [permission], principals: anyone } } },
    },
  };
}
const router = {
  name: 'envoy.filters.http.router',
  typed_config: { '@type': t('envoy.extensions.filters.http.router.v3.Router') },
};
const admin = { url_path: { path: { exact: '/admin' } } };
const header = (name: string, match: object, more: object = {}) => ({
  header: { name, string_match: match, ...more },
});
const secretHost = {
  or_rules: {
    rules: [
      header(':authority', { exact: 'secret.com', ignore_case: true }),
      header(':authority', { prefix: 'secret.com:', ignore_case: true }),
    ],
  },
};

/** What the mesh configures for each pathNormalization of Istio. */
const normalizations = {
  base: { normalize_path: true },
  merge: { normalize_path: true, merge_slashes: true },
  decode: {
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD',
  },
};

/** The path as the filters saw it, written where routing would have been able to change it had it seen another one. */
const routes = [
  { match: { path: '/admin' }, route: { cluster: 'app' }, request_headers_to_add: [mark('admin')] },
  { match: { prefix: '/' }, route: { cluster: 'app' }, request_headers_to_add: [mark('other')] },
];
function mark(value: string): object {
  return { header: { key: 'x-route', value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

let backend: RawServer;
let proxy: TestProxy;

before(async () => {
  backend = await httpServer((head) => `HTTP/1.1 200 OK\r\ncontent-length: ${head.length}\r\n\r\n${head}`);
  const guarded = (name: string, filter: object, more: object = {}) =>
    httpListener(name, routes, { ...normalizations.decode, http_filters: [filter, router], ...more });
  const perMode = Object.entries(normalizations).flatMap(([mode, more]) => [
    guarded(`deny-${mode}`, rbac('DENY', admin), {
      path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
      merge_slashes: false,
      ...more,
    }),
    guarded(`allow-${mode}`, rbac('ALLOW', { not_rule: admin }), {
      path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
      merge_slashes: false,
      ...more,
    }),
  ]);
  proxy = await TestProxy.serving(
    [
      ...perMode,
      guarded('host', rbac('DENY', secretHost), { strip_trailing_host_dot: true }),
      guarded('role-denied', rbac('DENY', header('x-role', { exact: 'admin' }))),
      guarded(
        'role-not-allowed',
        rbac('ALLOW', header('x-role', { exact: 'admin' }, { invert_match: true })),
      ),
      httpListener('edge', [routeTo('app')], { use_remote_address: true }),
    ],
    [cluster('app', [backend.port])],
  );
});
after(() => {
  proxy.close();
  backend.close();
});

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

function ask(listener: string, target: string, fields: readonly string[] = ['Host: a']): Promise<string> {
  const lines = [`GET ${target} HTTP/1.1`, ...fields, 'Connection: close', '', ''];
  return new RawClient(proxy.port(listener)).send(lines.join('\r\n')).all();
}

async function verdict(listener: string, target: string, fields?: readonly string[]): Promise<number> {
  return statusOf(await ask(listener, target, fields));
}

/** The answer's status over HTTP/2, or 0 for a stream that was reset. */
async function verdictH2(
  listener: string,
  path: string,
  authority = 'a',
  ...more: [string, string][]
): Promise<number> {
  const peer = new RawPeer(proxy.port(listener));
  const fields: [string, string][] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', authority],
  ];
  peer.send(opening, frame(1, 5, 1, block(...fields, ...more)));
  const head = () => peer.frames.find(({ type, id }) => type === 1 && id === 1);
  await eventually(
    () => head() !== undefined || peer.reset(1) !== undefined || peer.closed,
    `${path} over HTTP/2`,
  );
  peer.socket.destroy();
  // 200 has an index of its own; every other status of these tests is a refusal.
  const first = head()?.payload[0];
  return first === undefined ? 0 : first === 0x88 ? 200 : 403;
}

describe('no spelling of a path passes a policy that the plain one does not', () => {
  const spellings = {
    base: [
      '/./admin',
      '/x/../admin',
      '/%61dmin',
      '/x/%2e%2e/admin',
      '\\admin',
      '/admin#f',
      '/admin?x',
      '/admin%00',
      '/x/..\\admin',
      'http://h/admin',
      'http://h/x/../admin',
    ],
    merge: ['//admin', '/\\admin/..\\admin', '/.//admin', '///admin', '/x/..//admin', 'http://h//admin'],
    decode: ['/x%2f..%2fadmin', '/x%5c..%5cadmin', '/%2fadmin', '/x%2F%2e%2E%5Cadmin'],
  };
  const refused = (status: number) => status === 403 || status === 400 || status === 404;
  const modes = ['base', 'merge', 'decode'] as const;
  for (const [level, mode] of modes.entries()) {
    test(`with ${mode} normalization, over HTTP/1.1 and HTTP/2`, async () => {
      for (const path of ['/admin', ...modes.slice(0, level + 1).flatMap((known) => spellings[known])]) {
        for (const listener of [`deny-${mode}`, `allow-${mode}`]) {
          const status = await verdict(listener, path);
          assert.ok(refused(status), `${listener} answered ${path} with ${status}`);
          if (!path.startsWith('/')) continue;
          assert.notEqual(await verdictH2(listener, path), 200, `${listener} let ${path} pass over HTTP/2`);
        }
      }
    });
  }

  test('what is another path stays one: case, a trailing slash, parameters, a double escape', async () => {
    for (const path of ['/ADMIN', '/admin/', '/admin;v=1', '/%2561dmin', '/x%252f..%252fadmin']) {
      for (const listener of ['deny-decode', 'allow-decode']) {
        const answer = await ask(listener, path);
        assert.match(answer, /^HTTP\/1\.1 200 /, `${path} at ${listener}`);
        assert.match(answer, /x-route: other/, path);
      }
    }
  });

  test('policy, routing and backend see the same of 500 generated paths', async () => {
    const pieces = [
      '/',
      '//',
      '.',
      '..',
      'admin',
      'x',
      '%2e',
      '%2E',
      '%2f',
      '%5c',
      '\\',
      '%61',
      '%41dmin',
      'ADMIN',
      ';v=1',
      '%25',
      '%00',
      '?',
      '#',
      '~',
      '%zz',
      '\xe9',
      '%252f',
      ' ',
    ];
    const path = fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((parts) => `/${parts.join('')}`);
    const paths = fc.sample(path, { numRuns: 500, seed: 59 });
    let served = 0;
    let denied = 0;
    for (const target of paths) {
      for (const mode of modes) {
        const answer = await ask(`deny-${mode}`, target);
        const status = statusOf(answer);
        if (status === 200) {
          const reached = /\r\n\r\nGET (\S*) HTTP\/1\.1/.exec(answer)?.[1] as string;
          const route = /\r\nx-route: (\w+)/.exec(answer)?.[1];
          assert.notEqual(reached.split(/[?#]/)[0], '/admin', `${target} reached the backend as ${reached}`);
          assert.equal(route, 'other', `${target} was routed as /admin behind the policy`);
          served++;
        } else {
          assert.ok([400, 403].includes(status), `${target}: ${status}`);
          if (status === 403) denied++;
        }
        const opposite = await verdict(`allow-${mode}`, target);
        assert.equal(
          opposite,
          status,
          `${target}: DENY says ${status}, ALLOW of everything else ${opposite}`,
        );
      }
    }
    assert.ok(served > 300 && denied > 10, `${served} served, ${denied} denied`);
  });
});

describe('no spelling of a host passes a policy', () => {
  test('case, port, trailing dot, absolute form', async () => {
    for (const host of [
      'secret.com',
      'Secret.com',
      'SECRET.COM',
      'secret.com:8080',
      'secret.com.',
      'Secret.com.:80',
    ]) {
      assert.equal(await verdict('host', '/', [`Host: ${host}`]), 403, host);
      assert.equal(await verdictH2('host', '/', host), 403, `${host} as :authority`);
    }
    assert.equal(
      await verdict('host', 'http://secret.com/', ['Host: good.com']),
      403,
      'the absolute form decides',
    );
    assert.equal(await verdict('host', 'http://good.com/', ['Host: secret.com']), 200);
    assert.equal(await verdict('host', '/', ['Host: good.com']), 200);
  });

  test('two hosts, a list of hosts, userinfo: 400', async () => {
    assert.equal(await verdict('host', '/', ['Host: good.com', 'Host: secret.com']), 400);
    assert.equal(await verdict('host', '/', ['Host: good.com,secret.com']), 400);
    assert.equal(await verdict('host', '/', ['Host: good.com@secret.com']), 400);
  });

  test('over HTTP/2 the host header cannot say something else than :authority', async () => {
    const before = backend.received.length;
    const status = await verdictH2('host', '/two-names', 'good.com', ['host', 'secret.com']);
    assert.ok(status === 0 || !backend.received.slice(before).includes('secret.com'));
  });
});

test('every value of a repeated header is held against the policy', async () => {
  const values = [
    ['user', 'admin'],
    ['admin', 'user'],
    ['user', 'x', 'admin'],
  ];
  for (const roles of values) {
    const fields = ['Host: a', ...roles.map((role) => `X-Role: ${role}`)];
    assert.equal(await verdict('role-denied', '/', fields), 403, roles.join());
    assert.equal(await verdict('role-not-allowed', '/', fields), 403, roles.join());
    const over2 = roles.map((role): [string, string] => ['x-role', role]);
    assert.equal(await verdictH2('role-denied', '/', 'a', ...over2), 403, roles.join());
  }
  for (const value of ['  admin', 'admin \t', '\tadmin']) {
    assert.equal(
      await verdict('role-denied', '/', ['Host: a', `X-Role:${value}`]),
      403,
      JSON.stringify(value),
    );
  }
  assert.equal(await verdict('role-denied', '/', ['Host: a', 'X-Role: user']), 200);
});

test('the edge believes nothing a client says about itself', async () => {
  const lies: Record<string, string> = {
    'x-envoy-internal': 'true',
    'x-envoy-original-path': '/public',
    'x-envoy-original-host': 'good.com',
    'x-envoy-external-address': '9.9.9.9',
    'x-envoy-decorator-operation': 'lie',
    'x-envoy-downstream-service-cluster': 'lie',
    'x-envoy-downstream-service-node': 'lie',
    'x-envoy-max-retries': '99',
    'x-envoy-retry-on': '5xx',
    'x-envoy-upstream-rq-timeout-ms': '99',
    'x-envoy-ip-tags': 'lie',
    'x-forwarded-client-cert': 'Hash=lie',
    'x-forwarded-proto': 'https',
    'x-request-id': 'lie',
  };
  const spellings = [(name: string) => name, (name: string) => name.toUpperCase()];
  // Without and with an address of a private network as the last hop: being near is no reason to be believed.
  for (const forwarded of [[], ['X-Forwarded-For: 10.0.0.7'], ['X-Forwarded-For: 127.0.0.1']]) {
    for (const spell of spellings) {
      const fields = Object.entries(lies).map(([name, value]) => `${spell(name)}: ${value}`);
      const answer = await ask('edge', '/', ['Host: a', ...forwarded, ...fields, ...fields]);
      const seen = answer.slice(answer.indexOf('\r\n\r\n') + 4);
      for (const [name, value] of Object.entries(lies)) {
        assert.ok(
          !seen.toLowerCase().includes(`\r\n${name}: ${value.toLowerCase()}`),
          `${name} reached the backend`,
        );
      }
    }
  }
});
