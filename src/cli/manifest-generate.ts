import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KubeObject } from '../api/object.ts';
import { toYaml } from '../base/yaml.ts';
import { components } from '../render/components.ts';
import type { RenderedComponent } from '../render/render.ts';
import { type CliCommand, listOption, textOption, UsageError } from './command.ts';
import { inputFlags, renderInput } from './mesh-input.ts';

/** `istioctl manifest generate`: what `install` would apply, as YAML. */
export const command: CliCommand = {
  description:
    'The generate subcommand generates an Istio install manifest and outputs to the console by default.',
  examples: `
Examples:
  # Generate a default Istio installation
  istioctl manifest generate

  # Generate the demo profile
  istioctl manifest generate --set profile=demo
`,
  flags: [
    ...inputFlags,
    {
      flags: '-o, --output <path>',
      description: 'Manifest output directory path, or a file when it ends in .yaml',
    },
    { flags: '--component <name...>', description: 'Specify which component to generate manifests for' },
    { flags: '--filter <kind...>', description: 'Only objects of these kinds', hidden: true },
    { flags: '--cluster-specific', description: 'accepted; the output does not depend on the cluster' },
    { flags: '--dry-run', description: 'accepted', hidden: true },
  ],
  async run(context, _args, options) {
    const { rendering } = await renderInput(context, options);
    const kinds = listOption(options, 'filter');
    const chosen = selected(rendering.components, listOption(options, 'component')).map(
      ({ info, objects }) => ({
        info,
        objects: kinds.length === 0 ? objects : objects.filter((object) => kinds.includes(object.kind)),
      }),
    );
    const output = textOption(options, 'output');
    if (output === '') context.out(yamlStream(chosen.flatMap((component) => component.objects)));
    else write(output, chosen);
    return 0;
  },
};

/** Documents separated by `---`, in apply order. */
export function yamlStream(objects: readonly KubeObject[]): string {
  return objects.map((object) => `${toYaml(object)}---\n`).join('');
}

function selected(
  rendered: readonly RenderedComponent[],
  names: readonly string[],
): readonly RenderedComponent[] {
  const known = components.map((info) => info.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no component ${unknown}; the components are ${known.join(', ')}`);
  return names.length === 0 ? rendered : rendered.filter(({ info }) => names.includes(info.name));
}

function write(output: string, rendered: readonly RenderedComponent[]): void {
  if (/\.ya?ml$/.test(output)) {
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, yamlStream(rendered.flatMap(({ objects }) => objects)));
    return;
  }
  mkdirSync(output, { recursive: true });
  for (const { info, objects } of rendered)
    writeFileSync(join(output, `${info.name}.yaml`), yamlStream(objects));
}
