import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Shell } from '../cluster/cluster.ts';

/** `istioctl install --set profile=demo -y`, as seeds/000 types it. */
export async function installJourney(t: TestContext, shell: Shell): Promise<void> {
  await t.test('istioctl install brings the demo profile up', async () => {
    const output = await shell.istioctl('install', '--set', 'profile=demo', '-y');
    assert.match(output, /Installation complete/);
  });

  await t.test('control plane and both gateways run', async () => {
    const pods = await shell.kubectl('get', 'pods', '-n', 'istio-system');
    for (const name of ['istiod', 'istio-ingressgateway', 'istio-egressgateway']) {
      assert.match(pods, new RegExp(`^${name}-\\S+\\s+1/1\\s+Running`, 'm'));
    }
  });

  await t.test('istioctl version names both planes', async () => {
    const output = await shell.istioctl('version');
    assert.match(output, /client version: \S+/);
    assert.match(output, /control plane version: \S+/);
  });
}
