import type { KubeObject } from '../../api/object.ts';
import type { Issue } from '../../base/issue.ts';
import { warning } from '../../base/issue.ts';
import type { Finding } from '../model/mesh.ts';
import type {
  DestinationRuleSpec,
  GatewaySpec,
  ServiceEntrySpec,
  SidecarSpec,
  TrafficPolicy,
  VirtualServiceSpec,
} from '../model/rules.ts';
import { refOf } from './rule.ts';

/**
 * What is accepted but not acted on: named on the object's status and in the log, never ignored in silence. A row goes when its
 * feature arrives.
 */
export function unsupportedFindings(object: KubeObject): Finding[] {
  const rule = rules[object.kind];
  if (rule === undefined) return [];
  return rule(object.spec ?? {}).map((issue) => ({ ref: refOf(object), issue }));
}

const rules: Readonly<Record<string, (spec: unknown) => Issue[]>> = {
  DestinationRule: (spec) => destinationRule(spec as DestinationRuleSpec),
  Gateway: (spec) => gateway(spec as GatewaySpec),
  Sidecar: (spec) => sidecar(spec as SidecarSpec),
  ServiceEntry: (spec) => serviceEntry(spec as ServiceEntrySpec),
  VirtualService: (spec) => virtualService(spec as VirtualServiceSpec),
};

function notActedOn(path: string, what: string): Issue {
  return warning('NotActedOn', path, `accepted, but not acted on yet: ${what}`);
}

function destinationRule(spec: DestinationRuleSpec): Issue[] {
  const policies: [string, TrafficPolicy | undefined][] = [
    ['spec.trafficPolicy', spec.trafficPolicy],
    ...(spec.subsets ?? []).map((subset, i): [string, TrafficPolicy | undefined] => [
      `spec.subsets[${i}].trafficPolicy`,
      subset.trafficPolicy,
    ]),
  ];
  return policies.flatMap(([path, policy]) => (policy === undefined ? [] : trafficPolicy(path, policy)));
}

function trafficPolicy(path: string, policy: TrafficPolicy): Issue[] {
  const issues: Issue[] = [];
  const levels: [string, TrafficPolicy][] = [
    [path, policy],
    ...(policy.portLevelSettings ?? []).map((level, i): [string, TrafficPolicy] => [
      `${path}.portLevelSettings[${i}]`,
      level,
    ]),
  ];
  for (const [at, level] of levels) {
    if (level.tls?.mode === 'ISTIO_MUTUAL') {
      issues.push(notActedOn(`${at}.tls.mode`, 'ISTIO_MUTUAL; sidecars talk plain text to each other'));
    }
    if (level.tls?.credentialName)
      issues.push(notActedOn(`${at}.tls.credentialName`, 'credentials from Secrets'));
    if (level.loadBalancer?.localityLbSetting) {
      issues.push(notActedOn(`${at}.loadBalancer.localityLbSetting`, 'locality load balancing'));
    }
  }
  if (policy.tunnel) issues.push(notActedOn(`${path}.tunnel`, 'tunnels'));
  if (policy.retryBudget) issues.push(notActedOn(`${path}.retryBudget`, 'retry budgets'));
  return issues;
}

const terminating = new Set(['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL', 'ISTIO_MUTUAL']);

function gateway(spec: GatewaySpec): Issue[] {
  return (spec.servers ?? []).flatMap((server, i) => {
    const mode = server.tls?.mode ?? 'SIMPLE';
    const tls = ['HTTPS', 'TLS'].includes((server.port?.protocol ?? '').toUpperCase());
    if (mode === 'AUTO_PASSTHROUGH') {
      return [notActedOn(`spec.servers[${i}].tls.mode`, 'AUTO_PASSTHROUGH; this server routes nothing')];
    }
    if (!tls || !terminating.has(mode)) return [];
    return [
      notActedOn(
        `spec.servers[${i}].tls.mode`,
        `${mode}; this server does not listen until gateways get certificates`,
      ),
    ];
  });
}

function sidecar(spec: SidecarSpec): Issue[] {
  const issues = (spec.egress ?? []).flatMap((egress, i) =>
    egress.port === undefined && egress.bind === undefined
      ? []
      : [
          notActedOn(
            `spec.egress[${i}].port`,
            'egress listeners on chosen ports; their hosts count for every port',
          ),
        ],
  );
  if ((spec.ingress ?? []).length > 0)
    issues.push(notActedOn('spec.ingress', 'inbound listeners of Sidecar resources'));
  return issues;
}

function serviceEntry(spec: ServiceEntrySpec): Issue[] {
  return spec.resolution === 'DYNAMIC_DNS'
    ? [notActedOn('spec.resolution', 'DYNAMIC_DNS; treated as NONE')]
    : [];
}

const claimPrefix = '@request.auth.claims';

/** Header matches on JWT claims (Istio's JWT claim based routing) need RequestAuthentication; no request header can have such a name. */
function virtualService(spec: VirtualServiceSpec): Issue[] {
  return (spec.http ?? []).flatMap((route, i) =>
    (route.match ?? []).flatMap((match, j) =>
      (['headers', 'withoutHeaders'] as const).flatMap((field) =>
        Object.keys(match[field] ?? {})
          .filter((name) => name.startsWith(claimPrefix))
          .map((name) =>
            notActedOn(
              `spec.http[${i}].match[${j}].${field}[${name}]`,
              'matches on JWT claims; no request has them',
            ),
          ),
      ),
    ),
  );
}
