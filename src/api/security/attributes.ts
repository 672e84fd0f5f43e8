import type { Report } from '../schema/report.ts';
import { didYouMean } from '../schema/suggest.ts';
import {
  checkAddresses,
  checkFilled,
  checkPorts,
  checkServiceAccounts,
  checkWildcards,
} from './policy-values.ts';

type Check = typeof checkFilled;

/** Attributes a condition may name, and what their values must look like (Istio's security.ValidateAttribute). */
const attributes = new Map<string, Check>([
  ['source.ip', checkAddresses],
  ['remote.ip', checkAddresses],
  ['source.namespace', checkFilled],
  ['source.serviceAccount', checkServiceAccounts],
  ['source.principal', checkFilled],
  ['source.trustDomain', checkWildcards],
  ['request.auth.principal', checkFilled],
  ['request.auth.audiences', checkFilled],
  ['request.auth.presenter', checkFilled],
  ['destination.ip', checkAddresses],
  ['destination.port', checkPorts],
  ['connection.sni', checkFilled],
]);

/** Attributes with a key in brackets: `request.headers[User-Agent]`. */
const keyed = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'];

const gone: Readonly<Record<string, string>> = {
  'destination.namespace': 'the namespace of the policy says it',
  'destination.labels': 'the selector says it',
  'destination.name': 'the selector says it',
  'destination.user': 'the selector says it',
};

export function checkAttribute(
  report: Report,
  path: string,
  key: string,
  values: readonly string[],
  notValues: readonly string[],
): void {
  if (values.length === 0 && notValues.length === 0) {
    report.error('MissingField', path, `one of values and notValues is required for ${key}`);
    return;
  }
  const check =
    attributes.get(key) ?? (keyed.some((prefix) => key.startsWith(prefix)) ? checkFilled : undefined);
  if (check === undefined) report.error('UnknownAttribute', `${path}.key`, unknown(key));
  else if (check === checkFilled && !attributes.has(key) && !/^[^[]+\[.+\]$/.test(key))
    report.error('InvalidAttribute', `${path}.key`, `${JSON.stringify(key)} must have the form name[key]`);
  else {
    check(report, `${path}.values`, values);
    check(report, `${path}.notValues`, notValues);
  }
}

function unknown(key: string): string {
  const name = key.startsWith('destination.labels') ? 'destination.labels' : key;
  if (Object.hasOwn(gone, name)) return `${name} is no longer supported: ${gone[name]}`;
  return `${JSON.stringify(key)} is not an attribute${didYouMean(key, [...attributes.keys(), ...keyed])}`;
}
