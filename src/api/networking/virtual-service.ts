import { checkExportTo } from '../rules/checks.ts';
import { isClaimHeader } from '../rules/header.ts';
import { gatewayDomainFault, hostsOverlap, isIpAddress, wildcardDomainFault } from '../rules/host-name.ts';
import { child, item, type Report } from '../schema/report.ts';
import { checkGatewayNames, checkHttpRoute } from './http-route.ts';
import { checkTcpRoute, checkTlsRoute } from './l4-route.ts';
import { checkReachability } from './reachability.ts';
import type { VirtualServiceSpec } from './types.gen.ts';

/** The word in `gateways` that stands for all sidecars. */
export const meshGateway = 'mesh';

/** Rules of Istio's ValidateVirtualService. */
export function validateVirtualService(spec: VirtualServiceSpec, report: Report, namespace: string): void {
  const hosts = spec.hosts ?? [];
  const gateways = spec.gateways ?? [];
  const delegate = hosts.length === 0;
  const onGatewayOnly = gateways.length > 0 && !gateways.includes(meshGateway);
  if (delegate) checkDelegate(spec, report);
  checkGatewayNames(report, 'spec.gateways', gateways);
  if (!onGatewayOnly) checkClaimHeaders(spec, report);
  checkHosts(spec, report, onGatewayOnly);
  if (!spec.http?.length && !spec.tcp?.length && !spec.tls?.length)
    report.error('MissingField', 'spec', 'at least one of http, tls and tcp is required');
  spec.http?.forEach((route, index) => {
    checkHttpRoute(report, item('spec.http', index), route, delegate);
  });
  spec.tls?.forEach((route, index) => {
    checkTlsRoute(report, item('spec.tls', index), route, hosts, !gateways.includes(meshGateway));
  });
  spec.tcp?.forEach((route, index) => {
    checkTcpRoute(report, item('spec.tcp', index), route);
  });
  checkExportTo(report, 'spec.exportTo', spec.exportTo, namespace);
  checkReachability(spec, report);
}

function checkDelegate(spec: VirtualServiceSpec, report: Report): void {
  const why =
    'a VirtualService without hosts is a delegate, which has http routes only; add hosts, or remove this';
  for (const field of ['gateways', 'tls', 'tcp'] as const) {
    if (spec[field]?.length) report.error('InvalidDelegate', `spec.${field}`, why);
  }
}

function checkClaimHeaders(spec: VirtualServiceSpec, report: Report): void {
  spec.http?.forEach((route, r) => {
    route.match?.forEach((match, m) => {
      for (const field of ['headers', 'withoutHeaders'] as const) {
        const base = `spec.http[${r}].match[${m}].${field}`;
        for (const name in match[field]) {
          if (isClaimHeader(name))
            report.error(
              'InvalidHeader',
              child(base, name),
              'routing by JWT claim works at gateways only; set gateways without mesh',
            );
        }
      }
    });
  });
}

function checkHosts(spec: VirtualServiceSpec, report: Report, onGatewayOnly: boolean): void {
  const hosts = spec.hosts ?? [];
  const sni =
    onGatewayOnly &&
    (spec.tls ?? []).some((route) => route.match?.some((match) => match.sniHosts?.length > 0));
  let sound = true;
  hosts.forEach((host, index) => {
    const fault = onGatewayOnly ? gatewayDomainFault(host, sni) : wildcardDomainFault(host);
    if (fault !== undefined && !isIpAddress(host)) {
      report.error('InvalidHost', item('spec.hosts', index), fault);
      sound = false;
    } else if (host === '*' && !onGatewayOnly) {
      report.error(
        'InvalidHost',
        item('spec.hosts', index),
        '"*" is allowed at gateways only; name the hosts, or set gateways without mesh',
      );
      sound = false;
    }
  });
  if (sound) checkOverlap(hosts, report);
}

function checkOverlap(hosts: readonly string[], report: Report): void {
  for (let i = 0; i < hosts.length; i++) {
    for (let j = i + 1; j < hosts.length; j++) {
      if (hostsOverlap(hosts[i] as string, hosts[j] as string))
        report.error('Duplicate', item('spec.hosts', j), `${hosts[j]} overlaps with ${hosts[i]}`);
    }
  }
}
