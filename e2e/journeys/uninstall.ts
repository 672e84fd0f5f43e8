import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Shell } from '../cluster/cluster.ts';
import { eventually } from '../cluster/run.ts';

/** `istioctl uninstall --purge -y` leaves nothing of the mesh behind. */
export async function uninstallJourney(t: TestContext, shell: Shell): Promise<void> {
  await t.test('istioctl uninstall --purge says it is complete', async () => {
    assert.match(await shell.istioctl('uninstall', '--purge', '-y'), /Uninstall complete/);
  });

  await t.test('no object of the mesh is left in the cluster', async () => {
    const kinds = [
      'mutatingwebhookconfigurations',
      'validatingwebhookconfigurations',
      'clusterroles',
      'clusterrolebindings',
      'customresourcedefinitions',
    ];
    await eventually('everything is gone', 60_000, async () => {
      const left = (await shell.kubectl('get', kinds.join(','), '-o', 'name'))
        .split('\n')
        .filter((name) => /istio|lateen/.test(name));
      const inNamespace = await shell.kubectl(
        'get',
        'deploy,svc,pods,cm,sa,roles,rolebindings,hpa,pdb,secrets',
        '-n',
        'istio-system',
        '-o',
        'name',
      );
      const own = inNamespace
        .split('\n')
        .filter((name) => name !== '' && !/kube-root-ca|serviceaccount\/default$/.test(name));
      const shared = await shell.kubectl('get', 'cm', '-A', '-l', 'lateen.dev/scope', '-o', 'name');
      const all = [...left, ...own, ...shared.split('\n').filter(Boolean)];
      if (all.length > 0) throw new Error(`left behind: ${all.join(', ')}`);
      return true;
    });
  });
}
