import { fqdnFault, isIpAddress } from '../rules/host-name.ts';
import { checkNamespacedHost } from '../rules/namespaced-host.ts';
import { item, Report } from '../schema/report.ts';
import { providerKinds } from './extension-provider.schema.ts';
import type { ExtensionProvider } from './types.gen.ts';

type Settings = Readonly<Record<string, unknown>>;

const withoutService = ['prometheus', 'stackdriver', 'envoyFileAccessLog', 'sds'];
const httpStatuses = new Set([
  100,
  200,
  201,
  202,
  203,
  204,
  205,
  206,
  207,
  208,
  226,
  300,
  301,
  302,
  303,
  304,
  305,
  307,
  308,
  ...range(400, 418),
  421,
  422,
  423,
  424,
  426,
  428,
  429,
  431,
  ...range(500, 509),
  510,
  511,
]);

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/**
 * Rules of Istio's validateExtensionProvider. A provider nobody uses does no harm, so that its faults are warnings, as Istio only logs
 * them.
 */
export function checkExtensionProviders(
  report: Report,
  path: string,
  providers: readonly ExtensionProvider[],
): void {
  const found = new Report();
  const names = new Set<string>();
  providers.forEach((provider, index) => {
    const at = item(path, index);
    if (!provider.name) found.error('MissingField', at, 'a provider needs a name');
    else if (names.has(provider.name))
      found.error('Duplicate', `${at}.name`, `provider ${provider.name} is there twice`);
    names.add(provider.name ?? '');
    const kind = providerKinds.find((name) => provider[name as keyof ExtensionProvider] !== undefined);
    if (kind === undefined) found.error('MissingField', at, `one of ${providerKinds.join(', ')} is required`);
    else
      checkProvider(
        found,
        `${at}.${kind}`,
        kind,
        provider[kind as keyof ExtensionProvider] as unknown as Settings,
      );
  });
  for (const issue of found.issues) report.warning(issue.code, issue.path, issue.message);
}

function checkProvider(report: Report, path: string, kind: string, settings: Settings): void {
  if (withoutService.includes(kind)) return;
  checkService(report, `${path}.service`, String(settings['service'] ?? ''));
  const port = Number(settings['port'] ?? 0);
  if (port < 1 || port > 65535)
    report.error('InvalidPort', `${path}.port`, `port ${port} is not in the range 1 to 65535`);
  if (kind === 'lightstep' && !settings['accessToken'])
    report.error('MissingField', path, 'accessToken is required');
  if (kind === 'opentelemetry' && settings['http'] !== undefined && settings['grpc'] !== undefined)
    report.error('Conflict', `${path}.grpc`, 'only one of http and grpc may be set');
  if (kind.startsWith('envoyExtAuthz')) checkAuthorizer(report, path, settings);
}

function checkService(report: Report, path: string, service: string): void {
  if (service.includes('/')) checkNamespacedHost(report, path, service, 'sidecar');
  else if (service === '') report.error('MissingField', path, 'service is required');
  else if (fqdnFault(service) !== undefined && !isIpAddress(service))
    report.error('InvalidHost', path, `${JSON.stringify(service)} is neither a host name nor an IP address`);
}

function checkAuthorizer(report: Report, path: string, settings: Settings): void {
  const status = String(settings['statusOnError'] ?? '');
  if (status !== '' && !httpStatuses.has(Number(status)))
    report.error(
      'InvalidStatus',
      `${path}.statusOnError`,
      `${JSON.stringify(status)} is not an HTTP status code`,
    );
  const prefix = String(settings['pathPrefix'] ?? '');
  if (prefix !== '' && !prefix.startsWith('/'))
    report.error('InvalidPath', `${path}.pathPrefix`, 'must begin with a slash');
}
