import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { hasErrors } from '../base/issue.ts';
import { errorMessage } from '../base/log.ts';
import { sourceLimits } from '../base/yaml-stream.ts';
import { type CliCommand, exitCodes, listOption, textOption } from './command.ts';
import { type Finding, validateSource } from './validate-source.ts';

const missingFile = `you must specify resources by --filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'`;

/** `istioctl validate -f FILE|DIRECTORY|-`: works on files alone, never asks a cluster. */
export const command: CliCommand = {
  examples: `
Examples:
  # Validate one file
  istioctl validate -f samples/bookinfo/networking/bookinfo-gateway.yaml

  # Validate all .yaml, .yml and .json files below a directory
  istioctl validate -f samples/bookinfo/networking

  # Validate what a cluster has
  kubectl get services -o yaml | istioctl validate -f -
`,
  flags: [
    { flags: '-f, --filename <file...>', description: 'Inputs of files to validate' },
    {
      flags: '-x, --referential [value]',
      description: 'Enable structural validation for policy and telemetry',
      hidden: true,
    },
  ],
  async run(context, args, options) {
    if (args.length > 0) return failed(context.err, [`unknown command "${args[0]}" for "istioctl validate"`]);
    const names = listOption(options, 'filename').flatMap((name) => name.split(','));
    if (names.length === 0) return failed(context.err, [missingFile]);
    const rules = {
      istioNamespace: context.istioNamespace,
      defaultNamespace: context.namespace ?? textOption(options, 'namespace', 'default'),
    };
    const findings = new Map<string, readonly Finding[]>();
    const faults: string[] = [];
    for (const name of names) {
      for (const file of filesOf(name, faults)) {
        const bytes = await contentOf(file, context.readStdin, faults);
        if (bytes !== undefined)
          findings.set(file, validateSource(bytes, file === '-' ? 'stdin' : file, rules));
      }
    }
    return printed(context.err, findings, faults);
  },
};

const extensions = ['.json', '.yaml', '.yml'];

function filesOf(name: string, faults: string[]): string[] {
  if (name === '-') return [name];
  if (/^https?:\/\//.test(name)) {
    faults.push(
      `cannot read ${JSON.stringify(name)}: only files, directories and - (standard input) are read`,
    );
    return [];
  }
  try {
    if (!statSync(name).isDirectory()) return [name];
    const below = readdirSync(name, { recursive: true, withFileTypes: true });
    return below
      .filter((entry) => !entry.isDirectory() && extensions.includes(extname(entry.name)))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (thrown) {
    faults.push(`cannot stat file ${JSON.stringify(name)}: ${errorMessage(thrown)}`);
    return [];
  }
}

async function contentOf(
  file: string,
  readStdin: () => Promise<string>,
  faults: string[],
): Promise<Uint8Array | undefined> {
  try {
    if (file === '-') return new TextEncoder().encode(await readStdin());
    if (statSync(file).size > sourceLimits.maxBytes) {
      faults.push(
        `${file}:1: file is larger than the ${sourceLimits.maxBytes / 1024 / 1024} MiB that are read`,
      );
      return undefined;
    }
    return readFileSync(file);
  } catch (thrown) {
    faults.push(`cannot read file ${JSON.stringify(file)}: ${errorMessage(thrown)}`);
    return undefined;
  }
}

/** Prints in Istio's layout: warnings by file, then either all errors at once, or each good file. */
function printed(
  write: (text: string) => void,
  findings: ReadonlyMap<string, readonly Finding[]>,
  faults: readonly string[],
): number {
  const errors = [...faults];
  for (const found of findings.values()) errors.push(...lines(found, 'error'));
  const broken = errors.length > 0;
  for (const [file, found] of findings) {
    for (const line of lines(found, 'info')) write(`${line}\n`);
    const warnings = lines(found, 'warning');
    const list = `\n\t* ${warnings.join('\n\t* ')}\n`;
    if (warnings.length > 0) write(file === '-' ? list : `${JSON.stringify(file)} has warnings: ${list}\n`);
    else if (!broken && !hasErrors(found))
      write(file === '-' ? 'validation succeed\n' : `${JSON.stringify(file)} is valid\n`);
  }
  return broken ? failed(write, errors) : exitCodes.ok;
}

function lines(findings: readonly Finding[], severity: Finding['severity']): string[] {
  return findings.filter((finding) => finding.severity === severity).map((finding) => finding.text);
}

function failed(write: (text: string) => void, errors: readonly string[]): number {
  const [only] = errors;
  const listed = only !== undefined && errors.length === 1 && only === missingFile;
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  write(listed ? `Error: ${only}\n` : `Error: ${count} occurred:\n\t* ${errors.join('\n\t* ')}\n\n`);
  return exitCodes.failed;
}
