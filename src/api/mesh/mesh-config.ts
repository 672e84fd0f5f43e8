import { hasErrors, type Issue } from '../../base/issue.ts';
import { decode } from '../schema/decode.ts';
import { Report } from '../schema/report.ts';
import { defaultMeshConfig } from './defaults.ts';
import { meshConfig as meshConfigSchema, meshNetworks as meshNetworksSchema } from './mesh-config.schema.ts';
import { meshProxyConfig } from './proxy-config.schema.ts';
import type { ExtensionProvider, MeshConfig, MeshNetworks, MeshProxyConfig } from './types.gen.ts';
import { checkMeshConfig, checkMeshNetworks, checkProxyConfig } from './validate-mesh.ts';

/** The value in effect, and what is wrong with what was written. With errors, `config` is the defaults alone. */
export interface MeshResult<T> {
  readonly config: T;
  readonly issues: readonly Issue[];
}

/**
 * Mesh settings over the defaults, as Istio's mesh.ApplyMeshConfig joins them: a field replaces the default; `defaultConfig` and
 * `defaultProviders` are merged field by field; extension providers are merged by name; trust domain aliases are united.
 */
export function applyMeshConfig(
  value: unknown,
  base: MeshConfig = defaultMeshConfig(),
  path = '',
): MeshResult<MeshConfig> {
  const report = new Report();
  const given = (
    value === null || value === undefined
      ? {}
      : decode(meshConfigSchema, value, path, report, { lenient: true })
  ) as MeshConfig | undefined;
  const config = given === undefined ? base : merge(base, given);
  if (!hasErrors(report.issues)) checkMeshConfig(config, report, path);
  return { config: hasErrors(report.issues) ? base : config, issues: report.issues };
}

function merge(base: MeshConfig, given: MeshConfig): MeshConfig {
  const merged: MeshConfig = { ...base, ...given };
  if (base.defaultConfig !== undefined || given.defaultConfig !== undefined)
    merged.defaultConfig = mergeProxyConfig(base.defaultConfig ?? {}, given.defaultConfig ?? {});
  if (given.defaultProviders !== undefined)
    merged.defaultProviders = { ...base.defaultProviders, ...given.defaultProviders };
  merged.extensionProviders = mergeProviders(base.extensionProviders ?? [], given.extensionProviders ?? []);
  merged.trustDomainAliases = [
    ...new Set([...(base.trustDomainAliases ?? []), ...(given.trustDomainAliases ?? [])]),
  ].sort();
  return merged;
}

function mergeProviders(
  base: readonly ExtensionProvider[],
  given: readonly ExtensionProvider[],
): ExtensionProvider[] {
  const byName = new Map(base.map((provider) => [provider.name, provider]));
  for (const provider of given) byName.set(provider.name, provider);
  return [...byName.values()];
}

/** Proxy settings over others, as Istio's mesh.MergeProxyConfig joins them: metadata is united, the rest replaced field by field. */
export function mergeProxyConfig(base: MeshProxyConfig, given: MeshProxyConfig): MeshProxyConfig {
  const merged: MeshProxyConfig = { ...base, ...given };
  if (base.proxyMetadata !== undefined && given.proxyMetadata !== undefined)
    merged.proxyMetadata = { ...base.proxyMetadata, ...given.proxyMetadata };
  if (base.proxyHeaders !== undefined && given.proxyHeaders !== undefined)
    merged.proxyHeaders = { ...base.proxyHeaders, ...given.proxyHeaders };
  if (given.tracingServiceName !== undefined) delete merged.serviceCluster;
  return merged;
}

/** Settings of one proxy: the value of `proxy.istio.io/config`, over the mesh's. */
export function applyProxyConfig(
  value: unknown,
  base: MeshProxyConfig,
  path = '',
): MeshResult<MeshProxyConfig> {
  const report = new Report();
  const given = (
    value === null || value === undefined
      ? {}
      : decode(meshProxyConfig, value, path, report, { lenient: true })
  ) as MeshProxyConfig | undefined;
  const config = mergeProxyConfig(base, given ?? {});
  if (!hasErrors(report.issues)) checkProxyConfig(config, report, path);
  return { config: hasErrors(report.issues) ? base : config, issues: report.issues };
}

/** `meshNetworks`, decoded and checked; empty with errors. */
export function readMeshNetworks(value: unknown, path = ''): MeshResult<MeshNetworks> {
  const report = new Report();
  const config = (
    value === null || value === undefined
      ? {}
      : decode(meshNetworksSchema, value, path, report, { lenient: true })
  ) as MeshNetworks | undefined;
  if (config !== undefined) checkMeshNetworks(config, report, path);
  return {
    config: config === undefined || hasErrors(report.issues) ? { networks: {} } : config,
    issues: report.issues,
  };
}
