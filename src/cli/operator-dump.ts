import { operatorManifest } from '../operator/manifest.ts';
import { iopResource } from '../operator/ownership.ts';
import { loadLibrary } from '../render/library.ts';
import { type CliCommand, textOption, UsageError } from './command.ts';
import { yamlStream } from './manifest-generate.ts';
import { manifestOptions, operatorFlags } from './operator-flags.ts';

/** `istioctl operator dump`: the operator's manifest with the IstioOperator CRD. */
export const command: CliCommand = {
  flags: [
    ...operatorFlags,
    { flags: '-o, --output <format>', description: 'Output format: one of json|yaml', fallback: 'yaml' },
  ],
  async run(context, _args, options) {
    const library = loadLibrary();
    const crds = library.crds.filter(
      (crd) => crd.metadata.name === `${iopResource.plural}.${iopResource.group}`,
    );
    const objects = [...crds, ...operatorManifest(manifestOptions(options, context.istioNamespace), library)];
    const format = textOption(options, 'output', 'yaml');
    if (format === 'yaml') context.out(yamlStream(objects));
    else if (format === 'json')
      context.out(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, null, 2)}\n`);
    else throw new UsageError(`unknown output format: ${format}`);
    return 0;
  },
};
