import type { TokenOptions } from '../api/local-api.ts';
import {
  configMapData,
  fieldValue,
  MissingReferenceError,
  type PodFacts,
  resourceFieldValue,
  secretData,
} from './environment.ts';
import type { ConfigMapSource, DownwardItem, KeyToPath, ProjectedSource, Volume } from './pod-spec.ts';

/** One file of a volume. */
export interface VolumeFile {
  readonly content: Buffer;
  readonly mode: number;
}

/** Relative path → file. */
export type VolumeFiles = Map<string, VolumeFile>;

/** A projected service account token that has to be fetched and renewed. */
export interface TokenRequest {
  readonly path: string;
  readonly mode: number;
  readonly options: TokenOptions;
}

const defaultFileMode = 0o644;
const emptyData: Record<string, Buffer> = {};

/**
 * The files of a configMap, secret, downwardAPI or projected volume, and the tokens to add to them. Undefined for volumes of other
 * types. Throws MissingReferenceError when a source that is not optional is missing.
 */
export function volumeContent(
  facts: PodFacts,
  volume: Volume,
): { files: VolumeFiles; tokens: TokenRequest[] } | undefined {
  const files: VolumeFiles = new Map();
  const tokens: TokenRequest[] = [];
  if (volume.configMap) {
    addConfigMap(files, facts, volume.configMap, volume.configMap.defaultMode ?? defaultFileMode);
  } else if (volume.secret) {
    const { secretName, ...rest } = volume.secret;
    addSecret(files, facts, { ...rest, name: secretName }, rest.defaultMode ?? defaultFileMode);
  } else if (volume.downwardAPI) {
    addDownward(files, facts, volume.downwardAPI.items, volume.downwardAPI.defaultMode ?? defaultFileMode);
  } else if (volume.projected) {
    const mode = volume.projected.defaultMode ?? defaultFileMode;
    for (const source of volume.projected.sources ?? []) addProjected({ files, tokens }, facts, source, mode);
  } else return undefined;
  return { files, tokens };
}

function addProjected(
  into: { files: VolumeFiles; tokens: TokenRequest[] },
  facts: PodFacts,
  source: ProjectedSource,
  mode: number,
): void {
  if (source.configMap) addConfigMap(into.files, facts, source.configMap, mode);
  if (source.secret) addSecret(into.files, facts, source.secret, mode);
  if (source.downwardAPI) addDownward(into.files, facts, source.downwardAPI.items, mode);
  if (source.serviceAccountToken) {
    const { audience, expirationSeconds, path } = source.serviceAccountToken;
    const { name, uid } = facts.pod.metadata;
    into.tokens.push({
      path,
      mode,
      options: {
        expirationSeconds: expirationSeconds ?? 3600,
        pod: { name, uid: uid ?? '' },
        ...(audience ? { audiences: [audience] } : {}),
      },
    });
  }
}

function addConfigMap(files: VolumeFiles, facts: PodFacts, source: ConfigMapSource, mode: number): void {
  const name = source.name ?? '';
  const data = configMapData(facts.configMap(name));
  if (data === undefined && !source.optional)
    throw new MissingReferenceError(`configmap "${name}" not found`);
  addData(files, data ?? emptyData, source, mode, `configmap "${name}"`);
}

function addSecret(files: VolumeFiles, facts: PodFacts, source: ConfigMapSource, mode: number): void {
  const name = source.name ?? '';
  const data = secretData(facts.secret(name));
  if (data === undefined && !source.optional) throw new MissingReferenceError(`secret "${name}" not found`);
  addData(files, data ?? emptyData, source, mode, `secret "${name}"`);
}

function addData(
  files: VolumeFiles,
  data: Record<string, Buffer>,
  source: { items?: readonly KeyToPath[]; optional?: boolean },
  mode: number,
  what: string,
): void {
  if (source.items === undefined || source.items.length === 0) {
    for (const [key, content] of Object.entries(data)) files.set(key, { content, mode });
    return;
  }
  for (const item of source.items) {
    const content = data[item.key];
    if (content !== undefined) files.set(item.path, { content, mode: item.mode ?? mode });
    else if (!source.optional) throw new MissingReferenceError(`${what} has no key "${item.key}"`);
  }
}

function addDownward(
  files: VolumeFiles,
  facts: PodFacts,
  items: readonly DownwardItem[] | undefined,
  mode: number,
): void {
  for (const item of items ?? []) {
    const own = facts.pod.spec.containers[0];
    const text = item.fieldRef
      ? fieldValue(facts, item.fieldRef.fieldPath)
      : item.resourceFieldRef && own && resourceFieldValue(facts.pod, own, item.resourceFieldRef);
    files.set(item.path, { content: Buffer.from(text ?? ''), mode: item.mode ?? mode });
  }
}

/** The ConfigMaps and Secrets a volume is made of: a change of one of them changes the volume. */
export function volumeSources(volume: Volume): { configMaps: string[]; secrets: string[] } {
  const projected = volume.projected?.sources ?? [];
  const configMaps = [volume.configMap?.name, ...projected.map((source) => source.configMap?.name)];
  const secrets = [volume.secret?.secretName, ...projected.map((source) => source.secret?.name)];
  const named = (names: (string | undefined)[]) => names.filter((name): name is string => Boolean(name));
  return { configMaps: named(configMaps), secrets: named(secrets) };
}
