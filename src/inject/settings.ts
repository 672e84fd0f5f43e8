import { error, type Issue } from '../base/issue.ts';
import type { InjectionConfig } from './config.ts';
import type { Pod } from './pod.ts';

/** Per-pod choices: the pod's annotations over the mesh's defaults. */
export interface SidecarSettings {
  readonly image: string;
  readonly logLevel: string;
  readonly componentLogLevel: string;
  readonly interceptionMode: 'REDIRECT' | 'NONE';
  readonly includeIPRanges: string;
  readonly excludeIPRanges: string;
  readonly includeInboundPorts: string;
  readonly excludeInboundPorts: string;
  readonly includeOutboundPorts: string;
  readonly excludeOutboundPorts: string;
  readonly statusPort: number;
  readonly readiness: { initialDelaySeconds: number; periodSeconds: number; failureThreshold: number };
  readonly resources: Readonly<Record<string, unknown>>;
  readonly native: boolean;
  readonly holdApplication: boolean;
  readonly rewriteProbes: boolean;
  readonly prometheusMerge: boolean;
}

/** Ports of the proxy's own that inbound capture must never touch. */
const ownInboundPorts = ['15090', '15021'];

/** Reads the `sidecar.istio.io/*`, `traffic.sidecar.istio.io/*`, `readiness.status.sidecar.istio.io/*` and `proxy.istio.io/*` annotations. */
export function sidecarSettings(
  pod: Pod,
  config: InjectionConfig,
): { settings: SidecarSettings; issues: Issue[] } {
  const annotations = pod.metadata.annotations ?? {};
  const issues: Issue[] = [];
  const reader = new AnnotationReader(annotations, issues);
  const proxyConfig = reader.yamlishObject('proxy.istio.io/config');
  const statusPort = reader.integer('status.sidecar.istio.io/port', config.statusPort);
  const capture = config.capture;
  const mode = reader.text('sidecar.istio.io/interceptionMode', 'REDIRECT');
  if (mode !== 'REDIRECT' && mode !== 'NONE') {
    issues.push(fault('sidecar.istio.io/interceptionMode', `${mode} is not supported: use REDIRECT or NONE`));
  }
  const excluded = [
    ...ownInboundPorts,
    String(statusPort),
    reader.text('traffic.sidecar.istio.io/excludeInboundPorts', capture.excludeInboundPorts),
  ];
  const settings: SidecarSettings = {
    image: reader.text('sidecar.istio.io/proxyImage', config.image),
    logLevel: reader.text('sidecar.istio.io/logLevel', config.logLevel),
    componentLogLevel: reader.text('sidecar.istio.io/componentLogLevel', config.componentLogLevel),
    interceptionMode: mode === 'NONE' ? 'NONE' : 'REDIRECT',
    includeIPRanges: reader.text('traffic.sidecar.istio.io/includeOutboundIPRanges', capture.includeIPRanges),
    excludeIPRanges: reader.text('traffic.sidecar.istio.io/excludeOutboundIPRanges', capture.excludeIPRanges),
    includeInboundPorts: reader.text(
      'traffic.sidecar.istio.io/includeInboundPorts',
      capture.includeInboundPorts,
    ),
    excludeInboundPorts: excluded.filter((part) => part !== '').join(','),
    includeOutboundPorts: reader.text(
      'traffic.sidecar.istio.io/includeOutboundPorts',
      capture.includeOutboundPorts,
    ),
    excludeOutboundPorts: reader.text(
      'traffic.sidecar.istio.io/excludeOutboundPorts',
      capture.excludeOutboundPorts,
    ),
    statusPort,
    readiness: {
      initialDelaySeconds: reader.integer(
        'readiness.status.sidecar.istio.io/initialDelaySeconds',
        config.readiness.initialDelaySeconds,
      ),
      periodSeconds: reader.integer(
        'readiness.status.sidecar.istio.io/periodSeconds',
        config.readiness.periodSeconds,
      ),
      failureThreshold: reader.integer(
        'readiness.status.sidecar.istio.io/failureThreshold',
        config.readiness.failureThreshold,
      ),
    },
    resources: reader.resources(config.resources),
    native: reader.boolean('sidecar.istio.io/nativeSidecar', config.nativeSidecars),
    holdApplication:
      (proxyConfig['holdApplicationUntilProxyStarts'] ?? config.holdApplicationUntilProxyStarts) === true,
    rewriteProbes: reader.boolean('sidecar.istio.io/rewriteAppHTTPProbers', config.rewriteAppHTTPProbe),
    prometheusMerge: reader.boolean('prometheus.istio.io/merge-metrics', config.enablePrometheusMerge),
  };
  return { settings, issues: [...issues, ...portListIssues(settings), ...rangeListIssues(settings)] };
}

