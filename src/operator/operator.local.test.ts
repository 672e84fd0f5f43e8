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

operatorContract('the local API server', async () => {
  const api = await startLocalApi();
  const made = mkdtempSync(join(tmpdir(), 'lateen-operator-'));
  const kubeconfig = join(made, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig);
  const client = await createClient({ kubeconfig });
  return {
    client,
    bare: false,
    async close() {
      client.close();
      await api.close();
      rmSync(made, { recursive: true });
    },
  };
});

/** A local API server with an operator, and somebody who makes Deployments available. */
async function start(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'lateen-operator-'));
  const started = { api: await startLocalApi({ dataDir }) };
  const kubeconfig = join(dataDir, 'kubeconfig');
  writeFileSync(kubeconfig, started.api.kubeconfig);
  const client = await createClient({ kubeconfig });
  const stop = new AbortController();
  const harness = new Harness(client);
  await harness.prepare();
  const playing = playControllers(client, stop.signal, { namespaces: false });
  const lease = { leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryMs: 200 };
  const operator = {
    client,
    logger: silentLogger,
    library: loadLibrary(),
    namespace: 'istio-operator',
    identity: 'only',
  };
  const running = leadOperator({ ...operator, ...lease }, stop.signal);
  t.after(async () => {
    stop.abort();
    await Promise.all([running, playing]);
    client.close();
    await started.api.close();
    rmSync(dataDir, { recursive: true });
  });
  return { started, dataDir, client, harness };
}

test('the operator outlives a restart of the API server and misses nothing', async (t) => {
  const { started, dataDir, harness } = await start(t);
  await harness.create({ profile: 'minimal' });
  await harness.healthy();
  const port = Number(new URL(started.api.url).port);
  await started.api.close();
  const api = await startLocalApi({ dataDir, port });
  started.api = api;
  // Through the new server, before the operator is back.
  await api.client().delete(resources.services, 'istiod', { namespace: 'istio-system' });
  const back = () => api.read(resources.services, 'istiod', 'istio-system') !== undefined;
  await eventually('the deleted Service is back', async () => back());
  await harness.edit({ profile: 'demo' });
  await harness.healthy();
  assert.ok(api.read(resources.deployments, 'istio-ingressgateway', 'istio-system'));
});

test('deleted namespaces: what proxies share comes back, an IstioOperator goes with its own without hanging', async (t) => {
  const { started, client, harness } = await start(t);
  await harness.create({ profile: 'minimal' });
  await harness.healthy();
  const uid = started.api.read(resources.namespaces, 'istio-proxy-config')?.metadata.uid;
  await client.delete(resources.namespaces, 'istio-proxy-config');
  await eventually('the namespace is made anew, with its Role', async () => {
    const now = started.api.read(resources.namespaces, 'istio-proxy-config')?.metadata.uid;
    const role = started.api.read(resources.roles, 'istio-proxy-config-reader', 'istio-proxy-config');
    return now !== undefined && now !== uid && role !== undefined;
  });
  await harness.healthy();
  await client.delete(resources.namespaces, 'istio-system');
  await eventually(
    'istio-system is gone',
    async () => started.api.read(resources.namespaces, 'istio-system') === undefined,
  );
  assert.equal(started.api.read(resources.clusterRoles, 'istiod-clusterrole-istio-system'), undefined);
  assert.equal(started.api.read(resources.mutatingWebhooks, 'istio-sidecar-injector'), undefined);
});
