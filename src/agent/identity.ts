import { ports } from '../base/ports.ts';

/** Who this proxy is, read once from the environment that injection or the gateway template set. */
export interface ProxyIdentity {
  readonly type: 'sidecar' | 'router' | 'waypoint';
  readonly podName: string;
  readonly namespace: string;
  readonly ip: string;
  /** DNS domain of the workload's namespace: `default.svc.cluster.local`. */
  readonly domain: string;
  readonly serviceAccount: string;
  /** Name of the configuration (docs/contracts.md). */
  readonly configName: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Istio's node id: `sidecar~10.244.1.69~reviews-v1-abc.default~default.svc.cluster.local`. */
export function nodeId(identity: ProxyIdentity): string {
  return `${identity.type}~${identity.ip}~${identity.podName}.${identity.namespace}~${identity.domain}`;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the identity, or names every variable that is missing. */
export function identityFromEnvironment(
  env: Environment,
  type: ProxyIdentity['type'],
  domain: string | undefined,
): ProxyIdentity | { readonly missing: string[] } {
  const missing = ['POD_NAME', 'POD_NAMESPACE', 'INSTANCE_IP', 'PROXY_CONFIG_NAME'].filter(
    (name) => !env[name],
  );
  if (missing.length > 0) return { missing };
  const namespace = env['POD_NAMESPACE'] as string;
  return {
    type,
    podName: env['POD_NAME'] as string,
    namespace,
    ip: env['INSTANCE_IP'] as string,
    domain: domain ?? `${namespace}.svc.cluster.local`,
    serviceAccount: env['SERVICE_ACCOUNT'] ?? 'default',
    configName: env['PROXY_CONFIG_NAME'] as string,
    metadata: metadataFromEnvironment(env),
  };
}

/** `ISTIO_META_X` becomes metadata `X`; `ISTIO_METAJSON_X` is parsed and, if an object, spread over the top level (Istio's rule). */
function metadataFromEnvironment(env: Environment): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (name.startsWith('ISTIO_META_')) metadata[name.slice('ISTIO_META_'.length)] = value;
    else if (name.startsWith('ISTIO_METAJSON_'))
      metadata[name.slice('ISTIO_METAJSON_'.length)] = parseJson(value);
  }
  return metadata;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** meshConfig.defaultConfig and the pod's `proxy.istio.io/config`, as far as the agent acts on them. */
export interface AgentSettings {
  readonly statusPort: number;
  readonly adminPort: number;
  /** Worker threads of the proxy; 0 means "as many as the CPU limit allows". */
  readonly concurrency: number;
  readonly terminationDrainMs: number;
  readonly exitOnZeroActiveConnections: boolean;
  readonly minimumDrainMs: number;
  readonly drainSeconds: number;
}

export function agentSettings(
  env: Environment,
  proxyConfig: Readonly<Record<string, unknown>>,
): AgentSettings {
  const limit = Number(env['ISTIO_CPU_LIMIT'] ?? 0);
  const concurrency = proxyConfig['concurrency'];
  return {
    statusPort: Number(proxyConfig['statusPort'] ?? ports.agentStatus),
    adminPort: Number(proxyConfig['proxyAdminPort'] ?? ports.proxyAdmin),
    concurrency: typeof concurrency === 'number' ? concurrency : Math.max(1, Math.ceil(limit)),
    terminationDrainMs: durationMs(proxyConfig['terminationDrainDuration'], 5000),
    exitOnZeroActiveConnections: env['EXIT_ON_ZERO_ACTIVE_CONNECTIONS'] === 'true',
    minimumDrainMs: durationMs(env['MINIMUM_DRAIN_DURATION'], 5000),
    drainSeconds: durationMs(proxyConfig['drainDuration'], 45_000) / 1000,
  };
}

/** `5s`, `1m30s`, `250ms`; anything else is the fallback: validation of mesh configuration happens where it is written. */
function durationMs(value: unknown, fallback: number): number {
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return fallback;
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let total = 0;
  for (const [, amount, name] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    total += Number(amount) * (unit[name as string] as number);
  return total;
}
