import { readFileSync } from 'node:fs';
import type { KubeObject } from '../api/object.ts';
import { parseYamlDocuments } from '../base/yaml.ts';
import { resources } from '../kube/resource.ts';
import { ResourceMapper } from '../kube/resource-mapper.ts';
import { Applier, failureText } from '../operator/apply-plan.ts';
import { healthOf } from '../operator/health.ts';
import { operatorManifest } from '../operator/manifest.ts';
import { iopResource } from '../operator/ownership.ts';
import { loadLibrary } from '../render/library.ts';
import { type CliCommand, textOption } from './command.ts';
import { manifestOptions, operatorFlags } from './operator-flags.ts';
import { Progress } from './progress.ts';
import { waitUntil } from './wait.ts';

/** `istioctl operator init` */
export const command: CliCommand = {
  flags: [...operatorFlags, { flags: '--dry-run', description: 'Console/log output only, make no changes' }],
  async run(context, _args, options) {
    const library = loadLibrary();
    const manifest = manifestOptions(options, context.istioNamespace);
    const objects = operatorManifest(manifest, library);
    const namespace = manifest.operatorNamespace as string;
    const deployment = objects.find((object) => object.kind === 'Deployment') as KubeObject & {
      spec: { template: { spec: { containers: { image: string }[] } } };
    };
    const image = deployment.spec.template.spec.containers[0]?.image;
    context.out(`Installing operator controller in namespace: ${namespace} using image: ${image}\n`);
    context.out(`Operator controller will watch namespaces: ${manifest.watchNamespace || 'all'}\n`);
    if (options['dryRun'] === true) return 0;
    const client = await context.connect();
    const applier = new Applier(client, new ResourceMapper(client));
    const crds = library.crds.filter(
      (crd) => crd.metadata.name === `${iopResource.plural}.${iopResource.group}`,
    );
    const { failures } = await applier.apply([...crds, ...objects]);
    if (failures.length > 0) throw new Error(failureText(failures));
    const ready = await waitUntil(300_000, async () => {
      const live = await client.get(resources.deployments, deployment.metadata.name, namespace);
      return healthOf(live).ready ? true : undefined;
    });
    if (ready === undefined)
      throw new Error(`Deployment/${namespace}/istio-operator is not ready after 5m0s`);
    const progress = new Progress(context);
    progress.succeeded('Istio operator installed');
    const file = textOption(options, 'filename');
    if (file !== '') {
      const applied = await applier.apply(parseYamlDocuments(readFileSync(file, 'utf8')) as KubeObject[]);
      if (applied.failures.length > 0) throw new Error(failureText(applied.failures));
    }
    progress.succeeded('Installation complete');
    return 0;
  },
};
