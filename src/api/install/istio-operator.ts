import { hasErrors, type Issue } from '../../base/issue.ts';
import { applyMeshConfig } from '../mesh/mesh-config.ts';
import { isCidr, isDnsLabel } from '../rules/host-name.ts';
import { decode } from '../schema/decode.ts';
import { child, item, Report } from '../schema/report.ts';
import { istioOperator } from './operator.schema.ts';
import type { GatewayComponentSpec, IstioOperatorSpec } from './types.gen.ts';
import { formerValues, values as valuesSchema } from './values.schema.ts';

export interface OperatorResult {
  readonly spec: IstioOperatorSpec;
  readonly issues: readonly Issue[];
}

/**
 * Decodes the spec of an IstioOperator strictly: unknown fields anywhere but in `unvalidatedValues` are errors with a suggestion. `spec` is
 * what could be read, in canonical names (`mesh_config` → `meshConfig`), for callers that go on in spite of errors.
 */
export function decodeIstioOperator(spec: unknown, path = 'spec'): OperatorResult {
  const report = new Report();
  const decoded = (decode(istioOperator, spec ?? {}, path, report, { lenient: true }) ??
    {}) as IstioOperatorSpec;
  checkMeshSettings(report, path, decoded);
  checkImages(report, path, decoded);
  if (decoded.revision && !isDnsLabel(decoded.revision))
    report.error(
      'InvalidRevision',
      child(path, 'revision'),
      `${JSON.stringify(decoded.revision)} is not a DNS label`,
    );
  checkFormer(report, path, decoded);
  checkCapture(report, path, decoded);
  checkGateways(report, path, decoded);
  checkAutoscaling(report, path, decoded);
  return { spec: decoded, issues: report.issues };
}

/** Decodes `values` alone, as `--set values.…` and values files give them. */
export function decodeValues(
  values: unknown,
  path = 'values',
): { values: Record<string, unknown>; issues: readonly Issue[] } {
  const report = new Report();
  const decoded = decode(valuesSchema, values ?? {}, path, report, { lenient: true });
  return { values: (decoded ?? {}) as Record<string, unknown>, issues: report.issues };
}

function checkMeshSettings(report: Report, path: string, spec: IstioOperatorSpec): void {
  const sources: [string, unknown][] = [
    [child(path, 'meshConfig'), spec.meshConfig],
    [`${path}.values.meshConfig`, spec.values?.meshConfig],
  ];
  for (const [at, value] of sources) {
    if (value === undefined) continue;
    const known = new Set(report.issues.map((issue) => issue.path));
    const { issues } = applyMeshConfig(value, undefined, at);
    report.issues.push(...issues.filter((issue) => !known.has(issue.path)));
  }
}

const hubPart = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;

function checkImages(report: Report, path: string, spec: IstioOperatorSpec): void {
  const { hub, tag } = spec;
  if (hub) {
    const [registry = '', ...rest] = hub.split('/');
    const sound = /^[A-Za-z0-9.-]+(?::\d+)?$/.test(registry) && rest.every((part) => hubPart.test(part));
    if (!sound)
      report.error(
        'InvalidHub',
        child(path, 'hub'),
        `${JSON.stringify(hub)} is not an image registry, such as docker.io/istio`,
      );
  }
  if (tag !== undefined && !/^[\w][\w.-]{0,127}$/.test(String(tag)))
    report.error('InvalidTag', child(path, 'tag'), `${JSON.stringify(tag)} is not an image tag`);
}

const formerComponents = [
  'proxy',
  'sidecarInjector',
  'policy',
  'telemetry',
  'citadel',
  'nodeAgent',
  'galley',
] as const;

/** What 1.6 installed and nothing installs any more is taken, and said. */
function checkFormer(report: Report, path: string, spec: IstioOperatorSpec): void {
  for (const name of formerComponents) {
    if (spec.components?.[name] !== undefined)
      report.warning(
        'NoEffect',
        `${path}.components.${name}`,
        `component ${name} is part of istiod today and has no effect`,
      );
  }
  const values = (spec.values ?? {}) as Record<string, unknown>;
  for (const name of formerValues) {
    if (values[name] !== undefined)
      report.warning(
        'NoEffect',
        child(child(path, 'values'), name),
        `values.${name} is of charts before 1.8 and has no effect`,
      );
  }
}

