import { parseDuration } from '../../base/duration.ts';
import { compileRegex } from '../../base/regex.ts';
import { child, item, type Report } from '../schema/report.ts';
import { isDnsLabel, wildcardDomainFault } from './host-name.ts';

const labelName =
  /^(?:([a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)*)\/)?((?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/;
const labelValue = /^(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** 1 to 65535. */
export function checkPort(report: Report, path: string, port: number | undefined): void {
  if (port === undefined || port < 1 || port > 65535)
    report.error('InvalidPort', path, `port ${port ?? 0} is not in the range 1 to 65535`);
}

/** At least 1 ms, and whole milliseconds (Istio's ValidateDuration). */
export function checkDuration(report: Report, path: string, text: string | undefined): void {
  if (text === undefined) return;
  const ms = parseDuration(text);
  if (ms === undefined)
    report.error('InvalidDuration', path, `"${text}" is not a duration; write it like 1.5s, 100ms or 1h`);
  else if (ms < 1) report.error('InvalidDuration', path, `duration ${text} is shorter than 1ms`);
  else if (!isWhole(ms))
    report.error('InvalidDuration', path, `duration ${text} is finer than whole milliseconds`);
}

/** Sums of decimal fractions of seconds are whole to within a rounding error. */
export function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-7;
}

export function checkLabels(
  report: Report,
  path: string,
  labels: Readonly<Record<string, string>> | undefined,
): void {
  for (const name in labels) {
    const value = labels[name] as string;
    const parts = labelName.exec(name);
    if (parts === null || (parts[1]?.length ?? 0) > 253 || (parts[2]?.length ?? 0) > 63)
      report.error('InvalidLabel', child(path, name), `${JSON.stringify(name)} is not a label name`);
    if (!labelValue.test(value))
      report.error(
        'InvalidLabel',
        child(path, name),
        `${JSON.stringify(value)} is not a label value; letters, digits, "-", "_" and "." are allowed`,
      );
  }
}

/** RE2 of at most 1024 characters, as everywhere in the API. */
export function checkRegex(report: Report, path: string, source: string): void {
  if (source.length > 1024) {
    report.error(
      'InvalidRegex',
      path,
      `regular expression has ${source.length} characters; at most 1024 are allowed`,
    );
    return;
  }
  const compiled = compileRegex(source);
  if (typeof compiled === 'string')
    report.error('InvalidRegex', path, `not an RE2 regular expression: ${compiled}`);
}

/** A whole or broken percentage between 0 and 100. */
export function checkPercent(report: Report, path: string, value: number | undefined): void {
  if (value !== undefined && (value < 0 || value > 100))
    report.error('InvalidPercentage', path, `${value} is not in the range 0 to 100`);
}

/** `exportTo` of VirtualService, DestinationRule and ServiceEntry (Istio's validateExportTo). */
export function checkExportTo(
  report: Report,
  path: string,
  exportTo: readonly string[] | undefined,
  namespace: string,
  options: { readonly allowNone?: boolean; readonly ownNamespaceOnly?: boolean } = {},
): void {
  const seen = new Set<string>();
  exportTo?.forEach((entry, index) => {
    const at = item(path, index);
    const key = entry === '.' ? namespace : entry;
    if (seen.has(key))
      report.error(
        'Duplicate',
        at,
        key === entry
          ? `${entry} is named twice`
          : `"." is this namespace, ${namespace}, which is named already`,
      );
    else if (key === '~' && !options.allowNone)
      report.error('InvalidExportTo', at, '"~" (no one) is for ServiceEntry only');
    else if (key !== '*' && key !== '~' && !isDnsLabel(key))
      report.error(
        'InvalidExportTo',
        at,
        `${JSON.stringify(entry)} is neither ".", "*" nor the name of a namespace`,
      );
    else seen.add(key);
  });
  const alone = (exportTo?.length ?? 0) < 2;
  if (seen.has('*') && !alone)
    report.error('InvalidExportTo', path, '"*" means all namespaces; other entries beside it make no sense');
  if (seen.has('~') && !alone)
    report.error('InvalidExportTo', path, '"~" means no namespace; other entries beside it make no sense');
  if (options.ownNamespaceOnly && seen.size > 0 && (seen.size > 1 || !seen.has(namespace)))
    report.error(
      'InvalidExportTo',
      path,
      'a rule with a workloadSelector can be exported to its own namespace only',
    );
}

/** Destination of a route, mirror or egress proxy. */
export function checkDestination(
  report: Report,
  path: string,
  destination:
    | { readonly host: string; readonly subset?: string; readonly port?: { readonly number?: number } }
    | undefined,
): void {
  if (destination?.host === undefined) return;
  const { host, subset, port } = destination;
  const fault = host === '*' ? 'a bare "*" is not a destination' : wildcardDomainFault(host);
  if (fault !== undefined) report.error('InvalidHost', child(path, 'host'), fault);
  if (subset !== undefined && subset !== '') checkSubsetName(report, child(path, 'subset'), subset);
  if (port !== undefined)
    checkPort(report, `${path}.port${port.number === undefined ? '' : '.number'}`, port.number);
}

export function checkSubsetName(report: Report, path: string, name: string): void {
  if (name === '') report.error('InvalidSubset', path, 'a subset needs a name');
  else if (!isDnsLabel(name))
    report.error(
      'InvalidSubset',
      path,
      `${JSON.stringify(name)} is not a subset name; letters, digits and inner dashes are allowed, 63 characters at most`,
    );
}

/** `labels` selector of Sidecar, EnvoyFilter and ServiceEntry (Istio's ValidateAlphaWorkloadSelector). */
export function checkNetworkingSelector(
  report: Report,
  path: string,
  selector: { readonly labels?: Record<string, string> } | undefined,
): void {
  if (selector !== undefined) checkSelectedLabels(report, path, child(path, 'labels'), selector.labels, 1);
}

/** `matchLabels` selector of policies (Istio's validateWorkloadSelector). */
export function checkSelector(
  report: Report,
  path: string,
  selector: { readonly matchLabels?: Record<string, string> } | undefined,
): void {
  if (selector !== undefined)
    checkSelectedLabels(report, path, child(path, 'matchLabels'), selector.matchLabels, 1);
}

function checkSelectedLabels(
  report: Report,
  path: string,
  labelsPath: string,
  labels: Record<string, string> | undefined,
  least: number,
): void {
  for (const [name, value] of Object.entries(labels ?? {})) {
    if (name === '') report.error('InvalidSelector', labelsPath, 'a label name may not be empty');
    if (name.includes('*') || value.includes('*'))
      report.error('InvalidSelector', child(labelsPath, name), 'a selector may not hold a wildcard');
  }
  if (Object.keys(labels ?? {}).length < least)
    report.warning(
      'EmptySelector',
      path,
      'selector without labels selects every workload of the namespace; leave it out to say so',
    );
}

const targetKinds = [
  '/Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
];

interface Target {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** What a policy is attached to: at most one of selector, targetRef, targetRefs; known kinds only. */
export function checkAttachment(
  report: Report,
  spec: {
    readonly selector?: { readonly matchLabels?: Record<string, string> };
    readonly targetRef?: Target;
    readonly targetRefs?: readonly Target[];
  },
): void {
  const given = [
    spec.selector && 'selector',
    spec.targetRef && 'targetRef',
    spec.targetRefs && 'targetRefs',
  ].filter((name) => typeof name === 'string');
  if (given.length > 1)
    report.error('Conflict', `spec.${given[1]}`, `only one of ${given.join(' and ')} may be set`);
  checkSelector(report, 'spec.selector', spec.selector);
  if (spec.targetRef !== undefined) checkTarget(report, 'spec.targetRef', spec.targetRef);
  spec.targetRefs?.forEach((target, index) => {
    checkTarget(report, item('spec.targetRefs', index), target);
  });
}

function checkTarget(report: Report, path: string, target: Target): void {
  if (target.name === '') report.error('InvalidTarget', child(path, 'name'), 'a target needs a name');
  if (target.namespace)
    report.error('InvalidTarget', child(path, 'namespace'), 'a target in another namespace is not supported');
  const group = target.group === 'core' ? '' : (target.group ?? '');
  if (!targetKinds.includes(`${group}/${target.kind}`))
    report.error(
      'InvalidTarget',
      path,
      `${group === '' ? '' : `${group}/`}${target.kind} cannot be a target; use a Service, networking.istio.io/ServiceEntry, gateway.networking.k8s.io/Gateway or GatewayClass`,
    );
}
