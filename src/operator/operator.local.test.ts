import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLogger } from '../base/log.ts';
import { createClient } from '../kube/create-client.ts';
import { resources } from '../kube/resource.ts';
import { startLocalApi } from '../local/api/start-local-api.ts';
import { loadLibrary } from '../render/library.ts';
import { leadOperator } from './lead-operator.ts';
import { eventually, Harness, operatorContract } from './operator.contract.ts';
import { playControllers } from './testing/play-controllers.ts';

function folder(t: Pick<TestContext, 'after'>): string {
  const made = mkdtempSync(join(tmpdir(), 'lateen-operator-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

operatorContract('the local API server', async () => {
  const api = await startLocalApi();
  const made = mkdtempSync(join(tmpdir(), 'lateen-operator-'));
  const kubeconfig = join(made, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig);
  const client = await createClient({ kubeconfig });
  return {
    client,
    async close() {
      client.close();
      await api.close();
      rmSync(made, { recursive: true });
    },
  };
});

test('the operator outlives a restart of the API server and misses nothing', async (t) => {
  const dataDir = folder(t);
  let api = await startLocalApi({ dataDir });
  const port = Number(new URL(api.url).port);
  const kubeconfig = join(dataDir, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig);
  const client = await createClient({ kubeconfig });
  const stop = new AbortController();
  const harness = new Harness(client);
  await harness.prepare();
  const playing = playControllers(client, stop.signal);
  const options = {
    client,
    logger: silentLogger,
    library: loadLibrary(),
    namespace: 'istio-operator',
    identity: 'only',
  };
  const running = leadOperator(
    { ...options, leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryMs: 200 },
    stop.signal,
  );
  t.after(async () => {
    stop.abort();
    await Promise.all([running, playing]);
    client.close();
    await api.close();
  });
  await harness.create({ profile: 'minimal' });
  await harness.healthy();
  await api.close();
  api = await startLocalApi({ dataDir, port });
  // Through the new server, before the operator is back.
  await api.client().delete(resources.services, 'istiod', { namespace: 'istio-system' });
  await eventually(
    'the deleted Service is back',
    async () => api.read(resources.services, 'istiod', 'istio-system') !== undefined,
  );
  await harness.edit({ profile: 'demo' });
  await harness.healthy();
  assert.ok(api.read(resources.deployments, 'istio-ingressgateway', 'istio-system'));
});
