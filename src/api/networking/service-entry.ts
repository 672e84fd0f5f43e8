import { checkExportTo, checkLabels, checkNetworkingSelector, checkPort } from '../rules/checks.ts';
import {
  fqdnFault,
  hasPartialWildcard,
  isAddressOrSubnet,
  isDnsLabel,
  isIpAddress,
  wildcardDomainFault,
} from '../rules/host-name.ts';
import { isHttp, isTcp, isTls, parseProtocol, protocols } from '../rules/protocol.ts';
import { child, item, type Report } from '../schema/report.ts';
import type { ServiceEntrySpec, ServicePort, WorkloadEntrySpec } from './types.gen.ts';
import { checkEndpointPorts, checkWorkload } from './workload.ts';

export interface EntryMetadata {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Rules of Istio's ValidateServiceEntry. */
export function validateServiceEntry(spec: ServiceEntrySpec, report: Report, metadata: EntryMetadata): void {
  const resolution = spec.resolution ?? 'NONE';
  checkNetworkingSelector(report, 'spec.workloadSelector', spec.workloadSelector);
  if (spec.workloadSelector !== undefined && spec.endpoints !== undefined)
    report.error('Conflict', 'spec.endpoints', 'only one of workloadSelector and endpoints may be set');
  checkHosts(spec, report);
  checkAddresses(spec, report, resolution);
  checkPorts(spec, report, metadata);
  if (resolution === 'NONE') checkNone(spec, report);
  else if (resolution === 'STATIC') checkStatic(spec, report);
  else if (resolution === 'DYNAMIC_DNS') checkDynamic(spec, report, metadata);
  else checkDns(spec, report, resolution);
  const shared = (spec.hosts?.length ?? 0) > 1 && resolution !== 'NONE';
  const opaque = (spec.ports ?? []).findIndex(
    (port) => !isHttp(protocolOf(port)) && !isTls(protocolOf(port)),
  );
  if (shared && opaque >= 0)
    report.error(
      'Conflict',
      `${item('spec.ports', opaque)}.protocol`,
      'several hosts need protocols that name the host: HTTP or TLS; split the entry otherwise',
    );
  checkExportTo(report, 'spec.exportTo', spec.exportTo, metadata.namespace, { allowNone: true });
}

function protocolOf(port: ServicePort) {
  return parseProtocol(port.protocol ?? '');
}

function checkHosts(spec: ServiceEntrySpec, report: Report): void {
  spec.hosts?.forEach((host, index) => {
    const at = item('spec.hosts', index);
    const fault = host === '*' ? 'a bare "*" is not a host' : wildcardDomainFault(host);
    if (fault !== undefined) report.error('InvalidHost', at, fault);
    if (host !== '*' && spec.resolution !== 'DYNAMIC_DNS' && hasPartialWildcard(host))
      report.warning(
        'PartialWildcard',
        at,
        `${host} holds "*" as part of a label, which matches nothing more; write *.domain`,
      );
  });
}

function checkAddresses(spec: ServiceEntrySpec, report: Report, resolution: string): void {
  spec.addresses?.forEach((address, index) => {
    const at = item('spec.addresses', index);
    if (!isAddressOrSubnet(address))
      report.error('InvalidAddress', at, `${JSON.stringify(address)} is neither an IP address nor a subnet`);
    if (address.includes('/') && resolution !== 'NONE' && resolution !== 'STATIC')
      report.error('InvalidAddress', at, `a subnet needs resolution NONE or STATIC, not ${resolution}`);
  });
}

function checkPorts(spec: ServiceEntrySpec, report: Report, metadata: EntryMetadata): void {
  const numbers = new Set<number>();
  const allocated =
    metadata.labels['networking.istio.io/enable-autoallocate-ip']?.toLowerCase() !== 'false' &&
    (spec.resolution ?? 'NONE') !== 'NONE';
  spec.ports?.forEach((port, index) => {
    const at = item('spec.ports', index);
    if (numbers.has(port.number))
      report.error('Duplicate', `${at}.number`, `port ${port.number} is there twice`);
    numbers.add(port.number);
    if (port.number !== undefined) checkPort(report, `${at}.number`, port.number);
    if (port.targetPort !== undefined) checkPort(report, `${at}.targetPort`, port.targetPort);
    if (port.name !== undefined && !isDnsLabel(port.name))
      report.error('InvalidPortName', `${at}.name`, `${JSON.stringify(port.name)} is not a port name`);
    if (port.protocol && protocolOf(port) === undefined)
      report.error(
        'InvalidProtocol',
        `${at}.protocol`,
        `${JSON.stringify(port.protocol)} is not a protocol; use one of ${protocols.join(', ')}`,
      );
    if (!spec.addresses?.length && !allocated && (!port.protocol || port.protocol === 'TCP'))
      report.warning(
        'NoAddress',
        at,
        'TCP without addresses takes all connections to this port; give the entry addresses',
      );
  });
}

function checkNone(spec: ServiceEntrySpec, report: Report): void {
  if (spec.endpoints !== undefined)
    report.error(
      'Conflict',
      'spec.endpoints',
      'resolution NONE uses the address that was called; remove endpoints, or use STATIC or DNS',
    );
  if (spec.workloadSelector !== undefined)
    report.warning(
      'IneffectiveSelector',
      'spec.workloadSelector',
      'resolution NONE uses the address that was called; the selector has no effect',
    );
}

function checkStatic(spec: ServiceEntrySpec, report: Report): void {
  const names = new Set((spec.ports ?? []).map((port) => port.name));
  spec.endpoints?.forEach((endpoint, index) => {
    checkWorkload(report, item('spec.endpoints', index), endpoint, {
      servicePorts: names,
      addressOnly: true,
    });
  });
}

function checkDns(spec: ServiceEntrySpec, report: Report, resolution: string): void {
  const endpoints = spec.endpoints ?? [];
  if (endpoints.length === 0) {
    const bad = (spec.hosts ?? []).findIndex((host) => fqdnFault(host) !== undefined);
    if (bad >= 0)
      report.error(
        'InvalidHost',
        item('spec.hosts', bad),
        `resolution ${resolution} without endpoints asks DNS for the host, which must be a full name without wildcard`,
      );
  }
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    report.error('TooMany', 'spec.endpoints', 'resolution DNS_ROUND_ROBIN has one endpoint at most');
  const names = new Set((spec.ports ?? []).map((port) => port.name));
  endpoints.forEach((endpoint, index) => {
    checkDnsEndpoint(report, item('spec.endpoints', index), endpoint, names);
  });
  const tcp = (spec.ports ?? []).some((port) => isTcp(protocolOf(port)));
  if (spec.addresses?.length && tcp && (spec.hosts?.length ?? 0) > 1)
    report.warning(
      'SharedAddress',
      'spec.hosts',
      'several hosts share an address and a TCP port, which cannot be told apart',
    );
}

function checkDnsEndpoint(
  report: Report,
  path: string,
  endpoint: WorkloadEntrySpec,
  names: ReadonlySet<string>,
): void {
  const address = endpoint.address ?? '';
  if (!isIpAddress(address) && fqdnFault(address) !== undefined)
    report.error(
      'InvalidAddress',
      child(path, 'address'),
      `${JSON.stringify(address)} is neither an IP address nor a DNS name`,
    );
  checkLabels(report, `${path}.labels`, endpoint.labels);
  checkEndpointPorts(report, path, endpoint, names);
}

const dynamicProtocols = ['HTTP', 'TLS', 'GRPC', 'HTTP2'];

function checkDynamic(spec: ServiceEntrySpec, report: Report, metadata: EntryMetadata): void {
  spec.hosts?.forEach((host, index) => {
    if (!host.startsWith('*'))
      report.error('InvalidHost', item('spec.hosts', index), 'resolution DYNAMIC_DNS is for wildcard hosts');
  });
  for (const field of ['addresses', 'endpoints'] as const) {
    if (spec[field]?.length)
      report.error(
        'Conflict',
        `spec.${field}`,
        `resolution DYNAMIC_DNS asks DNS for the name that was called; remove ${field}`,
      );
  }
  spec.ports?.forEach((port, index) => {
    if (!dynamicProtocols.includes(protocolOf(port) ?? ''))
      report.error(
        'InvalidProtocol',
        `${item('spec.ports', index)}.protocol`,
        `resolution DYNAMIC_DNS works with ${dynamicProtocols.join(', ')} only`,
      );
  });
  const waypoint = metadata.labels['istio.io/use-waypoint'] ?? '';
  if (spec.location === 'MESH_INTERNAL' && waypoint !== '' && waypoint.toLowerCase() !== 'none')
    report.error(
      'Conflict',
      'spec.location',
      'MESH_INTERNAL with resolution DYNAMIC_DNS does not work with a waypoint',
    );
}
