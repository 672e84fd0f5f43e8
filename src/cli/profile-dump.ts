import { formatIssue } from '../base/issue.ts';
import { toYaml } from '../base/yaml.ts';
import { iopApiVersion } from '../operator/ownership.ts';
import { isMap, type Json, type JsonMap, valueAt } from '../render/json.ts';
import { loadLibrary } from '../render/library.ts';
import { resolveSpec } from '../render/resolve.ts';
import {
  type CliCommand,
  type CliContext,
  listOption,
  type Options,
  textOption,
  UsageError,
} from './command.ts';
import { meshInput } from './mesh-input.ts';

/** `istioctl profile dump [profile]`: the profile with everything it inherits, as one IstioOperator. */
export const command: CliCommand = {
  args: '[profile]',
  flags: [
    {
      flags: '-f, --filename <file...>',
      description: 'Path to file containing IstioOperator custom resource',
    },
    {
      flags: '-o, --output <format>',
      description: 'Output format: one of json|yaml|flags',
      fallback: 'yaml',
    },
    {
      flags: '-p, --config-path <path>',
      description:
        'The path the root of the configuration subtree to dump e.g. components.pilot. By default, dump whole tree',
    },
    { flags: '-s, --set <path=value...>', description: 'Override an IstioOperator value' },
    { flags: '-d, --manifests <path>', description: 'not supported', hidden: true },
  ],
  async run(context, args, options) {
    const spec = await profileSpec(context, args[0], options);
    const path = textOption(options, 'configPath').replace(/^spec\.?/, '');
    const part =
      path === '' ? { apiVersion: iopApiVersion, kind: 'IstioOperator', spec } : valueAt(spec, path);
    if (part === undefined) throw new Error(`there is no ${path} in the profile`);
    context.out(formatted(textOption(options, 'output', 'yaml'), part as Json));
    return 0;
  },
};

/** The merged spec of a profile, or of the files given instead. */
export async function profileSpec(
  context: CliContext,
  profile: string | undefined,
  options: Options,
): Promise<JsonMap> {
  if (profile !== undefined && listOption(options, 'filename').length > 0)
    throw new UsageError('cannot specify both profile name and filename flag');
  const input = await meshInput(context, options);
  const { spec, issues } = resolveSpec(
    { ...input, specs: [...input.specs, ...(profile === undefined ? [] : [{ profile }])] },
    loadLibrary(),
  );
  const errors = issues.filter((issue) => issue.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(formatIssue).join('\n'));
  return spec;
}

function formatted(format: string, value: Json): string {
  switch (format) {
    case 'yaml':
      return toYaml(value);
    case 'json':
      return `${JSON.stringify(value, null, 2)}\n`;
    case 'flags':
      return flagLines(isMap(value) && isMap(value['spec']) ? value['spec'] : value, '').join('');
    default:
      throw new UsageError(`unknown output format: ${format}`);
  }
}

function flagLines(value: Json, path: string): string[] {
  if (isMap(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, entry]) =>
      flagLines(entry, `${path === '' ? '' : `${path}.`}${key.replaceAll('.', '\\.')}`),
    );
  }
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((entry, index) => flagLines(entry, `${path}[${index}]`));
  return [`${path}=${typeof value === 'string' ? value : JSON.stringify(value)}\n`];
}
