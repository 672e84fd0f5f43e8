import type { KubeObject } from '../api/object.ts';
import type { KubeClient, Resource } from '../kube/client.ts';
import { resources } from '../kube/resource.ts';
import { isNotFound } from '../kube/status-error.ts';
import { failureText, removeObjects } from '../operator/apply-plan.ts';
import { iopResource, ownedResources } from '../operator/ownership.ts';
import { listControlPlaneState, listRuntimeObjects } from '../operator/runtime-objects.ts';
import { type CliCommand, type CliContext, listOption, textOption, UsageError } from './command.ts';
import { confirm } from './confirm.ts';
import { inputFlags, renderInput } from './mesh-input.ts';
import { Progress } from './progress.ts';
import { waitUntil } from './wait.ts';

interface Found {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** `istioctl uninstall` */
export const command: CliCommand = {
  description: 'The uninstall command uninstalls Istio from a cluster.',
  examples: `
Examples:
  # Uninstall a single control plane by revision
  istioctl uninstall --revision foo

  # Uninstall all control planes and shared resources
  istioctl uninstall --purge
`,
  flags: [
    ...inputFlags.filter((flag) => !flag.flags.includes('--force')),
    {
      flags: '--purge',
      description: 'Delete all Istio related sources for all versions, custom resource definitions included',
    },
    { flags: '-y, --skip-confirmation', description: 'Skip confirmation before making changes' },
    { flags: '--dry-run', description: 'Console/log output only, make no changes' },
    { flags: '--force', description: 'Proceed even with validation errors', hidden: true },
    { flags: '-v, --verbose', description: 'Verbose output', hidden: true },
  ],
  async run(context, _args, options) {
    const purge = options['purge'] === true;
    const revision = textOption(options, 'revision');
    const files = listOption(options, 'filename');
    if (!purge && revision === '' && files.length === 0)
      throw new UsageError(
        'at least one of the --revision (or -r), --filename (or -f) or --purge flags must be set',
      );
    const target = purge
      ? undefined
      : files.length > 0
        ? (await renderInput(context, options)).rendering.revision
        : revision;
    const what =
      target === undefined
        ? 'All Istio resources will be pruned from the cluster'
        : `The Istio resources of revision "${target}" will be pruned from the cluster`;
    if (
      options['skipConfirmation'] !== true &&
      options['dryRun'] !== true &&
      !(await confirm(context, `${what}\n Proceed?`))
    ) {
      context.out('Cancelled.\n');
      return 1;
    }
    const client = await context.connect();
    if (options['dryRun'] === true)
      for (const found of await findAll(client, target, context))
        context.out(`  Would remove ${nameOf(found)}\n`);
    else await removeAll(client, target, context);
    new Progress(context).succeeded('Uninstall complete');
    return 0;
  },
};

/** The IstioOperators first, so that no operator heals what goes next; then the rest, again until nothing is left. */
async function removeAll(
  client: KubeClient,
  revision: string | undefined,
  context: CliContext,
): Promise<void> {
  const told = new Set<string>();
  const tell = (found: readonly Found[]) => {
    for (const name of found.map(nameOf)) {
      if (!told.has(name)) context.out(`  Removed ${name}.\n`);
      told.add(name);
    }
  };
  // Garbage collection takes much of it away along with its IstioOperator.
  const before = await findAll(client, revision, context);
  await removeIstioOperators(client, revision);
  let failures = '';
  const empty = await waitUntil(60_000, async () => {
    const found = await findAll(client, revision, context);
    if (found.length === 0) return true;
    failures = failureText(await removeObjects(client, found));
    if (failures === '') tell(before);
    tell(found);
    return undefined;
  });
  if (empty === undefined) {
    const left = (await findAll(client, revision, context)).map(nameOf).join(', ');
    throw new Error(`still there after 1m0s: ${left}${failures === '' ? '' : `: ${failures}`}`);
  }
  tell(before);
}

async function removeIstioOperators(client: KubeClient, revision: string | undefined): Promise<void> {
  const found = (await listOrNone(client, iopResource)).filter(
    (iop) => revision === undefined || revisionOf(iop) === revision,
  );
  for (const iop of found) {
    const { name, namespace = '', finalizers = [] } = iop.metadata;
    await client.delete(iopResource, name, { namespace }).catch(ignoreNotFound);
    // Nobody may be there to act on them any more.
    if (finalizers.length > 0)
      await client
        .patch(iopResource, name, 'merge', { metadata: { finalizers: null } }, { namespace })
        .catch(ignoreNotFound);
  }
}

function revisionOf(iop: KubeObject): string {
  const revision = (iop.spec as { revision?: unknown } | undefined)?.revision;
  return typeof revision === 'string' && revision !== '' ? revision : 'default';
}

/** Everything of the mesh, or of one revision; with no revision CRDs and what the control plane made count too. */
async function findAll(
  client: KubeClient,
  revision: string | undefined,
  context: CliContext,
): Promise<Found[]> {
  const managed = 'operator.istio.io/managed=Reconcile';
  const purge = revision === undefined;
  const labelSelector = purge ? managed : `${managed},istio.io/rev=${revision}`;
  const kinds = purge ? [...ownedResources, resources.customResourceDefinitions] : ownedResources;
  const lists = await Promise.all(
    kinds.map(async (resource) =>
      (await listOrNone(client, resource, labelSelector)).map((object) => ({ resource, object })),
    ),
  );
  if (!purge) return lists.flat();
  const runtime = [
    await listRuntimeObjects(client),
    await listControlPlaneState(client, context.istioNamespace),
  ];
  return [...lists, ...runtime].flat();
}

async function listOrNone(
  client: KubeClient,
  resource: Resource,
  labelSelector?: string,
): Promise<KubeObject[]> {
  try {
    return (await client.list(resource, labelSelector === undefined ? {} : { labelSelector })).items;
  } catch (failure) {
    if (isNotFound(failure)) return [];
    throw failure;
  }
}

function ignoreNotFound(failure: unknown): undefined {
  if (isNotFound(failure)) return undefined;
  throw failure;
}

/** `apps/v1, Kind=Deployment/istiod.istio-system`, as istioctl prints objects. */
function nameOf({ object }: Found): string {
  const { name, namespace } = object.metadata;
  return `${object.apiVersion}, Kind=${object.kind}/${name}.${namespace ?? ''}`;
}
