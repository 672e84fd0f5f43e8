import { parseDuration } from '../../base/duration.ts';
import {
  checkDestination,
  checkDuration,
  checkLabels,
  checkPercent,
  checkPort,
  checkRegex,
  isWhole,
} from '../rules/checks.ts';
import { checkHeaderOperations, checkMatchedHeader, isAuthority, isHeaderName } from '../rules/header.ts';
import { fqdnFault, isDnsLabel } from '../rules/host-name.ts';
import { checkRetries } from '../rules/retries.ts';
import { child, item, type Report } from '../schema/report.ts';
import { checkDirectResponse, checkFault, checkRedirect, checkRewrite } from './http-action.ts';
import type {
  CorsPolicy,
  Headers,
  HTTPMatchRequest,
  HTTPRewrite,
  HTTPRoute,
  StringMatch,
} from './types.gen.ts';

/** Rules of Istio's validateHTTPRoute; `delegate` when the VirtualService has no hosts. */
export function checkHttpRoute(report: Report, path: string, route: HTTPRoute, delegate: boolean): void {
  checkActions(report, path, route, delegate);
  route.match?.forEach((match, index) => {
    checkMatch(report, item(`${path}.match`, index), match);
  });
  checkHeaderOperations(report, `${path}.headers`, route.headers);
  if (route.corsPolicy !== undefined) checkCors(report, `${path}.corsPolicy`, route.corsPolicy);
  if (route.fault !== undefined) checkFault(report, `${path}.fault`, route.fault);
  checkMirrors(report, path, route);
  if (route.redirect !== undefined)
    checkRedirect(report, `${path}.redirect`, route.redirect, route.match ?? []);
  if (route.directResponse !== undefined)
    checkDirectResponse(report, `${path}.directResponse`, route.directResponse);
  if (route.retries !== undefined) checkRetries(report, `${path}.retries`, route.retries);
  if (route.rewrite !== undefined) checkRewrite(report, `${path}.rewrite`, route.rewrite);
  checkSingleAuthority(report, path, route.rewrite, route.headers);
  checkDestinations(report, path, route);
  checkDuration(report, `${path}.timeout`, route.timeout);
}

/** A route is exactly one thing: destinations, a redirect, a fixed answer, or a delegate. */
function checkActions(report: Report, path: string, route: HTTPRoute, delegate: boolean): void {
  const conflict = (field: string, other: string) =>
    report.error('Conflict', `${path}.${field}`, `${field} may not be set together with ${other}`);
  if (route.delegate !== undefined && !delegate) {
    if (route.redirect !== undefined) conflict('redirect', 'delegate');
    if (route.route !== undefined) conflict('route', 'delegate');
    return;
  }
  if (route.delegate !== undefined)
    report.error('InvalidDelegate', `${path}.delegate`, 'a delegate may not delegate again');
  const answer =
    route.redirect !== undefined
      ? 'redirect'
      : route.directResponse !== undefined
        ? 'directResponse'
        : undefined;
  if (answer !== undefined) {
    if (route.route?.length) conflict('route', answer);
    if (route.fault !== undefined) conflict('fault', answer);
    if (route.rewrite !== undefined) conflict('rewrite', answer);
    if (answer === 'redirect' && route.directResponse !== undefined) conflict('directResponse', answer);
  } else if (!route.route?.length) {
    report.error('MissingField', path, 'one of route, redirect and directResponse is required');
  }
  if (route.mirror !== undefined && route.mirrors?.length) conflict('mirrors', 'mirror');
}

function checkMatch(report: Report, path: string, match: HTTPMatchRequest): void {
  for (const name in match.headers) {
    checkMatchedHeader(report, `${path}.headers`, name);
    checkStringMatch(report, child(`${path}.headers`, name), match.headers[name] as StringMatch);
  }
  for (const name in match.withoutHeaders) {
    const condition = match.withoutHeaders[name] as StringMatch;
    checkMatchedHeader(report, `${path}.withoutHeaders`, name);
    // `*` is no RE2 expression; here it means "the header is there".
    if (condition.regex !== '*') checkStringMatch(report, child(`${path}.withoutHeaders`, name), condition);
  }
  if (match.uri !== undefined) checkRegexMatch(report, `${path}.uri`, match.uri);
  for (const field of ['scheme', 'method', 'authority'] as const) {
    const condition = match[field];
    if (condition !== undefined) checkStringMatch(report, `${path}.${field}`, condition);
  }
  for (const name in match.queryParams)
    checkStringMatch(report, child(`${path}.queryParams`, name), match.queryParams[name] as StringMatch);
  if (match.port) checkPort(report, `${path}.port`, match.port);
  checkLabels(report, `${path}.sourceLabels`, match.sourceLabels);
  checkGatewayNames(report, `${path}.gateways`, match.gateways ?? []);
  if (match.sourceNamespace && !isDnsLabel(match.sourceNamespace))
    report.error(
      'InvalidNamespace',
      `${path}.sourceNamespace`,
      `${JSON.stringify(match.sourceNamespace)} is not the name of a namespace`,
    );
}

function checkStringMatch(report: Report, path: string, condition: StringMatch): void {
  if (condition.prefix === '')
    report.error(
      'InvalidMatch',
      `${path}.prefix`,
      'an empty prefix matches nothing in particular; leave the condition out, or write {} to mean any',
    );
  checkRegexMatch(report, path, condition);
}

