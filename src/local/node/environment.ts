import type { Fields } from '../api/object.ts';
import { asObject, at } from '../api/object.ts';
import type { Container, EnvVar, Pod, ResourceFieldRef } from './pod-spec.ts';
import { resourceValue } from './quantity.ts';

/** What environment and downward API files are filled from. */
export interface PodFacts {
  readonly pod: Pod;
  readonly podIp: string;
  readonly nodeName: string;
  readonly nodeIp: string;
  configMap(name: string): Fields | undefined;
  secret(name: string): Fields | undefined;
}

/** A missing ConfigMap, Secret or key: the container waits in CreateContainerConfigError with this message until it is there. */
export class MissingReferenceError extends Error {}

/**
 * A container's environment: `envFrom`, then `env` in order, `$(NAME)` replaced by what was defined before (`$$` is a dollar; an unknown
 * name stays as written). Throws MissingReferenceError.
 */
export function containerEnv(
  facts: PodFacts,
  container: Container,
  initial: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = { ...initial };
  for (const source of container.envFrom ?? []) {
    Object.assign(env, envFrom(facts, source.configMapRef, 'configmap', source.prefix));
    Object.assign(env, envFrom(facts, source.secretRef, 'secret', source.prefix));
  }
  for (const variable of container.env ?? []) {
    const value = envValue(facts, container, variable);
    if (value !== undefined) env[variable.name] = variable.valueFrom ? value : expandVariables(value, env);
  }
  return env;
}

function envFrom(
  facts: PodFacts,
  ref: { name: string; optional?: boolean } | undefined,
  kind: 'configmap' | 'secret',
  prefix = '',
): Record<string, string> {
  if (ref === undefined) return {};
  const data =
    kind === 'secret' ? secretData(facts.secret(ref.name)) : configMapData(facts.configMap(ref.name));
  if (data === undefined) {
    if (ref.optional) return {};
    throw new MissingReferenceError(`${kind} "${ref.name}" not found`);
  }
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [prefix + key, value.toString('utf8')]),
  );
}

function envValue(facts: PodFacts, container: Container, variable: EnvVar): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined) return variable.value ?? '';
  if (from.fieldRef) return fieldValue(facts, from.fieldRef.fieldPath) ?? '';
  if (from.resourceFieldRef) return resourceFieldValue(facts.pod, container, from.resourceFieldRef);
  const ref = from.configMapKeyRef ?? from.secretKeyRef;
  if (ref === undefined) return '';
  const kind = from.secretKeyRef ? 'secret' : 'configmap';
  const data =
    kind === 'secret' ? secretData(facts.secret(ref.name)) : configMapData(facts.configMap(ref.name));
  const value = data?.[ref.key];
  if (value !== undefined) return value.toString('utf8');
  if (ref.optional) return undefined;
  throw new MissingReferenceError(
    data === undefined
      ? `${kind} "${ref.name}" not found`
      : `couldn't find key ${ref.key} in ${kind === 'secret' ? 'Secret' : 'ConfigMap'} ${facts.pod.metadata.namespace}/${ref.name}`,
  );
}

/** `$(NAME)` replaced from `env`; `$$(NAME)` gives the literal `$(NAME)`. */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()$]*)\))/g, (whole, escaped: string, name: string | undefined) => {
    if (escaped === '$') return '$';
    return name !== undefined && Object.hasOwn(env, name) ? (env[name] as string) : whole;
  });
}

/** A `fieldRef`: env and downward API volumes know the same paths. Undefined for a path this node does not offer. */
export function fieldValue(facts: PodFacts, path: string): string | undefined {
  const { pod } = facts;
  const keyed = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(path);
  if (keyed) return String(at(pod.metadata, keyed[1] as string, keyed[2] as string) ?? '');
  switch (path) {
    case 'metadata.name':
    case 'metadata.namespace':
    case 'metadata.uid':
      return String(at(pod, ...path.split('.')) ?? '');
    case 'metadata.labels':
    case 'metadata.annotations':
      return formatMap(asObject(at(pod, ...path.split('.'))) ?? {});
    case 'spec.nodeName':
      return facts.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? 'default';
    case 'status.podIP':
    case 'status.podIPs':
      return facts.podIp;
    case 'status.hostIP':
    case 'status.hostIPs':
      return facts.nodeIp;
    default:
      return undefined;
  }
}

/** Labels or annotations as the downward API writes them: `key="value"`, sorted, one a line. */
function formatMap(map: Fields): string {
  return Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(String(value))}`)
    .join('\n');
}

/** A `resourceFieldRef`; a limit that is not set is the node's whole capacity, as kubelet has it. */
export function resourceFieldValue(pod: Pod, own: Container, ref: ResourceFieldRef): string {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const container = ref.containerName ? (all.find(({ name }) => name === ref.containerName) ?? own) : own;
  return resourceValue(container.resources ?? {}, ref.resource, ref.divisor);
}

export function configMapData(object: Fields | undefined): Record<string, Buffer> | undefined {
  if (object === undefined) return undefined;
  const data: Record<string, Buffer> = {};
  for (const [key, value] of Object.entries(asObject(object['data']) ?? {}))
    data[key] = Buffer.from(String(value));
  for (const [key, value] of Object.entries(asObject(object['binaryData']) ?? {})) {
    data[key] = Buffer.from(String(value), 'base64');
  }
  return data;
}

export function secretData(object: Fields | undefined): Record<string, Buffer> | undefined {
  if (object === undefined) return undefined;
  const entries = Object.entries(asObject(object['data']) ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(String(value), 'base64')]));
}
