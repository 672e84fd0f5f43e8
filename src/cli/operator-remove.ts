import type { KubeClient } from '../kube/client.ts';
import { ResourceMapper } from '../kube/resource-mapper.ts';
import { isNotFound } from '../kube/status-error.ts';
import { removeObjects } from '../operator/apply-plan.ts';
import { operatorManifest } from '../operator/manifest.ts';
import { iopResource } from '../operator/ownership.ts';
import { release } from '../operator/release.ts';
import { loadLibrary } from '../render/library.ts';
import type { CliCommand } from './command.ts';
import { confirm } from './confirm.ts';
import { manifestOptions, operatorFlags } from './operator-flags.ts';
import { Progress } from './progress.ts';

/** `istioctl operator remove`: takes the operator away and leaves the mesh running; no IstioOperator stays stuck on its finalizer. */
export const command: CliCommand = {
  flags: [
    ...operatorFlags,
    { flags: '--force', description: 'Proceed even with validation errors', hidden: true },
    { flags: '--purge', description: 'accepted: one operator serves all revisions', hidden: true },
    { flags: '-y, --skip-confirmation', description: 'Skip confirmation before making changes' },
    { flags: '--dry-run', description: 'Console/log output only, make no changes' },
  ],
  async run(context, _args, options) {
    const manifest = manifestOptions(options, context.istioNamespace);
    // Namespaces stay: others may use them.
    const objects = operatorManifest(manifest, loadLibrary()).filter((object) => object.kind !== 'Namespace');
    if (options['dryRun'] === true) {
      context.out(`Would remove the operator from namespace ${manifest.operatorNamespace}\n`);
      return 0;
    }
    if (options['skipConfirmation'] !== true && options['force'] !== true) {
      if (
        !(await confirm(
          context,
          'All Istio operator controllers will be removed; installed meshes stay. Proceed?',
        ))
      ) {
        context.out('Cancelled.\n');
        return 1;
      }
    }
    const client = await context.connect();
    context.out('Removing Istio operator...\n');
    const mapper = new ResourceMapper(client);
    const found = await Promise.all(
      objects.map(async (object) => ({
        resource: await mapper.resourceOf(object.apiVersion, object.kind),
        object,
      })),
    );
    // The Deployment first, so that nobody puts the finalizers back.
    await removeObjects(client, found.reverse());
    await clearFinalizers(client);
    new Progress(context).succeeded('Removal complete');
    return 0;
  },
};

async function clearFinalizers(client: KubeClient): Promise<void> {
  const { items } = await client.list(iopResource).catch((failure: unknown) => {
    if (isNotFound(failure)) return { items: [] };
    throw failure;
  });
  for (const iop of items) await release(client, iop);
}
