import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingRequirements } from '../host/requirements.ts';
import { missingImageMessage, resolveImage } from '../images.ts';
import { launchScript, quote, userArgv } from './launch-script.ts';
import { podFiles, podHostname, resolvConf } from './pod-files.ts';
import type { Container, PodSpec } from './pod-spec.ts';
import { containerUser } from './security.ts';

const spec: PodSpec = { containers: [] };
const container: Container = { name: 'a', image: 'x' };

test('words are quoted for the shell only when they need it', () => {
  assert.equal(quote('plain/word-1'), 'plain/word-1');
  assert.equal(quote("it's $HOME"), `'it'\\''s $HOME'`);
  assert.equal(quote(''), "''");
});

test("a container's user comes from its own context, then the pod's, then the image", () => {
  const user = (own: object, shared: object, image?: number) => {
    const found = containerUser(
      { ...spec, securityContext: shared },
      { ...container, securityContext: own },
      image,
    );
    return 'error' in found ? found.error : `${found.uid}:${found.gid}`;
  };
  assert.equal(user({}, {}), '0:0');
  assert.equal(user({}, {}, 1000), '1000:1000');
  assert.equal(user({}, { runAsUser: 5 }, 1000), '5:0');
  assert.equal(user({ runAsUser: 1337, runAsGroup: 1337 }, { runAsUser: 5 }), '1337:1337');
  assert.match(user({ runAsNonRoot: true }, {}), /image will run as root/);
  assert.equal(user({ runAsNonRoot: true }, {}, 1000), '1000:1000');
});

test('capabilities are dropped and added by the names of manifests', () => {
  const user = containerUser(
    spec,
    { ...container, securityContext: { capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] } } },
    undefined,
  );
  assert.ok(!('error' in user));
  assert.deepEqual(user.capabilities, ['net_admin', 'net_raw']);
  assert.ok(userArgv(user, 'setpriv').includes('--bounding-set=-all,+net_admin,+net_raw'));
});

test('a privileged container keeps every capability', () => {
  const user = containerUser(spec, { ...container, securityContext: { privileged: true } }, undefined);
  assert.ok(!('error' in user) && user.capabilities === 'all');
});

test('volumes are mounted after the root is turned, so that links inside it lead inside it', () => {
  const script = launchScript(
    {
      argv: ['sh', '-c', 'echo "$A"'],
      env: { A: "b c'd" },
      workingDir: '/',
      hostname: 'h',
      user: { uid: 7, gid: 7, groups: [], capabilities: [], noNewPrivileges: true },
      readOnlyRoot: true,
      mounts: [{ source: '/tmp/v', target: '/tmp', readOnly: false, kind: 'folder' }],
      files: [],
    },
    '/usr/bin/setpriv',
  );
  assert.ok(script.indexOf('pivot_root') < script.indexOf('/.old/tmp/v'));
  assert.match(script, /'A=b c'\\''d'/);
  assert.doesNotMatch(script, /remount,bind,ro \/tmp/, 'the volume over /tmp stays writable');
  assert.match(script, /remount,bind,ro \/run/);
});

test('an image is known by the last part of its name, whatever registry and tag', () => {
  for (const name of [
    'docker.io/istio/examples-bookinfo-reviews-v2:1.20.3',
    'registry.istio.io/release/examples-bookinfo-reviews-v2:1.20.3',
    'examples-bookinfo-reviews-v2@sha256:abc',
    'localhost:5000/mirror/examples-bookinfo-reviews-v2',
  ]) {
    assert.equal(resolveImage(name)?.env?.['STAR_COLOR'], 'black', name);
  }
  assert.equal(resolveImage('constructor'), undefined);
});

test('an override runs through the shell and gets the args', () => {
  const overrides = new Map([['example.org/app', 'python3 -m http.server']]);
  const image = resolveImage('example.org/app:1', overrides);
  assert.deepEqual(image?.entrypoint, ['sh', '-c', 'exec python3 -m http.server "$@"', 'sh']);
  assert.match(missingImageMessage('example.org/other:2'), /--image 'example.org\/other=COMMAND'/);
});

test('resolv.conf follows the DNS policy', () => {
  const dns = { clusterDns: '10.96.0.10', hostResolvConf: 'nameserver 9.9.9.9\n' };
  assert.equal(
    resolvConf(spec, 'shop', dns),
    'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
  );
  assert.equal(resolvConf({ ...spec, dnsPolicy: 'Default' }, 'shop', dns), 'nameserver 9.9.9.9\n');
  const own = { nameservers: ['1.1.1.1'], searches: ['a.b'], options: [{ name: 'ndots', value: '2' }] };
  assert.equal(
    resolvConf({ ...spec, dnsPolicy: 'None', dnsConfig: own }, 'shop', dns),
    'search a.b\nnameserver 1.1.1.1\noptions ndots:2\n',
  );
});

test('a pod of a headless service finds its full name in /etc/hosts', () => {
  const dns = { clusterDns: '10.96.0.10', hostResolvConf: '' };
  const files = podFiles({ ...spec, subdomain: 'db' }, 'shop', { hostname: 'db-0', ip: '10.1.1.1' }, dns);
  const hosts = files.find(({ path }) => path === '/etc/hosts')?.content ?? '';
  assert.match(hosts, /10\.1\.1\.1\tdb-0\.db\.shop\.svc\.cluster\.local\tdb-0/);
});

test('a host name is cut to what Linux allows', () => {
  assert.equal(podHostname(spec, `${'a'.repeat(62)}-bcd`), 'a'.repeat(62));
});

test('what a machine lacks is said with the cure', () => {
  assert.match(missingRequirements({ uid: 0, path: '', platform: 'darwin' })[0] ?? '', /--api-only/);
  assert.match(
    missingRequirements({ uid: 1000, path: process.env['PATH'] ?? '', platform: 'linux' })[0] ?? '',
    /sudo/,
  );
});
