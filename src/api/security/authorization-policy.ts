import { checkAttachment } from '../rules/checks.ts';
import { child, item, type Report } from '../schema/report.ts';
import { checkAttribute } from './attributes.ts';
import {
  checkAddresses,
  checkFilled,
  checkPathTemplates,
  checkPorts,
  checkServiceAccounts,
  checkTrustDomains,
} from './policy-values.ts';
import type { AuthorizationPolicySpec, Operation, Rule, Source } from './types.gen.ts';

/** Rules of Istio's ValidateAuthorizationPolicy. */
export function validateAuthorizationPolicy(spec: AuthorizationPolicySpec, report: Report): void {
  checkAttachment(report, spec);
  const action = spec.action ?? 'ALLOW';
  if (action === 'CUSTOM') checkCustom(spec, report);
  else if (spec.provider !== undefined)
    report.error('Conflict', 'spec.provider', `provider goes with action CUSTOM only, not ${action}`);
  if (action === 'DENY' && spec.rules === undefined)
    report.error(
      'MissingField',
      'spec',
      'a DENY policy without rules never matches; write rules: [{}] to refuse everything',
    );
  spec.rules?.forEach((rule, index) => {
    const at = item('spec.rules', index);
    checkRule(report, at, rule);
    if (action === 'DENY' && matchesTcpByAccident(rule))
      report.warning(
        'DeniesTcp',
        at,
        'the rule uses HTTP attributes only, so that on TCP ports it refuses everything; name the ports',
      );
  });
}

function checkCustom(spec: AuthorizationPolicySpec, report: Report): void {
  if (spec.rules === undefined)
    report.error(
      'MissingField',
      'spec',
      'a CUSTOM policy without rules never matches; write rules: [{}] to ask the provider about everything',
    );
  else if (!spec.provider?.name)
    report.error('MissingField', 'spec', 'provider.name is required for action CUSTOM');
  const unsupported = [
    ...[
      'namespaces',
      'notNamespaces',
      'serviceAccounts',
      'notServiceAccounts',
      'trustDomains',
      'notTrustDomains',
    ],
    ...['principals', 'notPrincipals', 'requestPrincipals', 'notRequestPrincipals'],
  ] as (keyof Source)[];
  spec.rules?.forEach((rule, r) => {
    rule.from?.forEach((from, f) => {
      for (const field of unsupported) {
        if (from.source?.[field]?.length)
          report.error(
            'Unsupported',
            `spec.rules[${r}].from[${f}].source.${field}`,
            `${field} is not supported with action CUSTOM`,
          );
      }
    });
    rule.when?.forEach((condition, w) => {
      const key = condition.key ?? '';
      if (
        /^source\.(?:namespace|serviceAccount|trustDomain|principal)$/.test(key) ||
        key.startsWith('request.auth.')
      )
        report.error(
          'Unsupported',
          `spec.rules[${r}].when[${w}].key`,
          `${key} is not supported with action CUSTOM`,
        );
    });
  });
}

function checkRule(report: Report, path: string, rule: Rule): void {
  for (const field of ['from', 'to'] as const) {
    if (rule[field]?.length === 0)
      report.error('MissingField', `${path}.${field}`, `${field} may not be empty; leave it out to mean any`);
  }
  rule.from?.forEach((from, index) => {
    const at = item(`${path}.from`, index);
    if (from.source === undefined) report.error('MissingField', at, 'source is required');
    else checkSource(report, `${at}.source`, from.source);
  });
  rule.to?.forEach((to, index) => {
    const at = item(`${path}.to`, index);
    if (to.operation === undefined) report.error('MissingField', at, 'operation is required');
    else checkOperation(report, `${at}.operation`, to.operation);
  });
  rule.when?.forEach((condition, index) => {
    const at = item(`${path}.when`, index);
    if (condition.key === '') report.error('MissingField', at, 'key is required');
    else if (condition.key !== undefined)
      checkAttribute(report, at, condition.key, condition.values ?? [], condition.notValues ?? []);
  });
}

const accountFields = ['serviceAccounts', 'notServiceAccounts'] as const;
const identityFields = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'] as const;

function checkSource(report: Report, path: string, source: Source): void {
  const has = (field: keyof Source) => (source[field]?.length ?? 0) > 0;
  const fields = Object.keys(source) as (keyof Source)[];
  if (!fields.some(has)) report.error('MissingField', path, 'at least one field with a value is required');
  const identity = identityFields.find((field) => source[field] !== undefined);
  const account = accountFields.find((field) => source[field] !== undefined);
  if (identity !== undefined && account !== undefined)
    report.error('Conflict', child(path, account), `${account} may not be set together with ${identity}`);
  for (const field of fields) {
    const values = source[field] ?? [];
    const at = child(path, field);
    const lower = field.toLowerCase();
    if (lower.endsWith('ipblocks')) checkAddresses(report, at, values);
    else if (lower.endsWith('serviceaccounts')) checkServiceAccounts(report, at, values);
    else if (lower.endsWith('trustdomains')) checkTrustDomains(report, at, values);
    else checkFilled(report, at, values);
  }
}

function checkOperation(report: Report, path: string, operation: Operation): void {
  const fields = Object.keys(operation) as (keyof Operation)[];
  if (!fields.some((field) => operation[field]?.length))
    report.error('MissingField', path, 'at least one field with a value is required');
  for (const field of fields) {
    const values = operation[field] ?? [];
    const at = child(path, field);
    checkFilled(report, at, values);
    if (field.toLowerCase().endsWith('ports')) checkPorts(report, at, values);
    if (field.toLowerCase().endsWith('paths')) checkPathTemplates(report, at, values);
  }
}

const tcpSourceFields: readonly (keyof Source)[] = [
  'principals',
  'notPrincipals',
  'ipBlocks',
  'notIpBlocks',
  'namespaces',
  'notNamespaces',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
  'serviceAccounts',
  'notServiceAccounts',
];

/** HTTP attributes never match on TCP; a DENY rule drops them there and so matches everything. */
function matchesTcpByAccident(rule: Rule): boolean {
  const sources = (rule.from ?? []).flatMap((from) => (from.source === undefined ? [] : [from.source]));
  const operations = (rule.to ?? []).flatMap((to) => (to.operation === undefined ? [] : [to.operation]));
  const tcpFrom = sources.some((source) => tcpSourceFields.some((field) => source[field] !== undefined));
  const tcpTo = operations.some(
    (operation) => operation.ports !== undefined || operation.notPorts !== undefined,
  );
  return (sources.length > 0 && operations.length === 0 && !tcpFrom) || (operations.length > 0 && !tcpTo);
}