class AnnotationReader {
  readonly #annotations: Readonly<Record<string, string>>;
  readonly #issues: Issue[];

  constructor(annotations: Readonly<Record<string, string>>, issues: Issue[]) {
    this.#annotations = annotations;
    this.#issues = issues;
  }

  text(key: string, fallback: string): string {
    return this.#annotations[key] ?? fallback;
  }

  integer(key: string, fallback: number): number {
    const raw = this.#annotations[key];
    if (raw === undefined) return fallback;
    if (!/^\d+$/.test(raw)) this.#issues.push(fault(key, `"${raw}" is not a non-negative integer`));
    return Number.parseInt(raw, 10) || 0;
  }

  boolean(key: string, fallback: boolean): boolean {
    const raw = this.#annotations[key];
    if (raw === undefined) return fallback;
    if (raw !== 'true' && raw !== 'false')
      this.#issues.push(fault(key, `"${raw}" is neither "true" nor "false"`));
    return raw === 'true';
  }

  /** `sidecar.istio.io/proxyCPU`, `…Memory`, `…CPULimit`, `…MemoryLimit` replace the default block when any is set. */
  resources(fallback: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const pick = (suffix: string) => ({
      ...(this.#annotations[`sidecar.istio.io/proxyCPU${suffix}`] && {
        cpu: this.#annotations[`sidecar.istio.io/proxyCPU${suffix}`],
      }),
      ...(this.#annotations[`sidecar.istio.io/proxyMemory${suffix}`] && {
        memory: this.#annotations[`sidecar.istio.io/proxyMemory${suffix}`],
      }),
    });
    const requests = pick('');
    const limits = pick('Limit');
    if (Object.keys(requests).length + Object.keys(limits).length === 0) return fallback;
    return {
      ...(Object.keys(requests).length > 0 && { requests }),
      ...(Object.keys(limits).length > 0 && { limits }),
    };
  }

  /** `proxy.istio.io/config` as an object; the agent reads the whole of it, injection only what it needs. */
  yamlishObject(key: string): Record<string, unknown> {
    const raw = this.#annotations[key];
    if (raw === undefined) return {};
    const hold = /^\s*"?holdApplicationUntilProxyStarts"?\s*:\s*(true|false)/m.exec(
      raw.replaceAll(/[{,]/g, '\n'),
    );
    return hold ? { holdApplicationUntilProxyStarts: hold[1] === 'true' } : {};
  }
}

function fault(key: string, problem: string): Issue {
  return error('InvalidAnnotation', `metadata.annotations[${key}]`, problem);
}

function portListIssues(settings: SidecarSettings): Issue[] {
  const lists: [string, string][] = [
    ['traffic.sidecar.istio.io/includeInboundPorts', settings.includeInboundPorts],
    ['traffic.sidecar.istio.io/excludeInboundPorts', settings.excludeInboundPorts],
    ['traffic.sidecar.istio.io/includeOutboundPorts', settings.includeOutboundPorts],
    ['traffic.sidecar.istio.io/excludeOutboundPorts', settings.excludeOutboundPorts],
  ];
  return lists.flatMap(([key, list]) => {
    if (list === '' || list === '*') return [];
    const bad = list.split(',').filter((part) => !/^\d+$/.test(part.trim()) || Number(part) > 65535);
    return bad.map((part) =>
      fault(key, `"${part}" is not a port: write numbers from 0 to 65535 separated by commas, or *`),
    );
  });
}

function rangeListIssues(settings: SidecarSettings): Issue[] {
  const lists: [string, string][] = [
    ['traffic.sidecar.istio.io/includeOutboundIPRanges', settings.includeIPRanges],
    ['traffic.sidecar.istio.io/excludeOutboundIPRanges', settings.excludeIPRanges],
  ];
  return lists.flatMap(([key, list]) => {
    if (list === '' || list === '*') return [];
    const bad = list.split(',').filter((part) => !/^[0-9a-fA-F:.]+\/\d{1,3}$/.test(part.trim()));
    return bad.map((part) =>
      fault(key, `"${part}" is not a CIDR: write ranges such as 10.0.0.0/8 separated by commas, or *`),
    );
  });
}
