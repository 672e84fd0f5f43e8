import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createStatusServer } from './status-server.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function page(change: { notReady?: string; adminStatus?: number } = {}) {
  const application = await listen(
    createServer((request, response) => {
      response.statusCode = request.url === '/live' ? 204 : 418;
      response.end(request.url === '/metrics' ? 'app_metric 1\n' : '');
      if (request.url === '/metrics') response.statusCode = 200;
    }),
  );
  const metrics = await listen(createServer((_request, response) => response.end('app_metric 1\n')));
  const admin = await listen(
    createServer((request, response) => {
      response.statusCode = request.url === '/ready' ? (change.adminStatus ?? 200) : 200;
      response.end(request.url === '/stats/prometheus' ? 'envoy_metric 2\n' : 'LIVE\n');
    }),
  );
  let quits = 0;
  const port = await listen(
    createStatusServer({
      port: 0,
      adminPort: admin,
      podIp: '127.0.0.1',
      appProbes: { '/app-health/app/livez': { httpGet: { path: '/live', port: application } } },
      scrape: { port: metrics, path: '/metrics' },
      notReady: () => change.notReady,
      metrics: () => 'agent_metric 3\n',
      onQuit: () => (quits += 1),
    }),
  );
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return { get, quits: () => quits };
}

test('ready needs the agent and the proxy', async () => {
  assert.equal((await (await page()).get('/healthz/ready')).status, 200);
  const starting = await (await page({ notReady: 'config not received: missing s' })).get('/healthz/ready');
  assert.deepEqual([starting.status, await starting.text()], [503, 'config not received: missing s\n']);
  assert.equal((await (await page({ adminStatus: 503 })).get('/healthz/ready')).status, 503);
});

test('one Prometheus page holds agent, proxy and application', async () => {
  const text = await (await (await page()).get('/stats/prometheus')).text();
  assert.deepEqual(text.match(/\w+_metric \d/g), ['agent_metric 3', 'envoy_metric 2', 'app_metric 1']);
});

test('the application’s own probe answers under its new path', async () => {
  const { get } = await page();
  assert.equal((await get('/app-health/app/livez')).status, 204);
  assert.equal((await get('/app-health/other/livez')).status, 404);
});

test('quitquitquit takes POST only', async () => {
  const { get, quits } = await page();
  assert.equal((await get('/quitquitquit')).status, 405);
  assert.equal((await get('/quitquitquit', { method: 'POST' })).status, 200);
  assert.equal(quits(), 1);
});
