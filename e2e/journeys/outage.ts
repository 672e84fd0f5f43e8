import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { root, type Shell } from '../cluster/cluster.ts';
import { eventually } from '../cluster/run.ts';

const networking = join(root, 'samples/bookinfo/networking');

/** Control plane and operator gone: traffic flows; they return: changes apply. */
export async function outageJourney(t: TestContext, shell: Shell): Promise<void> {
  const page = `${await shell.serviceUrl('istio-system', 'istio-ingressgateway', 'http2')}/productpage`;
  const allOk = async (count: number) => {
    const bodies = await shell.curlMany(page, count);
    assert.equal(bodies.filter((body) => body.includes('<title>Simple Bookstore App</title>')).length, count);
  };

  await t.test('traffic flows while the control plane is gone', async () => {
    await shell.kubectl('scale', 'deployment/istiod', '-n', 'istio-system', '--replicas=0');
    await shell.kubectl(
      'wait',
      '--for=delete',
      'pod',
      '-l',
      'app=istiod',
      '-n',
      'istio-system',
      '--timeout=60s',
    );
    await allOk(200);
  });

  await t.test('a killed proxy comes back without a control plane', async () => {
    const pod = (
      await shell.kubectl('get', 'pod', '-l', 'app=productpage', '-o', 'jsonpath={.items[0].metadata.name}')
    ).trim();
    await shell.kubectl(
      'exec',
      pod,
      '-c',
      'istio-proxy',
      '--',
      'pilot-agent',
      'request',
      'POST',
      '/quitquitquit',
    );
    await eventually('productpage answers again, fifty times in a row', 30_000, async () => {
      await allOk(50);
      return true;
    });
  });

  await t.test('they return and changes apply', async () => {
    await shell.kubectl('scale', 'deployment/istiod', '-n', 'istio-system', '--replicas=1');
    await shell.kubectl('rollout', 'status', 'deployment/istiod', '-n', 'istio-system', '--timeout=120s');
    // The validating webhook fails closed: the first apply may still meet a control plane that is starting.
    await eventually('the rule is accepted', 30_000, async () => {
      await shell.kubectl('apply', '-f', join(networking, 'virtual-service-reviews-v3.yaml'));
      return true;
    });
    await eventually('reviews v3 is served', 30_000, async () => {
      const bodies = await shell.curlMany(page, 10);
      return bodies.every((body) => /color="red"|text-red/.test(body)) ? true : undefined;
    });
  });
}
