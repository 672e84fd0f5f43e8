import { compileRouteMatch, type RouteTest, routingPath } from '../../match/route-match.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { JwtAuthentication, JwtPerRoute } from '../config/messages.ts';
import type { FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { RequestHead } from '../http/stream.ts';
import { inTurn } from '../network/event-loop.ts';
import { CompiledProvider } from './jwt-provider.ts';
import { compileRequirement, type RequirementTest } from './jwt-requirement.ts';
import { jwtFault } from './jwt-verify.ts';
import { randomInteger } from './random-integer.ts';

/**
 * `envoy.filters.http.jwt_authn`: verifies JSON Web Tokens by the first rule whose match fits, or by the requirement a route names. Failures are
 * answered 401 (403 for a wrong audience). Statistics: `http.<prefix>.jwt_authn.{allowed,denied,cors_preflight_bypassed,…}`.
 */
export const jwtAuthn: HttpFilterKind = {
  compile(name, message, env) {
    const rules = new JwtRules(message as JwtAuthentication, env);
    return {
      name,
      create: (exchange) => new JwtFilter(rules, exchange.routeConfig(name) as JwtPerRoute | undefined),
    };
  },
  compileRoute: (config) => config,
};

class JwtRules {
  readonly message: JwtAuthentication;
  readonly env: FilterEnvironment;
  readonly providers: ReadonlyMap<string, CompiledProvider>;
  readonly stats: Record<'allowed' | 'denied' | 'bypassed', { value: number }>;
  readonly #rules: readonly { readonly match: RouteTest; readonly test: RequirementTest | undefined }[];
  readonly #named: ReadonlyMap<string, RequirementTest>;
  readonly #byState: ReadonlyMap<string, RequirementTest>;

  constructor(message: JwtAuthentication, env: FilterEnvironment) {
    this.message = message;
    this.env = env;
    const at = `${env.statPrefix}jwt_authn.${message.stat_prefix === '' ? '' : `${message.stat_prefix}.`}`;
    const counter = (name: string) => env.stats.counter(at + name);
    this.stats = {
      allowed: counter('allowed'),
      denied: counter('denied'),
      bypassed: counter('cors_preflight_bypassed'),
    };
    const fetches = { fetched: counter('jwks_fetch_success'), fetchFailed: counter('jwks_fetch_failed') };
    this.providers = new Map(
      Object.entries(message.providers).map(([name, p]) => [name, new CompiledProvider(p, env, fetches)]),
    );
    const compile = (r: JwtAuthentication['requirement_map'][string]) =>
      compileRequirement(r, this.providers);
    this.#named = new Map(Object.entries(message.requirement_map).map(([name, r]) => [name, compile(r)]));
    this.#byState = new Map(
      Object.entries(message.filter_state_rules?.requires ?? {}).map(([name, r]) => [name, compile(r)]),
    );
    this.#rules = message.rules.map((rule) => ({
      match: compileRouteMatch(rule.match),
      test:
        rule.requires !== undefined
          ? compile(rule.requires)
          : rule.requirement_name !== undefined
            ? this.#name(rule.requirement_name)
            : undefined,
    }));
  }

  #name(name: string): RequirementTest {
    const found = this.#named.get(name);
    if (found === undefined)
      throw new Error(
        `Wrong requirement_name: ${name}. It should be one of [${[...this.#named.keys()].join(',')}]`,
      );
    return found;
  }

  /** The requirement of a request; undefined when it needs none, a string when the route names one that is not there. */
  find(
    exchange: HttpExchange,
    head: RequestHead,
    route: JwtPerRoute | undefined,
  ): RequirementTest | string | undefined {
    if (route?.disabled) return undefined;
    if (route?.requirement_name !== undefined)
      return this.#named.get(route.requirement_name) ?? `Wrong requirement_name: ${route.requirement_name}.`;
    const context = {
      stream: exchange.info,
      randomValue: randomInteger(this.env),
      runtime: this.env.runtime,
    };
    const path = routingPath(head.path, false);
    for (const rule of this.#rules) if (rule.match.matches(head, path, context)) return rule.test;
    const state = this.message.filter_state_rules;
    return state === undefined
      ? undefined
      : this.#byState.get(String(exchange.info.filterState(state.name) ?? ''));
  }
}

class JwtFilter implements HttpFilter {
  readonly #rules: JwtRules;
  readonly #route: JwtPerRoute | undefined;

  constructor(rules: JwtRules, route: JwtPerRoute | undefined) {
    this.#rules = rules;
    this.#route = route;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const { stats, message } = this.#rules;
    if (message.bypass_cors_preflight && isPreflight(head)) {
      stats.allowed.value++;
      stats.bypassed.value++;
      return 'continue';
    }
    const test = this.#rules.find(exchange, head, this.#route);
    if (test === undefined) {
      stats.allowed.value++;
      return 'continue';
    }
    if (typeof test === 'string') {
      stats.denied.value++;
      exchange.localReply({
        status: 403,
        body: 'Failed JWT authentication',
        details: `jwt_authn_access_denied{${test.replaceAll(' ', '_')}}`,
      });
      return 'stop';
    }
    for (const provider of this.#rules.providers.values()) provider.sanitize(head);
    void this.#run(exchange, test);
    return 'stop';
  }

  async #run(exchange: HttpExchange, test: RequirementTest): Promise<void> {
    let fault: string;
    try {
      fault = await test(exchange);
    } catch {
      fault = jwtFault.signature;
    }
    inTurn(() => this.#decide(exchange, fault));
  }

  #decide(exchange: HttpExchange, fault: string): void {
    if (exchange.over) return;
    if (fault === '') {
      this.#rules.stats.allowed.value++;
      exchange.continueRequest();
      return;
    }
    this.#rules.stats.denied.value++;
    const strip = this.#rules.message.strip_failure_response;
    exchange.localReply({
      status: fault === jwtFault.audience ? 403 : 401,
      ...(strip ? {} : { body: fault, headers: ['www-authenticate', challenge(exchange.request, fault)] }),
      details: `jwt_authn_access_denied{${fault.replaceAll(' ', '_')}}`,
    });
  }
}

function isPreflight(head: RequestHead): boolean {
  return (
    head.method === 'OPTIONS' &&
    (head.headers.get('origin') ?? '') !== '' &&
    (head.headers.get('access-control-request-method') ?? '') !== ''
  );
}

function challenge(head: RequestHead, fault: string): string {
  const realm = `${head.scheme}://${head.authority}${head.path}`.slice(0, 256);
  const error = fault === jwtFault.missing ? '' : ', error="invalid_token"';
  return `Bearer realm="${realm.replace(/["\\]/g, '')}"${error}`;
}
