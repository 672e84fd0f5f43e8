import type { Cidr } from '../base/cidr.ts';
import { parseIp } from '../base/cidr.ts';
import { unpack } from '../xds/message.ts';
import type { CidrRange } from '../xds/messages/core.ts';
import type { Permission, Principal, Rbac, SourcedMetadata } from '../xds/messages/rbac.ts';
import { UriTemplateMatchConfig } from '../xds/messages/route-match.ts';
import { within } from './config-fault.ts';
import { compileHeaderMatcher } from './header-match.ts';
import { type AddressView, pathWithoutQuery, type RequestView, type StreamView } from './request.ts';
import { compileStringMatcher, type StringTest } from './string-match.ts';
import { compileUriTemplate } from './uri-template.ts';
import { cidrOf, compileFilterStateMatcher, compileMetadataMatcher } from './value-match.ts';

/** What a policy is decided on. */
export interface RbacInput {
  readonly stream: StreamView;
  /** Undefined for TCP: conditions on requests then match nothing. */
  readonly request: RequestView | undefined;
  /** Metadata of the route by namespace, for SourcedMetadata ROUTE. */
  readonly routeMetadata: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

export interface RbacDecision {
  readonly allowed: boolean;
  /** The first policy (by name) that matched, '' when none did. */
  readonly policy: string;
}

type Test = (input: RbacInput) => boolean;

/** A compiled RBAC: policies in name order, as Envoy keeps them. */
export class RbacEngine {
  readonly action: Rbac['action'];
  readonly #policies: readonly {
    readonly name: string;
    readonly test: Test;
    readonly decision: RbacDecision;
  }[];
  readonly #otherwise: RbacDecision;

  constructor(action: Rbac['action'], policies: readonly { name: string; test: Test }[]) {
    this.action = action;
    this.#policies = policies.map((p) => ({
      ...p,
      decision: { allowed: action !== 'DENY', policy: p.name },
    }));
    this.#otherwise = { allowed: action !== 'ALLOW', policy: '' };
  }

  /** ALLOW: some policy must match. DENY: none may. LOG: always allowed, `policy` says whether to log. */
  evaluate(input: RbacInput): RbacDecision {
    for (const policy of this.#policies) if (policy.test(input)) return policy.decision;
    return this.#otherwise;
  }
}

/** envoy.config.rbac.v3.RBAC. Throws ConfigFault. */
export function compileRbac(rbac: Rbac): RbacEngine {
  const names = Object.keys(rbac.policies).sort((a, b) => (a < b ? -1 : 1));
  return new RbacEngine(
    rbac.action,
    names.map((name) => {
      const policy = rbac.policies[name]!;
      const at = `policies[${JSON.stringify(name)}]`;
      const permission = any(
        policy.permissions.map((p, i) => within(`${at}.permissions[${i}]`, () => compilePermission(p))),
      );
      const principal = any(
        policy.principals.map((p, i) => within(`${at}.principals[${i}]`, () => compilePrincipal(p))),
      );
      return { name, test: (input) => permission(input) && principal(input) };
    }),
  );
}

function any(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0] as Test;
  return (input) => {
    for (const test of tests) if (test(input)) return true;
    return false;
  };
}

function all(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0] as Test;
  return (input) => {
    for (const test of tests) if (!test(input)) return false;
    return true;
  };
}

const always: Test = () => true;
const never: Test = () => false;

function not(test: Test): Test {
  return (input) => !test(input);
}

function compilePermission(permission: Permission): Test {
  if (permission.any !== undefined) return always;
  if (permission.and_rules !== undefined) return all(permission.and_rules.rules.map(compilePermission));
  if (permission.or_rules !== undefined) return any(permission.or_rules.rules.map(compilePermission));
  if (permission.not_rule !== undefined) return not(compilePermission(permission.not_rule));
  if (permission.destination_ip !== undefined)
    return inRange(permission.destination_ip, (i) => i.stream.downstream.local);
  if (permission.destination_port !== undefined) {
    const port = permission.destination_port;
    return (input) => input.stream.downstream.local.port === port;
  }
  if (permission.destination_port_range !== undefined) {
    const { start, end } = permission.destination_port_range;
    return ({ stream }) => stream.downstream.local.port >= start && stream.downstream.local.port < end;
  }
  if (permission.requested_server_name !== undefined) {
    const test = compileStringMatcher(permission.requested_server_name);
    return (input) => test(input.stream.downstream.requestedServerName);
  }
  const template = unpack(permission.uri_template?.typed_config, UriTemplateMatchConfig);
  if (template !== undefined) return onPath(pathTemplate(template.path_template));
  return compileShared(permission);
}