function checkRegexMatch(report: Report, path: string, condition: StringMatch): void {
  if (condition.regex === undefined) return;
  if (condition.regex === '')
    report.error('InvalidRegex', `${path}.regex`, 'a regular expression may not be empty');
  else checkRegex(report, `${path}.regex`, condition.regex);
}

/**
 * `name` or `namespace/name` (Istio's validateGatewayNames, which stops after the first short name: what follows one can only be warned
 * of).
 */
export function checkGatewayNames(report: Report, path: string, names: readonly string[]): void {
  let afterShort = false;
  for (const [index, name] of names.entries()) {
    const at = item(path, index);
    const fault = gatewayNameFault(name);
    if (fault !== undefined && afterShort) report.warning('InvalidGatewayName', at, fault);
    else if (fault !== undefined) report.error('InvalidGatewayName', at, fault);
    if (name.includes('/')) continue;
    afterShort = true;
    const [first, second] = name.split('.');
    if (second !== undefined)
      report.warning('LegacyGatewayName', at, `write ${second}/${first} instead of ${name}`);
  }
}

function gatewayNameFault(name: string): string | undefined {
  const slash = name.indexOf('/');
  if (slash === -1) return fqdnFault(name);
  const namespace = name.slice(0, slash);
  if (!isDnsLabel(namespace)) return `${JSON.stringify(namespace)} is not the name of a namespace`;
  const gateway = name.slice(slash + 1);
  return isDnsLabel(gateway) ? undefined : `${JSON.stringify(gateway)} is not the name of a gateway`;
}

const corsMethods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  '*',
]);

function checkCors(report: Report, path: string, policy: CorsPolicy): void {
  policy.allowOrigins?.forEach((origin, index) => {
    const at = item(`${path}.allowOrigins`, index);
    if (!(origin.exact || origin.prefix || origin.regex))
      report.error('InvalidMatch', at, 'one of exact, prefix and regex is required');
    else checkRegexMatch(report, at, origin);
  });
  policy.allowMethods?.forEach((method, index) => {
    if (!corsMethods.has(method))
      report.error(
        'InvalidMethod',
        item(`${path}.allowMethods`, index),
        `${JSON.stringify(method)} is not an HTTP method, in upper case`,
      );
  });
  for (const field of ['allowHeaders', 'exposeHeaders'] as const) {
    policy[field]?.forEach((name, index) => {
      if (name !== '*' && !isHeaderName(name))
        report.error(
          'InvalidHeader',
          item(`${path}.${field}`, index),
          `${JSON.stringify(name)} is not a header name`,
        );
    });
  }
  checkDuration(report, `${path}.maxAge`, policy.maxAge);
  const maxAge = parseDuration(policy.maxAge ?? '0s');
  if (maxAge !== undefined && isWhole(maxAge) && maxAge % 1000 !== 0)
    report.error(
      'InvalidDuration',
      `${path}.maxAge`,
      `duration ${policy.maxAge} is finer than whole seconds`,
    );
}

function checkMirrors(report: Report, path: string, route: HTTPRoute): void {
  if (route.mirrorPercent !== undefined) {
    report.warning('Deprecated', `${path}.mirrorPercent`, 'use mirrorPercentage instead of mirrorPercent');
    checkPercent(report, `${path}.mirrorPercent`, route.mirrorPercent);
  }
  checkPercent(report, `${path}.mirrorPercentage.value`, route.mirrorPercentage?.value);
  checkDestination(report, `${path}.mirror`, route.mirror);
  route.mirrors?.forEach((mirror, index) => {
    const at = item(`${path}.mirrors`, index);
    checkDestination(report, `${at}.destination`, mirror.destination);
    checkPercent(report, `${at}.percentage.value`, mirror.percentage?.value);
  });
}

/** The authority may be rewritten in one place only. */
function checkSingleAuthority(
  report: Report,
  path: string,
  rewrite: HTTPRewrite | undefined,
  headers: Headers | undefined,
): void {
  let current = rewrite?.authority ?? '';
  for (const verb of ['set', 'add'] as const) {
    const entries = headers?.request?.[verb];
    for (const name in entries) {
      if (!isAuthority(name)) continue;
      if (current !== '') {
        report.error(
          'Conflict',
          child(`${path}.headers.request.${verb}`, name),
          `the authority is already set to ${JSON.stringify(current)}`,
        );
        return;
      }
      current = entries[name] as string;
    }
  }
}

function checkDestinations(report: Report, path: string, route: HTTPRoute): void {
  const destinations = route.route ?? [];
  destinations.forEach((entry, index) => {
    const at = item(`${path}.route`, index);
    checkHeaderOperations(report, `${at}.headers`, entry.headers);
    checkDestination(report, `${at}.destination`, entry.destination);
  });
  checkWeights(report, `${path}.route`, destinations);
}

/** Weights are shares of their sum, whatever it is; several of which none has any are refused. */
export function checkWeights(
  report: Report,
  path: string,
  entries: readonly { readonly weight?: number }[],
): void {
  let total = 0;
  entries.forEach((entry, index) => {
    const weight = entry.weight ?? 0;
    if (weight < 0)
      report.error('InvalidWeight', `${item(path, index)}.weight`, `weight ${weight} is negative`);
    total += weight;
  });
  if (entries.length > 1 && total === 0)
    report.error(
      'InvalidWeight',
      path,
      'the weights sum to 0, so that no destination gets anything; give at least one a weight',
    );
}