function checkCapture(report: Report, path: string, spec: IstioOperatorSpec): void {
  const proxy = spec.values?.global?.proxy;
  const at = `${path}.values.global.proxy`;
  for (const field of ['includeIPRanges', 'excludeIPRanges'] as const) {
    const ranges = proxy?.[field] ?? '';
    if (ranges === '' || ranges === '*') continue;
    for (const range of ranges.split(','))
      if (!isCidr(range))
        report.error('InvalidAddress', child(at, field), `${JSON.stringify(range)} is not a subnet`);
  }
  for (const field of ['includeInboundPorts', 'excludeInboundPorts'] as const) {
    for (const port of (proxy?.[field] ?? '').split(',')) {
      if (port !== '' && port !== '*' && !(/^\d+$/.test(port) && Number(port) <= 65535))
        report.error('InvalidPort', child(at, field), `${JSON.stringify(port)} is not a port number`);
    }
  }
}

function checkGateways(report: Report, path: string, spec: IstioOperatorSpec): void {
  for (const kind of ['ingress', 'egress'] as const) {
    const asRoot = spec.values?.gateways?.[`istio-${kind}gateway`]?.runAsRoot === true;
    spec.components?.[`${kind}Gateways`]?.forEach((gateway, index) => {
      const at = item(`${path}.components.${kind}Gateways`, index);
      if (gateway.name !== undefined && gateway.name !== '' && !/^[a-z0-9.-]{1,254}$/.test(gateway.name))
        report.error(
          'InvalidName',
          `${at}.name`,
          `${JSON.stringify(gateway.name)} is not the name of an object`,
        );
      if (!asRoot) checkLowPorts(report, at, gateway, kind);
    });
  }
  if (spec.values?.gateways?.['istio-ingressgateway']?.runAsRoot) return;
  spec.values?.gateways?.['istio-ingressgateway']?.ingressPorts?.forEach((entry, index) => {
    const { port, targetPort } = entry as { port?: unknown; targetPort?: unknown };
    if (typeof port !== 'number' || (targetPort !== undefined && typeof targetPort !== 'number')) return;
    const at = item(`${path}.values.gateways.istio-ingressgateway.ingressPorts`, index);
    checkLowPort(report, at, port, targetPort ?? 0, 'ingress');
  });
}

function checkLowPorts(report: Report, path: string, gateway: GatewayComponentSpec, kind: string): void {
  gateway.k8s?.service?.ports?.forEach((entry, index) => {
    if (typeof entry.targetPort === 'string') return;
    checkLowPort(
      report,
      item(`${path}.k8s.service.ports`, index),
      entry.port ?? 0,
      entry.targetPort ?? 0,
      kind,
    );
  });
}

/** Gateways do not run as root, so that their pods cannot open ports below 1024. */
function checkLowPort(report: Report, path: string, port: number, target: number, kind: string): void {
  if (target >= 1024 || (target === 0 && port > 1024)) return;
  const what = target === 0 ? `port ${port} without targetPort` : `targetPort ${target}`;
  report.error(
    'LowPort',
    path,
    `${what} needs root; set targetPort to 1024 or above, or values.gateways.istio-${kind}gateway.runAsRoot to true`,
  );
}

function checkAutoscaling(report: Report, path: string, spec: IstioOperatorSpec): void {
  const warn = (at: string, cause: string) =>
    report.warning('Conflict', `${path}.${at}`, `replicaCount has no effect while ${cause} is true`);
  if (spec.values?.pilot?.autoscaleEnabled && (spec.components?.pilot?.k8s?.replicaCount ?? 0) > 1)
    warn('components.pilot.k8s.replicaCount', 'values.pilot.autoscaleEnabled');
  for (const kind of ['ingress', 'egress'] as const) {
    if (!spec.values?.gateways?.[`istio-${kind}gateway`]?.autoscaleEnabled) continue;
    spec.components?.[`${kind}Gateways`]?.forEach((gateway, index) => {
      if (gateway.k8s?.replicaCount)
        warn(
          `components.${kind}Gateways[${index}].k8s.replicaCount`,
          `values.gateways.istio-${kind}gateway.autoscaleEnabled`,
        );
    });
  }
}

/** Whether the operator can go on with what it read. */
export function isUsable(result: OperatorResult): boolean {
  return !hasErrors(result.issues);
}
