import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness } from '../testing/harness.ts';
import { Metrics } from './metrics.ts';
import { MonitoringServer } from './server.ts';

test('the monitoring port answers version, readiness, metrics and debug pages', async (t) => {
  const harness = await Harness.start();
  const metrics = new Metrics();
  for (const push of harness.pushes) metrics.push(push);
  let ready = false;
  const server = new MonitoringServer({
    plane: harness.plane,
    metrics,
    version: '1.2.3',
    ready: () => ready,
  });
  const port = await server.listen(0, '127.0.0.1');
  t.after(async () => {
    await server.close();
    await harness.stop();
  });
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });
  assert.equal(await (await get('/version')).text(), '1.2.3\n');
  assert.equal((await get('/ready')).status, 503);
  ready = true;
  assert.equal((await get('/ready')).status, 200);
  assert.match(await (await get('/metrics')).text(), /^pilot_pushes\{type="full"\} [1-9]/m);
  const pages = Object.keys((await (await get('/debug')).json()) as object);
  for (const page of pages) assert.equal((await get(page)).status, 200, page);
  const syncz = (await (await get('/debug/syncz')).json()) as { proxy: string; scope: string }[];
  assert.equal(syncz.find(({ proxy }) => proxy === 'reviews-v1.default')?.scope, 'mesh');
  const dump = (await (await get('/debug/config_dump?scope=mesh')).json()) as { routes: { name: string }[] };
  assert.deepEqual(
    dump.routes.map(({ name }) => name),
    ['80', '9080'],
  );
  assert.equal((await get('/elsewhere')).status, 404);
  assert.equal((await get('/ready', 'POST')).status, 405);
});
