import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatIssue } from '../../base/issue.ts';
import { ConfigFault } from '../../match/config-fault.ts';
import { decode } from '../../xds/decode.ts';
import { DiscoveryResponse, type RawResource } from '../../xds/messages/discovery.ts';
import { type SdsSecretConfig, Secret } from '../../xds/messages/tls.ts';
import { parseDocument, sourcePath } from './file-snapshot.ts';

/** Secrets that stand in the bootstrap (`static_resources.secrets`), by name. */
const bootstrapSecrets = new Map<string, Secret>();

export function setBootstrapSecrets(secrets: readonly Secret[]): void {
  bootstrapSecrets.clear();
  for (const secret of secrets) bootstrapSecrets.set(secret.name, secret);
}

interface CachedFile {
  readonly stamp: string;
  readonly resources: readonly RawResource[];
}

/** A file is parsed once for all clusters and listeners that take secrets from it. */
const files = new Map<string, CachedFile>();
const maxFiles = 64;

/** Directories whose changes may change the secret. */
export function secretDirectories(config: SdsSecretConfig): string[] {
  if (config.sds_config === undefined) {
    if (bootstrapSecrets.has(config.name)) return [];
    throw new ConfigFault('name', `no static secret "${config.name}", and no sds_config to find it by`);
  }
  const { path, watched } = sourcePath(config.sds_config);
  return [watched ?? dirname(path)];
}

/** The secret as it is now; throws when its file or the secret in it cannot be read. */
export function readSecret(config: SdsSecretConfig): Secret {
  if (config.sds_config === undefined) return bootstrapSecrets.get(config.name) as Secret;
  const { path } = sourcePath(config.sds_config);
  const resources = readResources(path);
  const raw = resources.find(({ name }) => name === config.name) ?? onlyUnnamed(resources);
  if (raw === undefined) throw new Error(`${path} holds no secret "${config.name}"`);
  const { value, issues } = decode(Secret, raw.json, path);
  if (value === undefined) throw new Error(issues.map(formatIssue).join('; '));
  return value;
}

function onlyUnnamed(resources: readonly RawResource[]): RawResource | undefined {
  return resources.length === 1 && resources[0]?.name === '' ? resources[0] : undefined;
}

function readResources(path: string): readonly RawResource[] {
  const { ino, mtimeMs, size } = statSync(path);
  const stamp = `${ino} ${mtimeMs} ${size}`;
  const cached = files.get(path);
  if (cached?.stamp === stamp) return cached.resources;
  const { value, issues } = decode(DiscoveryResponse, parseDocument(readFileSync(path, 'utf8')), path);
  if (value === undefined) throw new Error(issues.map(formatIssue).join('; '));
  if (files.size >= maxFiles) files.clear();
  files.set(path, { stamp, resources: value.resources });
  return value.resources;
}
