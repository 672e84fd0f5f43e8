import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../api/object.ts';
import { parseYamlDocuments, toYaml } from '../base/yaml.ts';
import { applyObject } from '../kube/apply-object.ts';
import { describe } from '../kube/resource.ts';
import { ResourceMapper } from '../kube/resource-mapper.ts';
import { isNotFound } from '../kube/status-error.ts';
import { fieldManager, ownerLabels } from '../operator/ownership.ts';
import { objectsOf } from '../render/render.ts';
import { type CliCommand, type CliContext, listOption, type Options, UsageError } from './command.ts';
import { inputFlags, renderInput } from './mesh-input.ts';
import { textDiff } from './text-diff.ts';

/** `istioctl manifest diff`: two files or folders, or with -f or --set what an installation would change in the cluster. */
export const command: CliCommand = {
  args: '[before] [after]',
  flags: [
    ...inputFlags.filter((flag) => !flag.flags.includes('--revision')),
    { flags: '-R, --directory', description: 'Compare directories' },
    {
      flags: '--select <objects>',
      description: 'Kind:namespace:name of objects to compare, * for any',
      fallback: '::',
    },
    { flags: '--ignore <objects>', description: 'Kind:namespace:name of objects to leave out', fallback: '' },
  ],
  async run(context, args, options) {
    if (args.length === 1)
      throw new UsageError(
        'manifest diff takes two manifests, or none with -f or --set to compare with the cluster',
      );
    const pairs =
      args.length === 2
        ? filePairs(args[0] as string, args[1] as string)
        : await clusterPairs(context, options);
    const select = String(options['select'] ?? '::');
    const ignore = String(options['ignore'] ?? '');
    const differences = pairs
      .filter(({ name }) => matchesAny(name, select) && (ignore === '' || !matchesAny(name, ignore)))
      .map(({ name, before, after }) => ({ name, diff: textDiff(before, after) }))
      .filter(({ diff }) => diff !== '');
    if (differences.length === 0) {
      context.out('Manifests are identical\n');
      return 0;
    }
    context.out(
      `Differences in manifests are:\n\n${differences.map(({ name, diff }) => `Object ${name} has diffs:\n\n${diff}\n`).join('\n')}`,
    );
    return 1;
  },
};

interface Pair {
  /** `Deployment:istio-system:istiod` */
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

function filePairs(first: string, second: string): Pair[] {
  const before = index(read(first));
  const after = index(read(second));
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map((name) => ({ name, before: before.get(name) ?? '', after: after.get(name) ?? '' }));
}

function read(path: string): KubeObject[] {
  const files = statSync(path).isDirectory()
    ? globSync('**/*.{yaml,yml}', { cwd: path }).map((file) => join(path, file))
    : [path];
  return files.flatMap((file) => parseYamlDocuments(readFileSync(file, 'utf8')) as KubeObject[]);
}

function index(objects: readonly KubeObject[]): Map<string, string> {
  return new Map(objects.map((object) => [nameOf(object), toYaml(object)]));
}

function nameOf(object: KubeObject): string {
  return `${object.kind}:${object.metadata.namespace ?? ''}:${object.metadata.name}`;
}

function matchesAny(name: string, patterns: string): boolean {
  const parts = name.split(':');
  return patterns
    .split(',')
    .some((pattern) =>
      pattern.split(':').every((want, at) => want === '' || want === '*' || want === parts[at]),
    );
}

/** What is there against what a server-side dry run of our apply gives: only fields we own can differ. */
async function clusterPairs(context: CliContext, options: Options): Promise<Pair[]> {
  if (listOption(options, 'filename').length + listOption(options, 'set').length === 0) {
    throw new UsageError('manifest diff takes two manifests, or -f or --set to compare with the cluster');
  }
  const { rendering } = await renderInput(context, options);
  const client = await context.connect();
  const mapper = new ResourceMapper(client);
  return Promise.all(
    objectsOf(rendering).map(async (object) => {
      const resource = await mapper.resourceOf(object.apiVersion, object.kind);
      const live = await client
        .get(resource, object.metadata.name, object.metadata.namespace)
        .catch((failure: unknown) => {
          if (isNotFound(failure)) return undefined;
          throw new Error(`${describe(object)}: ${String(failure)}`);
        });
      if (live === undefined) return { name: nameOf(object), before: '', after: toYaml(object) };
      const planned = await applyObject(client, resource, ownedLike(object, live), {
        fieldManager,
        dryRun: true,
      });
      return { name: nameOf(object), before: toYaml(comparable(live)), after: toYaml(comparable(planned)) };
    }),
  );
}

/** Whose the object is does not change by an installation's values. */
function ownedLike(object: KubeObject, live: KubeObject): KubeObject {
  const marks = Object.entries(live.metadata.labels ?? {}).filter(([key]) =>
    Object.values<string>(ownerLabels).includes(key),
  );
  const { ownerReferences } = live.metadata;
  const labels = { ...object.metadata.labels, ...Object.fromEntries(marks) };
  return { ...object, metadata: { ...object.metadata, labels, ...(ownerReferences && { ownerReferences }) } };
}

/** Without what changes by being written. */
function comparable(object: KubeObject): KubeObject {
  const { managedFields: _m, resourceVersion: _v, generation: _g, ...metadata } = object.metadata;
  const { status: _s, ...rest } = object;
  return { ...rest, metadata } as KubeObject;
}
