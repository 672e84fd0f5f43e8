import type { HttpRetry } from './rules.ts';

/** The mesh-wide settings the data plane is built from: ConfigMap `istio`, key `mesh`, and where the control plane runs. */
export interface MeshConfig {
  /** Namespace whose rules count for the whole mesh. */
  readonly rootNamespace: string;
  /** DNS suffix of services: `cluster.local`. */
  readonly domain: string;
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  /** Path of the access log, empty for none. */
  readonly accessLogFile: string;
  readonly accessLogFormat: string;
  readonly accessLogEncoding: 'TEXT' | 'JSON';
  /** Milliseconds. */
  readonly connectTimeoutMs: number;
  /** Milliseconds; 0 waits without limit. */
  readonly protocolDetectionTimeoutMs: number;
  readonly defaultServiceExportTo: readonly string[];
  readonly defaultVirtualServiceExportTo: readonly string[];
  readonly defaultDestinationRuleExportTo: readonly string[];
  readonly defaultHttpRetryPolicy: HttpRetry | undefined;
  readonly pathNormalization: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  readonly meshId: string;
  readonly clusterId: string;
  readonly trustDomain: string;
}

export const defaultMeshConfig: MeshConfig = {
  rootNamespace: 'istio-system',
  domain: 'cluster.local',
  outboundTrafficPolicy: 'ALLOW_ANY',
  accessLogFile: '',
  accessLogFormat: '',
  accessLogEncoding: 'TEXT',
  connectTimeoutMs: 10_000,
  protocolDetectionTimeoutMs: 0,
  defaultServiceExportTo: ['*'],
  defaultVirtualServiceExportTo: ['*'],
  defaultDestinationRuleExportTo: ['*'],
  defaultHttpRetryPolicy: undefined,
  pathNormalization: 'BASE',
  meshId: 'cluster.local',
  clusterId: 'Kubernetes',
  trustDomain: 'cluster.local',
};
