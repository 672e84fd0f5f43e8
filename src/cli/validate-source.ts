import { kindNamed, kindOf, kinds } from '../api/kinds.ts';
import { validateKubernetesObject } from '../api/kubernetes-objects.ts';
import { pathParts } from '../api/schema/report.ts';
import { didYouMean } from '../api/schema/suggest.ts';
import { validateObject } from '../api/validate-object.ts';
import { formatIssue, type Issue, warning } from '../base/issue.ts';
import { readSource, type SourceDocument } from '../base/yaml-stream.ts';

/** An issue and its line of output: `file:line: Kind/namespace/name: path: message`. */
export interface Finding extends Issue {
  readonly line: number;
  readonly text: string;
}

export interface SourceRules {
  /** Services and Deployments of this namespace are not judged. */
  readonly istioNamespace: string;
  /** Where an object without namespace is taken to be. */
  readonly defaultNamespace: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Validates every document of a file's bytes. */
export function validateSource(bytes: Uint8Array, file: string, rules: SourceRules): readonly Finding[] {
  const { documents, fault } = readSource(bytes);
  const findings = documents
    .flatMap((document) => validateDocument(document, file, rules))
    .sort((a, b) => a.line - b.line);
  if (fault === undefined) return findings;
  const message = `failed to decode file: ${fault.message}`;
  return [
    ...findings,
    {
      code: 'Unreadable',
      path: '',
      severity: 'error',
      message,
      line: fault.line,
      text: `${file}:${fault.line}: ${message}`,
    },
  ];
}

function validateDocument(document: SourceDocument, file: string, rules: SourceRules): Finding[] {
  const value = document.value;
  const at = (issue: Issue, prefix: readonly (string | number)[], owner: string): Finding => {
    const parts = pathParts(issue.path);
    const line = prefix.length + parts.length === 0 ? document.line : document.lineOf([...prefix, ...parts]);
    return { ...issue, line, text: `${file}:${line}: ${owner}${formatIssue(issue)}` };
  };
  const items =
    isObject(value) && value['kind'] === 'List' && Array.isArray(value['items'])
      ? (value['items'] as unknown[])
      : undefined;
  if (items === undefined) return validateValue(value, rules).map((issue) => at(issue, [], ownerOf(value)));
  return items.flatMap((entry, index) =>
    validateValue(entry, rules).map((issue) => at(issue, ['items', index], ownerOf(entry))),
  );
}

function validateValue(value: unknown, rules: SourceRules): readonly Issue[] {
  if (!isObject(value)) return validateObject(value);
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    return value['apiVersion'] === undefined && value['kind'] === undefined && Object.keys(value).length === 0
      ? []
      : validateObject(value);
  if (kindOf(apiVersion, kind) !== undefined)
    return validateObject(value, { defaultNamespace: rules.defaultNamespace });
  const namespace = metadataOf(value)['namespace'];
  if (namespace === rules.istioNamespace) return [];
  return [...unknownKind(apiVersion, kind), ...validateKubernetesObject(value)];
}

const groups = new Set(kinds.map((row) => row.group));

/** A group of the mesh with a kind or version it has not is most likely a slip. */
function unknownKind(apiVersion: string, kind: string): Issue[] {
  const group = apiVersion.split('/')[0] ?? '';
  if (!groups.has(group)) return [];
  const row = kindNamed(kind);
  if (row !== undefined && row.group === group)
    return [
      warning(
        'UnknownVersion',
        'apiVersion',
        `${kind} has no version ${apiVersion}; use ${group}/${row.versions[0]}`,
      ),
    ];
  const names = kinds.filter((other) => other.group === group).map((other) => other.kind);
  return [warning('UnknownKind', 'kind', `${group} has no kind ${kind}${didYouMean(kind, names)}`)];
}

function ownerOf(value: unknown): string {
  if (!isObject(value) || typeof value['kind'] !== 'string') return '';
  const metadata = metadataOf(value);
  return `${value['kind']}/${text(metadata['namespace'])}/${text(metadata['name'])}: `;
}

function metadataOf(value: Json): Json {
  return isObject(value['metadata']) ? value['metadata'] : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
