import { compileRegex } from '../../base/regex.ts';
import { checkNetworkingSelector, checkPort } from '../rules/checks.ts';
import { child, item, type Report } from '../schema/report.ts';
import { deprecatedFilterName } from './filter-names.ts';
import type {
  EnvoyConfigObjectMatch,
  EnvoyConfigObjectPatch,
  EnvoyFilterSpec,
  FilterMatch,
} from './types.gen.ts';

const maxVersionLength = 1024;
const connectionManagers = ['envoy.filters.network.http_connection_manager', 'envoy.http_connection_manager'];
const listenerClass = ['LISTENER', 'FILTER_CHAIN', 'NETWORK_FILTER', 'HTTP_FILTER'];
const routeClass = ['ROUTE_CONFIGURATION', 'VIRTUAL_HOST', 'HTTP_ROUTE'];

/** Rules of Istio's ValidateEnvoyFilter; fields of the Envoy messages themselves are judged where Envoy's types are known. */
export function validateEnvoyFilter(spec: EnvoyFilterSpec, report: Report): void {
  report.warning(
    'InternalDetails',
    '',
    'EnvoyFilter patches generated configuration, which may change with every version; prefer other kinds where they can say the same',
  );
  checkNetworkingSelector(report, 'spec.workloadSelector', spec.workloadSelector);
  if (spec.workloadSelector !== undefined && spec.targetRefs !== undefined)
    report.error('Conflict', 'spec.targetRefs', 'only one of workloadSelector and targetRefs may be set');
  spec.configPatches?.forEach((patch, index) => {
    checkPatch(report, item('spec.configPatches', index), patch);
  });
}

function checkPatch(report: Report, path: string, entry: EnvoyConfigObjectPatch): void {
  const { applyTo, match, patch } = entry;
  const waypoint = match?.context === 'WAYPOINT';
  if (match !== undefined && waypoint !== (match.waypoint !== undefined))
    report.error('Conflict', `${path}.match`, 'waypoint goes with context WAYPOINT, and only with it');
  const port = match?.waypoint?.portNumber;
  if (port !== undefined) checkPort(report, `${path}.match.waypoint.portNumber`, port);
  if (waypoint) return;
  if (applyTo === undefined || applyTo === 'INVALID')
    report.error('MissingField', path, 'applyTo is required');
  else if (patch === undefined) report.error('MissingField', path, 'patch is required');
  else if (patch.operation === undefined || patch.operation === 'INVALID')
    report.error('MissingField', `${path}.patch`, 'operation is required');
  else if (patch.operation !== 'REMOVE' && patch.value === undefined)
    report.error('MissingField', `${path}.patch`, `value is required for operation ${patch.operation}`);
  else if (checkVersion(report, path, match)) {
    checkMatch(report, path, applyTo, match);
    checkTypes(report, `${path}.patch.value`, patch.value);
  }
}

/** Returns whether the other rules apply. */
function checkVersion(report: Report, path: string, match: EnvoyConfigObjectMatch | undefined): boolean {
  const version = match?.proxy?.proxyVersion ?? '';
  const at = `${path}.match.proxy.proxyVersion`;
  if (version.length > maxVersionLength) {
    report.warning('TooLong', at, `has more than ${maxVersionLength} characters and is ignored`);
    return true;
  }
  const compiled = version === '' ? undefined : compileRegex(version);
  if (typeof compiled !== 'string') return true;
  report.error('InvalidRegex', at, `not an RE2 regular expression: ${compiled}`);
  return false;
}

function checkMatch(
  report: Report,
  path: string,
  applyTo: string,
  match: EnvoyConfigObjectMatch | undefined,
): void {
  const given = (['listener', 'routeConfiguration', 'cluster'] as const).filter(
    (field) => match?.[field] !== undefined,
  );
  if (match === undefined || given.length === 0) return;
  const wanted = listenerClass.includes(applyTo)
    ? 'listener'
    : routeClass.includes(applyTo)
      ? 'routeConfiguration'
      : applyTo === 'CLUSTER'
        ? 'cluster'
        : undefined;
  if (wanted !== undefined && match[wanted] === undefined)
    report.error(
      'Conflict',
      `${path}.match.${given[0]}`,
      `applyTo ${applyTo} needs a ${wanted} match, not ${given[0]}`,
    );
  else if (wanted === 'listener')
    checkFilterMatch(
      report,
      `${path}.match.listener.filterChain.filter`,
      applyTo,
      match.listener?.filterChain?.filter,
    );
}

function checkFilterMatch(
  report: Report,
  path: string,
  applyTo: string,
  filter: FilterMatch | undefined,
): void {
  if (filter === undefined) return;
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN')
    report.warning('IneffectiveMatch', path, `a filter match has no effect with applyTo ${applyTo}`);
  if (!filter.name) {
    report.error('MissingField', path, 'name is required');
    return;
  }
  if (filter.subFilter !== undefined) {
    const at = `${path}.subFilter`;
    if (applyTo !== 'HTTP_FILTER')
      return report.error('Conflict', at, 'subFilter works with applyTo HTTP_FILTER only');
    if (!connectionManagers.includes(filter.name))
      return report.error('Conflict', at, `subFilter needs filter name ${connectionManagers[0]}`);
    if (!filter.subFilter.name) return report.error('MissingField', at, 'name is required');
  }
  for (const [at, name] of [
    [`${path}.name`, filter.name],
    [`${path}.subFilter.name`, filter.subFilter?.name],
  ] as const) {
    const current = name === undefined ? undefined : deprecatedFilterName(name);
    if (current !== undefined) report.warning('Deprecated', at, `use ${current} instead of ${name}`);
  }
}

/** Every typed_config names its message type, and none is of Envoy's removed v2 API. */
function checkTypes(report: Report, path: string, value: unknown): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    value.forEach((entry, index) => {
      checkTypes(report, item(path, index), entry);
    });
    return;
  }
  const fields = value as Record<string, unknown>;
  const type = fields['@type'];
  if (type !== undefined) {
    const at = child(path, '@type');
    if (typeof type !== 'string' || !/^[^/]+\/[\w.]+$/.test(type))
      report.error(
        'InvalidType',
        at,
        `${JSON.stringify(type)} is not a type URL such as type.googleapis.com/envoy.config.…`,
      );
    else if (/\.v2(?:alpha\d*|beta\d*)?\./.test(type))
      report.error('InvalidType', at, `${type} is of Envoy's v2 API, which is gone; use its v3 form`);
  }
  for (const name of Object.keys(fields)) {
    const inner = fields[name];
    const typed = name === 'typed_config' || name === 'typedConfig';
    if (typed && isUntyped(inner)) report.error('InvalidType', child(path, name), '"@type" is required');
    checkTypes(report, child(path, name), inner);
  }
}

/** An empty message needs no type. */
function isUntyped(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return true;
  return Object.keys(value).length > 0 && !Object.hasOwn(value, '@type');
}
