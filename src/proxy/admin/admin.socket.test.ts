import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LogLevels, silentLogger } from '../../base/log.ts';
import { loadBootstrap } from '../config/bootstrap.ts';
import { ProxyProcess } from '../proxy-process.ts';
import { RawClient } from '../testing/raw-peers.ts';
import { anyPort, cluster, httpListener, routeTo } from '../testing/test-proxy.ts';

let proxy: ProxyProcess;
let folder: string;
let quits = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lateen-admin-'));
  const bootstrapPath = join(folder, 'bootstrap.yaml');
  const bootstrap = {
    node: { id: 'me' },
    admin: { address: anyPort },
    static_resources: { listeners: [httpListener('web', [routeTo('app')])], clusters: [cluster('app', [1])] },
  };
  writeFileSync(bootstrapPath, `# YAML takes JSON\n${JSON.stringify(bootstrap)}`);
  const loaded = await loadBootstrap(bootstrapPath);
  assert.deepEqual(loaded.issues, []);
  proxy = new ProxyProcess(loaded.bootstrap as NonNullable<typeof loaded.bootstrap>, {
    concurrency: 1,
    bootstrapPath,
    entry: '',
    drainTimeMs: 100,
    log: silentLogger,
    logLevels: new LogLevels(),
    onQuit: () => quits++,
  });
  await proxy.start();
});
after(async () => {
  await proxy.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string): Promise<{ status: number; body: string }> {
  const request = `${method} ${path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  const answer = await new RawClient(proxy.adminPort).send(request).all();
  return { status: Number(answer.slice(9, 12)), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}

test('readiness follows health', async () => {
  assert.deepEqual(await ask('GET', '/ready'), { status: 200, body: 'LIVE\n' });
  await ask('POST', '/healthcheck/fail');
  assert.equal((await ask('GET', '/ready')).status, 503);
  await ask('POST', '/healthcheck/ok');
  assert.equal((await ask('GET', '/ready')).status, 200);
});

test('what changes something takes POST only', async () => {
  for (const path of ['/quitquitquit', '/reset_counters', '/drain_listeners', '/healthcheck/fail']) {
    assert.equal((await ask('GET', path)).status, 405);
  }
  assert.equal(quits, 0);
  await ask('POST', '/quitquitquit');
  assert.equal(quits, 1);
});

test('config_dump shows every section, one resource field, a mask', async () => {
  const dump = JSON.parse((await ask('GET', '/config_dump')).body);
  assert.deepEqual(
    dump.configs.map((section: Record<string, string>) => String(section['@type']).replace(/^.*\./, '')),
    ['BootstrapConfigDump', 'ClustersConfigDump', 'ListenersConfigDump', 'RoutesConfigDump'],
  );
  const clusters = JSON.parse(
    (await ask('GET', '/config_dump?resource=static_clusters&mask=cluster.name')).body,
  );
  assert.deepEqual(
    clusters.configs.map((c: { cluster: unknown }) => c.cluster),
    [{ name: 'app' }],
  );
  assert.equal((await ask('GET', '/config_dump?resource=nonsense')).status, 404);
});

test('clusters and listeners are shown as text and JSON', async () => {
  assert.match((await ask('GET', '/clusters')).body, /^app::127\.0\.0\.1:1::health_flags::healthy$/m);
  const json = JSON.parse((await ask('GET', '/clusters?format=json')).body);
  assert.equal(json.cluster_statuses[0].host_statuses[0].address.socket_address.port_value, 1);
  assert.match((await ask('GET', '/listeners')).body, /^web::127\.0\.0\.1:\d+$/m);
});

test('statistics are filtered by an RE2 pattern', async () => {
  assert.match((await ask('GET', '/stats?filter=^server\\.live')).body, /^server\.live: 1\n$/);
  assert.equal((await ask('GET', '/stats?filter=(')).status, 400);
  assert.match((await ask('GET', '/stats/prometheus')).body, /^envoy_server_live\{\} 1$/m);
  assert.ok(Array.isArray(JSON.parse((await ask('GET', '/stats?format=json')).body).stats));
});

test('log levels are listed and changed', async () => {
  assert.match((await ask('POST', '/logging?level=debug')).body, /default: debug/);
  assert.equal((await ask('POST', '/logging?level=loud')).status, 400);
});

test('an unknown path is answered with the list of commands', async () => {
  const answer = await ask('GET', '/nope');
  assert.equal(answer.status, 404);
  assert.match(answer.body, /\/config_dump:/);
});
