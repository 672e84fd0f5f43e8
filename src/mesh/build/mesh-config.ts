import { parseDuration } from '../../base/duration.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import { defaultMeshConfig } from '../model/mesh-config.ts';
import type { HttpRetry } from '../model/rules.ts';

type Json = Record<string, unknown>;

/** MeshConfig from the parsed `mesh` entry of ConfigMap `istio`; what it does not say is Istio's default. */
export function buildMeshConfig(
  mesh: unknown,
  place: { rootNamespace: string; domain: string; clusterId: string },
): MeshConfig {
  const json = object(mesh);
  const trustDomain = text(json['trustDomain'], defaultMeshConfig.trustDomain);
  return {
    ...defaultMeshConfig,
    rootNamespace: text(json['rootNamespace'], place.rootNamespace),
    domain: place.domain,
    clusterId: place.clusterId,
    trustDomain,
    meshId: text(object(object(json['defaultConfig'])['proxyMetadata'])['ISTIO_META_MESH_ID'], trustDomain),
    outboundTrafficPolicy:
      object(json['outboundTrafficPolicy'])['mode'] === 'REGISTRY_ONLY' ? 'REGISTRY_ONLY' : 'ALLOW_ANY',
    accessLogFile: text(json['accessLogFile'], ''),
    accessLogFormat: text(json['accessLogFormat'], ''),
    accessLogEncoding: json['accessLogEncoding'] === 'JSON' ? 'JSON' : 'TEXT',
    connectTimeoutMs: duration(json['connectTimeout'], defaultMeshConfig.connectTimeoutMs),
    protocolDetectionTimeoutMs: duration(json['protocolDetectionTimeout'], 0),
    defaultServiceExportTo: list(json['defaultServiceExportTo']) ?? ['*'],
    defaultVirtualServiceExportTo: list(json['defaultVirtualServiceExportTo']) ?? ['*'],
    defaultDestinationRuleExportTo: list(json['defaultDestinationRuleExportTo']) ?? ['*'],
    defaultHttpRetryPolicy: json['defaultHttpRetryPolicy'] as HttpRetry | undefined,
    pathNormalization: normalization(object(json['pathNormalization'])['normalization']),
  };
}

function normalization(value: unknown): MeshConfig['pathNormalization'] {
  return value === 'NONE' || value === 'MERGE_SLASHES' || value === 'DECODE_AND_MERGE_SLASHES'
    ? value
    : 'BASE';
}

function object(value: unknown): Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

function duration(value: unknown, fallback: number): number {
  return (typeof value === 'string' ? parseDuration(value) : undefined) ?? fallback;
}

function list(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}