function compilePrincipal(principal: Principal): Test {
  if (principal.any !== undefined) return always;
  if (principal.and_ids !== undefined) return all(principal.and_ids.ids.map(compilePrincipal));
  if (principal.or_ids !== undefined) return any(principal.or_ids.ids.map(compilePrincipal));
  if (principal.not_id !== undefined) return not(compilePrincipal(principal.not_id));
  if (principal.authenticated !== undefined) return authenticated(principal.authenticated);
  if (principal.source_ip !== undefined)
    return inRange(principal.source_ip, (i) => i.stream.downstream.remote);
  if (principal.direct_remote_ip !== undefined)
    return inRange(principal.direct_remote_ip, (i) => i.stream.downstream.directRemote);
  if (principal.remote_ip !== undefined) return inRange(principal.remote_ip, (i) => i.stream.remote);
  if (principal.filter_state !== undefined) {
    const test = compileFilterStateMatcher(principal.filter_state);
    return (input) => test.matches(input.stream.filterState(test.key));
  }
  return compileShared(principal);
}

/** Conditions that permissions and principals both know. */
function compileShared(
  rule: Pick<Permission, 'header' | 'url_path' | 'metadata' | 'sourced_metadata'>,
): Test {
  if (rule.header !== undefined) {
    const test = within('header', () => compileHeaderMatcher(rule.header!));
    return (input) => input.request !== undefined && test(input.request);
  }
  if (rule.url_path?.path !== undefined)
    return onPath(within('url_path.path', () => compileStringMatcher(rule.url_path!.path!)));
  if (rule.metadata !== undefined)
    return within('metadata', () =>
      metadataTest({ metadata_matcher: rule.metadata!, metadata_source: 'DYNAMIC' }),
    );
  if (rule.sourced_metadata !== undefined)
    return within('sourced_metadata', () => metadataTest(rule.sourced_metadata!));
  return never;
}

function metadataTest(sourced: SourcedMetadata): Test {
  const test = compileMetadataMatcher(sourced.metadata_matcher);
  if (sourced.metadata_source === 'ROUTE')
    return (input) => test.matches(input.routeMetadata?.[test.namespace]);
  return (input) => test.matches(input.stream.metadata(test.namespace));
}

function onPath(test: StringTest): Test {
  return (input) =>
    input.request !== undefined && input.request.path !== '' && test(pathWithoutQuery(input.request.path));
}

function pathTemplate(template: string): StringTest {
  const compiled = compileUriTemplate(template);
  return (path) => compiled.matches(path);
}

function inRange(range: CidrRange, addressOf: (input: RbacInput) => AddressView): Test {
  const cidr: Cidr = cidrOf(range.address_prefix, range.prefix_len);
  return (input) => {
    const ip = parseIp(addressOf(input).ip);
    return ip !== undefined && cidr.contains(ip);
  };
}

/** The peer's verified identity: a URI SAN, else a DNS SAN, else the subject. Without a name any TLS connection will do. */
function authenticated(rule: NonNullable<Principal['authenticated']>): Test {
  const name = rule.principal_name;
  if (name === undefined) return (input) => input.stream.downstream.tls !== undefined;
  const test = within('authenticated.principal_name', () => compileStringMatcher(name));
  return (input) => {
    const tls = input.stream.downstream.tls;
    if (tls === undefined) return false;
    return tls.uriSanPeer.some(test) || tls.dnsSanPeer.some(test) || test(tls.subjectPeer);
  };
}
