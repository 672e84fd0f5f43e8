import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/status-error.ts';
import { ignoreAnnotation, iopResource } from '../operator/ownership.ts';
import { textAt } from '../render/json.ts';
import type { Rendering } from '../render/render.ts';
import { userSpec } from '../render/resolve.ts';
import { type CliCommand, textOption } from './command.ts';
import { confirm } from './confirm.ts';
import { installMesh } from './installation.ts';
import { inputFlags, renderInput } from './mesh-input.ts';
import { Progress } from './progress.ts';
import { durationMs } from './wait.ts';

/** `istioctl install`, also known as `apply` and `manifest apply`. */
export const command: CliCommand = {
  description: 'The install command generates an Istio install manifest and applies it to a cluster.',
  examples: `
Examples:
  # Apply a default Istio installation
  istioctl install

  # Install the demo profile without being asked
  istioctl install --set profile=demo -y

  # Enable Tracing
  istioctl install --set meshConfig.enableTracing=true
`,
  flags: [
    ...inputFlags,
    { flags: '-y, --skip-confirmation', description: 'Skip confirmation before making changes' },
    { flags: '--dry-run', description: 'Console/log output only, make no changes' },
    {
      flags: '--readiness-timeout <duration>',
      description: 'Maximum time to wait for Istio resources in each component to be ready',
      fallback: '5m0s',
    },
    { flags: '--verify', description: 'accepted: readiness is always verified' },
  ],
  async run(context, _args, options) {
    const readyTimeoutMs = durationMs(textOption(options, 'readinessTimeout', '5m0s'));
    const { rendering, input, library } = await renderInput(context, options);
    const dryRun = options['dryRun'] === true;
    if (options['skipConfirmation'] !== true && !dryRun && !(await confirm(context, question(rendering)))) {
      context.out('Cancelled.\n');
      return 1;
    }
    const client = await context.connect();
    if (options['force'] !== true) await refuseBesideOperator(client, rendering);
    const progress = new Progress(context);
    await installMesh({
      client,
      library,
      rendering,
      spec: userSpec(input),
      progress,
      readyTimeoutMs,
      dryRun,
    });
    progress.succeeded(dryRun ? 'Installation would succeed' : 'Installation complete');
    return 0;
  },
};

function question(rendering: Rendering): string {
  const titles = rendering.components.map(({ info }) => info.title);
  const tag = textAt(rendering.spec, 'values.global.tag');
  const list =
    titles.length > 1 ? `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}` : (titles[0] ?? 'none');
  return `This will install the Istio ${tag} profile "${rendering.profile}" (with components: ${list}) into the cluster. Proceed?`;
}

/** Where an operator reconciles the same revision, a second hand on the same objects would only start a fight. */
async function refuseBesideOperator(client: KubeClient, rendering: Rendering): Promise<void> {
  const { items } = await client.list(iopResource).catch((failure: unknown) => {
    if (isNotFound(failure)) return { items: [] };
    throw failure;
  });
  const active = items.find((iop) => {
    const revision = textAt(iop.spec, 'revision', 'default') || 'default';
    return (
      iop.metadata.annotations?.[ignoreAnnotation] !== 'true' &&
      iop.status !== undefined &&
      revision === rendering.revision
    );
  });
  if (active === undefined) return;
  const name = `${active.metadata.namespace}/${active.metadata.name}`;
  throw new Error(
    `the operator manages this mesh through IstioOperator ${name}: edit that instead, delete it, or use --revision (--force installs anyway)`,
  );
}
