import { checkDestination, checkLabels, checkPort } from '../rules/checks.ts';
import {
  gatewayDomainFault,
  hostWithin,
  isAddressOrSubnet,
  isIpAddress,
  wildcardDomainFault,
} from '../rules/host-name.ts';
import { item, type Report } from '../schema/report.ts';
import { checkGatewayNames, checkWeights } from './http-route.ts';
import type {
  L4MatchAttributes,
  RouteDestination,
  TCPRoute,
  TLSMatchAttributes,
  TLSRoute,
} from './types.gen.ts';

export function checkTlsRoute(
  report: Report,
  path: string,
  route: TLSRoute,
  hosts: readonly string[],
  onGatewayOnly: boolean,
): void {
  if (!route.match?.length)
    report.error('MissingField', `${path}.match`, 'a TLS route needs at least one match');
  route.match?.forEach((match, index) => {
    const at = item(`${path}.match`, index);
    checkSniHosts(report, at, match, hosts, onGatewayOnly);
    checkL4Match(report, at, match);
  });
  checkDestinations(report, path, route.route ?? []);
}

export function checkTcpRoute(report: Report, path: string, route: TCPRoute): void {
  route.match?.forEach((match, index) => {
    checkL4Match(report, item(`${path}.match`, index), match);
  });
  checkDestinations(report, path, route.route ?? []);
}

function checkSniHosts(
  report: Report,
  path: string,
  match: TLSMatchAttributes,
  hosts: readonly string[],
  onGatewayOnly: boolean,
): void {
  if (!match.sniHosts?.length)
    report.error('MissingField', `${path}.sniHosts`, 'at least one server name is required');
  match.sniHosts?.forEach((name, index) => {
    const at = item(`${path}.sniHosts`, index);
    const fault = onGatewayOnly ? gatewayDomainFault(name, true) : wildcardDomainFault(name);
    if (fault !== undefined) {
      if (isIpAddress(name))
        report.warning('SniIsAddress', at, 'SNI carries names; clients do not send an IP address');
      else report.error('InvalidHost', at, fault);
    } else if (!hosts.some((host) => hostWithin(name, host))) {
      report.error(
        'InvalidHost',
        at,
        `${name} is not within the hosts of this VirtualService: ${hosts.join(', ')}`,
      );
    }
  });
}

function checkL4Match(report: Report, path: string, match: L4MatchAttributes | TLSMatchAttributes): void {
  match.destinationSubnets?.forEach((subnet, index) => {
    if (!isAddressOrSubnet(subnet))
      report.error(
        'InvalidAddress',
        item(`${path}.destinationSubnets`, index),
        `${JSON.stringify(subnet)} is neither an IP address nor a subnet`,
      );
  });
  if (match.port) checkPort(report, `${path}.port`, match.port);
  checkLabels(report, `${path}.sourceLabels`, match.sourceLabels);
  checkGatewayNames(report, `${path}.gateways`, match.gateways ?? []);
}

function checkDestinations(report: Report, path: string, destinations: readonly RouteDestination[]): void {
  if (destinations.length === 0)
    report.error('MissingField', `${path}.route`, 'at least one destination is required');
  destinations.forEach((entry, index) => {
    checkDestination(report, `${item(`${path}.route`, index)}.destination`, entry.destination);
  });
  checkWeights(report, `${path}.route`, destinations);
}
