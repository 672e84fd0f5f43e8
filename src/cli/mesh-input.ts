import { readFileSync } from 'node:fs';
import { formatIssue, type Issue } from '../base/issue.ts';
import { errorMessage } from '../base/log.ts';
import { parseYamlDocuments } from '../base/yaml.ts';
import { isMap, type JsonMap, mapAt } from '../render/json.ts';
import { type Library, loadLibrary } from '../render/library.ts';
import { type Rendering, render } from '../render/render.ts';
import type { RenderInput } from '../render/resolve.ts';
import { type CliContext, type Flag, listOption, type Options, textOption, UsageError } from './command.ts';

/** Flags by which every command that renders takes its input. */
export const inputFlags: readonly Flag[] = [
  {
    flags: '-f, --filename <file...>',
    description:
      'Path to file containing IstioOperator custom resource; may be given several times, later ones win',
  },
  {
    flags: '-s, --set <path=value...>',
    description:
      'Override an IstioOperator value, e.g. --set profile=demo or --set values.global.proxy.logLevel=debug',
  },
  { flags: '-r, --revision <name>', description: 'Target control plane revision for the command' },
  {
    flags: '-d, --manifests <path>',
    description: 'not supported: profiles and templates are part of this program',
    hidden: true,
  },
  { flags: '--charts <path>', description: 'not supported', hidden: true },
  { flags: '--force', description: 'Proceed even with validation errors', hidden: true },
];

/** Reads `-f`, `--set` and `--revision` into what the renderer takes. Throws naming the file that is not a single IstioOperator. */
export async function meshInput(context: CliContext, options: Options): Promise<RenderInput> {
  for (const flag of ['manifests', 'charts']) {
    if (options[flag] !== undefined)
      throw new UsageError(`--${flag} is not supported: profiles and templates are part of istioctl`);
  }
  const specs: JsonMap[] = [];
  for (const file of listOption(options, 'filename')) specs.push(specIn(file, await textOf(file, context)));
  const revision = textOption(options, 'revision');
  const sets = [...listOption(options, 'set'), ...(revision === '' ? [] : [`revision=${revision}`])];
  const namespace = context.istioNamespace === 'istio-system' ? [] : [{ namespace: context.istioNamespace }];
  return { specs: [...namespace, ...specs], sets };
}

async function textOf(file: string, context: CliContext): Promise<string> {
  if (file === '-') return context.readStdin();
  if (/^https?:\/\//.test(file)) {
    const response = await fetch(file);
    if (!response.ok) throw new Error(`${file}: HTTP ${response.status}`);
    return response.text();
  }
  return readFileSync(file, 'utf8');
}

function specIn(file: string, text: string): JsonMap {
  let documents: unknown[];
  try {
    documents = parseYamlDocuments(text);
  } catch (failure) {
    throw new Error(`${file}: ${errorMessage(failure)}`);
  }
  const found = documents.filter((doc) => isMap(doc) && doc['kind'] === 'IstioOperator');
  const [first] = documents;
  if (found.length === 0)
    throw new Error(
      `${file}: there is no IstioOperator in it${isMap(first) ? `, but a ${String(first['kind'])}` : ''}`,
    );
  if (found.length > 1)
    throw new Error(`${file}: contains several IstioOperators, only one per file is supported`);
  const unknown = Object.keys(found[0] as object).filter(
    (key) => !['apiVersion', 'kind', 'metadata', 'spec', 'status'].includes(key),
  );
  if (unknown.length > 0) throw new Error(`${file}: unknown field "${unknown[0]}"`);
  return mapAt(found[0], 'spec');
}

/** Renders, prints warnings, and throws one message for all errors. */
export async function renderInput(
  context: CliContext,
  options: Options,
): Promise<{ rendering: Rendering; input: RenderInput; library: Library }> {
  const library = loadLibrary();
  const input = await meshInput(context, options);
  const rendering = render(input, library);
  for (const issue of rendering.issues)
    if (issue.severity !== 'error') context.err(`! ${formatIssue(issue)}\n`);
  refuse(rendering.issues);
  return { rendering, input, library };
}

function refuse(issues: readonly Issue[]): void {
  const errors = issues.filter((issue) => issue.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(formatIssue).join('\n'));
}
