import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createClient } from '../kube/create-client.ts';
import { resources } from '../kube/resource.ts';
import { isNotFound } from '../kube/status-error.ts';
import { playControllers } from '../operator/testing/play-controllers.ts';
import { istioctl } from './testing/run-istioctl.ts';

/** Installing and removing by istioctl on any API server; what a node would do is played. */
export function istioctlContract(
  cluster: string,
  open: () => Promise<{ kubeconfig: string; bare: boolean; close(): Promise<void> }>,
): void {
  test(`istioctl on ${cluster}`, async (t) => {
    const { kubeconfig, bare, close } = await open();
    t.after(close);
    const client = await createClient({ kubeconfig });
    t.after(() => client.close());
    const controllers = new AbortController();
    const playing = playControllers(client, controllers.signal, { namespaces: bare });
    t.after(async () => {
      controllers.abort();
      await playing;
    });
    const run = (...argv: string[]) => istioctl([...argv, '--kubeconfig', kubeconfig]);
    const exists = (name: string) =>
      client.get(resources.deployments, name, 'istio-system').then(
        () => true,
        (failure: unknown) => {
          if (isNotFound(failure)) return false;
          throw failure;
        },
      );
    await installSteps(t, run, exists);
  });
}

type Run = (...argv: string[]) => ReturnType<typeof istioctl>;

async function installSteps(
  t: TestContext,
  run: Run,
  exists: (name: string) => Promise<boolean>,
): Promise<void> {
  await t.test('install prints a line for each component and what scripts grep for', async () => {
    const { code, out, err } = await run('install', '--set', 'profile=demo', '-y');
    assert.equal(code, 0, err);
    const done = out.split('\n').filter((line) => line.startsWith('✔'));
    assert.deepEqual(done, [
      '✔ Istio core installed ⛵️',
      '✔ Istiod installed 🧠',
      '✔ Ingress gateways installed 🛬',
      '✔ Egress gateways installed 🛫',
      '✔ Installation complete',
    ]);
  });

  await t.test('what is installed verifies, and shows no difference', async () => {
    const verified = await run('verify-install');
    assert.equal(verified.code, 0, verified.out);
    assert.match(verified.out, /✔ Istio is installed and verified successfully/);
    assert.deepEqual(await run('manifest', 'diff', '--set', 'profile=demo'), {
      code: 0,
      out: 'Manifests are identical\n',
      err: '',
    });
    const changed = await run(
      'manifest',
      'diff',
      '--set',
      'profile=demo',
      '--set',
      'values.global.proxy.logLevel=debug',
    );
    assert.equal(changed.code, 1);
    assert.match(changed.out, /^\+.*--proxyLogLevel=debug$/m);
  });

  await t.test('installing less prunes the rest', async () => {
    const { code, err } = await run('install', '--set', 'profile=minimal', '-y');
    assert.equal(code, 0, err);
    assert.equal(await exists('istiod'), true);
    assert.equal(await exists('istio-ingressgateway'), false);
  });

  await t.test('a dry run changes nothing', async () => {
    const { code, err } = await run('install', '--set', 'profile=demo', '--dry-run');
    assert.equal(code, 0, err);
    assert.equal(await exists('istio-ingressgateway'), false);
  });

  await t.test('uninstall --purge removes everything and says so', async () => {
    const { code, out, err } = await run('uninstall', '--purge', '-y');
    assert.equal(code, 0, err);
    assert.match(out, /Removed apps\/v1, Kind=Deployment\/istiod\.istio-system\.\n/);
    assert.match(out, /✔ Uninstall complete\n$/);
    assert.equal(await exists('istiod'), false);
    assert.match(
      (await run('version')).out,
      /^Istio is not present in the cluster: no running Istio pods in namespace "istio-system"\nclient version: /,
    );
  });

  await t.test('operator init installs the operator, operator remove takes it away', async () => {
    const made = await run('operator', 'init', '--hub', 'reg', '--tag', 'x');
    assert.equal(made.code, 0, made.err);
    assert.equal(
      made.out,
      'Installing operator controller in namespace: istio-operator using image: reg/operator:x\n' +
        'Operator controller will watch namespaces: all\n✔ Istio operator installed\n✔ Installation complete\n',
    );
    const removed = await run('operator', 'remove', '-y');
    assert.deepEqual(removed, { code: 0, out: 'Removing Istio operator...\n✔ Removal complete\n', err: '' });
  });
}
