import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../base/package-root.ts';
import { createClient } from '../kube/create-client.ts';
import { resources } from '../kube/resource.ts';
import { startLocalApi } from '../local/api/start-local-api.ts';
import { eventually, Harness } from './operator.contract.ts';
import { listOwned } from './owned-objects.ts';
import { iopResource } from './ownership.ts';
import { playControllers } from './testing/play-controllers.ts';

/** The operator as the process it is, killed without warning. */
function spawnOperator(kubeconfig: string): ChildProcess {
  const args = [
    join(packageRoot(), 'src/cmd/lateen.ts'),
    'operator',
    'server',
    '--kubeconfig',
    kubeconfig,
    '--monitoring-port',
    '0',
  ];
  return spawn(process.execPath, args, {
    stdio: 'ignore',
    env: { ...process.env, POD_NAME: 'the-operator' },
  });
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('an operator killed while it installs, changes and removes finishes each when it is back', async (t) => {
  const api = await startLocalApi();
  const folder = mkdtempSync(join(tmpdir(), 'lateen-operator-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig);
  const client = await createClient({ kubeconfig });
  const stop = new AbortController();
  const harness = new Harness(client);
  await harness.prepare();
  const playing = playControllers(client, stop.signal, { namespaces: false });
  let child = spawnOperator(kubeconfig);
  t.after(async () => {
    await kill(child);
    stop.abort();
    await playing;
    client.close();
    await api.close();
    rmSync(folder, { recursive: true });
  });
  /** Kills the operator in the middle of its work, told by a write it makes, and starts it again. */
  const killAfter = async (what: string, seen: () => boolean) => {
    await eventually(what, async () => seen());
    await kill(child);
    child = spawnOperator(kubeconfig);
  };
  const has = (name: string) => api.read(resources.serviceAccounts, name, 'istio-system') !== undefined;
  const iop = await harness.create({ profile: 'demo' });
  await killAfter('the installation has begun', () => has('istiod'));
  await harness.healthy();
  await harness.edit({ components: { egressGateways: [{ name: 'istio-egressgateway', enabled: false }] } });
  await killAfter(
    'pruning has begun',
    () =>
      !has('istio-egressgateway-service-account') ||
      api.read(resources.deployments, 'istio-egressgateway', 'istio-system') === undefined,
  );
  await harness.healthy();
  assert.deepEqual(
    api.readAll(resources.deployments, 'istio-system').map((object) => object.metadata.name),
    ['istio-ingressgateway', 'istiod'],
  );
  await client.delete(iopResource, 'contract', { namespace: 'istio-system' });
  await killAfter(
    'removal has begun',
    () => api.read(resources.deployments, 'istiod', 'istio-system') === undefined,
  );
  await eventually(
    'the IstioOperator is gone',
    async () => api.read(iopResource, 'contract', 'istio-system') === undefined,
  );
  await eventually(
    'and all it made',
    async () => (await listOwned(client, iop.metadata.uid as string)).length === 0,
  );
});
