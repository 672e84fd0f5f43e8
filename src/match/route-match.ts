import { unpack } from '../xds/message.ts';
import type { RouteMatch } from '../xds/messages/route-match.ts';
import { UriTemplateMatchConfig } from '../xds/messages/route-match.ts';
import { ConfigFault, within } from './config-fault.ts';
import { runtimeFraction } from './fraction.ts';
import { allHeaders, compileCookieMatcher, compileQueryMatcher } from './header-match.ts';
import { type MatchContext, pathWithoutQuery, type RequestView } from './request.ts';
import { compileRegexMatcher } from './string-match.ts';
import { compileUriTemplate } from './uri-template.ts';
import { compileFilterStateMatcher, compileMetadataMatcher } from './value-match.ts';

/** A compiled RouteMatch. `path` is the request's path without query (computed once for a whole table), '' for CONNECT without path. */
export interface RouteTest {
  matches(request: RequestView, path: string, context: MatchContext): boolean;
}

type Condition = (request: RequestView, context: MatchContext) => boolean;

/** envoy.config.route.v3.RouteMatch. Throws ConfigFault. */
export function compileRouteMatch(match: RouteMatch): RouteTest {
  const pathTest = compilePath(match);
  const conditions = compileConditions(match);
  if (match.connect_matcher !== undefined) return new ConnectTest(conditions);
  return new PathTest(pathTest, conditions);
}

class PathTest implements RouteTest {
  readonly #path: (path: string) => boolean;
  readonly #conditions: readonly Condition[];

  constructor(path: (path: string) => boolean, conditions: readonly Condition[]) {
    this.#path = path;
    this.#conditions = conditions;
  }

  matches(request: RequestView, path: string, context: MatchContext): boolean {
    return path !== '' && this.#path(path) && hold(this.#conditions, request, context);
  }
}

class ConnectTest implements RouteTest {
  readonly #conditions: readonly Condition[];

  constructor(conditions: readonly Condition[]) {
    this.#conditions = conditions;
  }

  matches(request: RequestView, _path: string, context: MatchContext): boolean {
    const connect =
      request.method === 'CONNECT' && (request.protocol === undefined || request.protocol === 'connect-udp');
    return connect && hold(this.#conditions, request, context);
  }
}

function hold(conditions: readonly Condition[], request: RequestView, context: MatchContext): boolean {
  for (const condition of conditions) if (!condition(request, context)) return false;
  return true;
}

function compilePath(match: RouteMatch): (path: string) => boolean {
  const fold = match.case_sensitive ? undefined : (text: string) => text.toLowerCase();
  if (match.prefix !== undefined) return prefixTest(match.prefix, fold);
  if (match.path !== undefined) return exactTest(match.path, fold);
  if (match.path_separated_prefix !== undefined) return segmentPrefixTest(match.path_separated_prefix, fold);
  if (match.safe_regex !== undefined) {
    const regex = within('safe_regex', () => compileRegexMatcher(match.safe_regex!));
    return (path) => regex.matches(path);
  }
  const template = unpack(match.path_match_policy?.typed_config, UriTemplateMatchConfig);
  if (template !== undefined) {
    const compiled = within('path_match_policy.typed_config', () =>
      compileUriTemplate(template.path_template),
    );
    return (path) => compiled.matches(path);
  }
  if (match.connect_matcher === undefined) throw new ConfigFault('', 'a path condition must be set');
  return () => true;
}

type Fold = ((text: string) => string) | undefined;

function prefixTest(prefix: string, fold: Fold): (path: string) => boolean {
  if (prefix === '' || prefix === '/') return (path) => path.startsWith(prefix);
  if (fold === undefined) return (path) => path.startsWith(prefix);
  const folded = fold(prefix);
  return (path) => fold(path).startsWith(folded);
}

function exactTest(exact: string, fold: Fold): (path: string) => boolean {
  if (fold === undefined) return (path) => path === exact;
  const folded = fold(exact);
  return (path) => path.length === exact.length && fold(path) === folded;
}

function segmentPrefixTest(prefix: string, fold: Fold): (path: string) => boolean {
  const wanted = fold === undefined ? prefix : fold(prefix);
  const length = wanted.length;
  const atBoundary = (path: string) =>
    path.startsWith(wanted) && (path.length === length || path.charCodeAt(length) === 47);
  return fold === undefined ? atBoundary : (path) => atBoundary(fold(path));
}

function compileConditions(match: RouteMatch): Condition[] {
  const conditions: Condition[] = [];
  const fraction = match.runtime_fraction;
  const headers = allHeaders(match.headers);
  if (headers !== undefined) conditions.push(headers);
  match.query_parameters.forEach((matcher, i) => {
    const test = within(`query_parameters[${i}]`, () => compileQueryMatcher(matcher));
    conditions.push((request) => test(request.path));
  });
  match.cookies.forEach((matcher, i) => {
    conditions.push(within(`cookies[${i}]`, () => compileCookieMatcher(matcher)));
  });
  if (match.grpc !== undefined) conditions.push((request) => isGrpc(request.headers.get('content-type')));
  if (match.tls_context !== undefined) conditions.push(tlsCondition(match.tls_context));
  match.dynamic_metadata.forEach((matcher, i) => {
    const test = within(`dynamic_metadata[${i}]`, () => compileMetadataMatcher(matcher));
    conditions.push((_, context) => test.matches(context.stream?.metadata(test.namespace)));
  });
  match.filter_state.forEach((matcher, i) => {
    const test = within(`filter_state[${i}]`, () => compileFilterStateMatcher(matcher));
    conditions.push((_, context) => test.matches(context.stream?.filterState(test.key)));
  });
  if (fraction !== undefined)
    conditions.push((_, context) => runtimeFraction(fraction, context.runtime, context.randomValue));
  return conditions;
}

function tlsCondition(options: NonNullable<RouteMatch['tls_context']>): Condition {
  return (_, context) => {
    const tls = context.stream?.downstream.tls;
    if (options.presented !== undefined && options.presented !== (tls?.peerCertificatePresented ?? false))
      return false;
    return options.validated === undefined || options.validated === (tls?.peerCertificateValidated ?? false);
  };
}

/** `application/grpc`, alone or with a `+` suffix; `application/grpc-web` is not gRPC. */
export function isGrpc(contentType: string | undefined): boolean {
  return (
    contentType?.startsWith('application/grpc') === true &&
    (contentType.length === 16 || contentType.charCodeAt(16) === 43)
  );
}

/** The path routes are matched on: without query and, where the table says so, without `;parameters`. */
export function routingPath(path: string, ignorePathParameters: boolean): string {
  const plain = pathWithoutQuery(path);
  if (!ignorePathParameters) return plain;
  const semicolon = plain.indexOf(';');
  return semicolon < 0 ? plain : plain.slice(0, semicolon);
}
