import { checkExportTo, checkLabels, checkPort, checkSelector, checkSubsetName } from '../rules/checks.ts';
import { checkClientTls } from '../rules/client-tls.ts';
import { fqdnFault, isIpAddress, wildcardDomainFault } from '../rules/host-name.ts';
import { checkConnectionPool, checkLoadBalancer, checkOutlierDetection } from '../rules/traffic-policy.ts';
import { item, type Report } from '../schema/report.ts';
import type { DestinationRuleSpec, PortTrafficPolicy, TrafficPolicy, TunnelSettings } from './types.gen.ts';

/** Rules of Istio's ValidateDestinationRule. */
export function validateDestinationRule(spec: DestinationRuleSpec, report: Report, namespace: string): void {
  const fault = spec.host === undefined ? undefined : wildcardDomainFault(spec.host);
  if (fault !== undefined) report.error('InvalidHost', 'spec.host', fault);
  checkTrafficPolicy(report, 'spec.trafficPolicy', spec.trafficPolicy, namespace);
  const names = new Set<string>();
  spec.subsets?.forEach((subset, index) => {
    const at = item('spec.subsets', index);
    if (names.has(subset.name))
      report.error('Duplicate', `${at}.name`, `subset ${subset.name} is there twice`);
    names.add(subset.name);
    if (subset.name !== undefined) checkSubsetName(report, `${at}.name`, subset.name);
    checkLabels(report, `${at}.labels`, subset.labels);
    checkTrafficPolicy(report, `${at}.trafficPolicy`, subset.trafficPolicy, namespace);
  });
  checkExportTo(report, 'spec.exportTo', spec.exportTo, namespace, {
    ownNamespaceOnly: spec.workloadSelector !== undefined,
  });
  checkSelector(report, 'spec.workloadSelector', spec.workloadSelector);
}

const policyFields = ['loadBalancer', 'connectionPool', 'outlierDetection', 'tls'] as const;
const hostFields = [...policyFields, 'portLevelSettings', 'tunnel', 'proxyProtocol', 'retryBudget'] as const;

function checkTrafficPolicy(
  report: Report,
  path: string,
  policy: TrafficPolicy | undefined,
  namespace: string,
): void {
  if (policy === undefined) return;
  if (hostFields.every((field) => policy[field] === undefined)) {
    report.error('MissingField', path, `at least one of ${hostFields.join(', ')} is required`);
    return;
  }
  if (policy.tunnel !== undefined && policy.proxyProtocol !== undefined) {
    report.error('Conflict', `${path}.proxyProtocol`, 'only one of tunnel and proxyProtocol may be set');
    return;
  }
  checkSharedPolicy(report, path, policy, namespace);
  policy.portLevelSettings?.forEach((settings, index) => {
    const at = item(`${path}.portLevelSettings`, index);
    if (settings.port === undefined) report.error('MissingField', at, 'port is required');
    if (policyFields.every((field) => settings[field] === undefined))
      report.error('MissingField', at, `at least one of ${policyFields.join(', ')} is required`);
    checkSharedPolicy(report, at, settings, namespace);
  });
  if (policy.tunnel !== undefined) checkTunnel(report, `${path}.tunnel`, policy.tunnel);
}

function checkSharedPolicy(
  report: Report,
  path: string,
  policy: TrafficPolicy | PortTrafficPolicy,
  namespace: string,
): void {
  checkOutlierDetection(report, `${path}.outlierDetection`, policy.outlierDetection);
  checkConnectionPool(report, `${path}.connectionPool`, policy.connectionPool);
  checkLoadBalancer(report, `${path}.loadBalancer`, policy.loadBalancer, policy.outlierDetection);
  checkClientTls(report, `${path}.tls`, policy.tls, namespace);
}

function checkTunnel(report: Report, path: string, tunnel: TunnelSettings): void {
  const { protocol, targetHost, targetPort } = tunnel;
  if (protocol && protocol !== 'CONNECT' && protocol !== 'POST')
    report.error(
      'InvalidValue',
      `${path}.protocol`,
      `protocol must be CONNECT or POST, not ${JSON.stringify(protocol)}`,
    );
  const fault = targetHost === undefined ? undefined : fqdnFault(targetHost);
  if (fault !== undefined && !isIpAddress(targetHost))
    report.error('InvalidHost', `${path}.targetHost`, fault);
  if (targetPort !== undefined) checkPort(report, `${path}.targetPort`, targetPort);
}
