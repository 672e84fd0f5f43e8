import { runtimeFraction } from '../../match/fraction.ts';
import { anyOf, compileStringMatcher, type StringTest } from '../../match/string-match.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { CorsPolicy } from '../config/messages.ts';
import type { FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { RequestHead, ResponseHead } from '../http/stream.ts';
import { randomInteger } from './random-integer.ts';

/**
 * `envoy.filters.http.cors`: answers preflight requests and adds the access-control headers by the policies of route and virtual host;
 * each setting is taken from the most specific policy that has it. Without a policy the filter does nothing.
 */
export const cors: HttpFilterKind = {
  compile(name, _config, env) {
    const stats = {
      valid: env.stats.counter(`${env.statPrefix}cors.origin_valid`),
      invalid: env.stats.counter(`${env.statPrefix}cors.origin_invalid`),
    };
    return {
      name,
      create(exchange) {
        const policies = exchange.routeConfigs(name) as readonly CompiledCors[];
        return policies.length === 0 ? undefined : new CorsFilter(policies, stats);
      },
    };
  },
  compileRoute: (config, env) => compileCors(config as CorsPolicy, env),
};

interface CompiledCors {
  readonly policy: CorsPolicy;
  readonly origins: StringTest | undefined;
  enabled(): boolean;
  shadow(): boolean;
}

function compileCors(policy: CorsPolicy, env: FilterEnvironment): CompiledCors {
  const { filter_enabled: enabled, shadow_enabled: shadow } = policy;
  const tests = policy.allow_origin_string_match.map(compileStringMatcher);
  return {
    policy,
    origins: tests.length === 0 ? undefined : anyOf(tests),
    enabled: () => enabled === undefined || runtimeFraction(enabled, env.runtime, randomInteger(env)),
    shadow: () => shadow !== undefined && runtimeFraction(shadow, env.runtime, randomInteger(env)),
  };
}

interface CorsStats {
  readonly valid: { value: number };
  readonly invalid: { value: number };
}

class CorsFilter implements HttpFilter {
  /** Most specific first. */
  readonly #policies: readonly CompiledCors[];
  readonly #stats: CorsStats;
  /** The request's origin once it was found allowed. */
  #origin: string | undefined;

  constructor(policies: readonly CompiledCors[], stats: CorsStats) {
    this.#policies = policies.toReversed();
    this.#stats = stats;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const policy = this.#policies[0] as CompiledCors;
    const enabled = policy.enabled();
    if (!enabled && !policy.shadow()) return 'continue';
    const origin = head.headers.get('origin');
    if (origin === undefined || origin === '') return 'continue';
    const allowed = this.#allows(origin);
    (allowed ? this.#stats.valid : this.#stats.invalid).value++;
    if (!enabled) return 'continue';
    const preflight =
      head.method === 'OPTIONS' && (head.headers.get('access-control-request-method') ?? '') !== '';
    if (!allowed) {
      if (!preflight || (this.#setting((p) => p.forward_not_matching_preflights) ?? true)) return 'continue';
      exchange.localReply({ status: 200, details: 'cors_response', headers: this.#preflightHeaders(head) });
      return 'stop';
    }
    this.#origin = origin;
    if (!preflight) return 'continue';
    exchange.localReply({ status: 200, details: 'cors_response', headers: this.#preflightHeaders(head) });
    return 'stop';
  }

  #allows(origin: string): boolean {
    const origins = this.#policies.find((p) => p.origins !== undefined)?.origins;
    return origins !== undefined && (origins(origin) || origins('*'));
  }

  #setting<T>(get: (policy: CorsPolicy) => T | undefined): T | undefined {
    for (const { policy } of this.#policies) {
      const value = get(policy);
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  }

  #preflightHeaders(head: RequestHead): string[] {
    const fields: string[] = [];
    const add = (name: string, value: string | undefined) => value !== undefined && fields.push(name, value);
    if (this.#origin === undefined && this.#setting((p) => p.allow_credentials))
      add('access-control-allow-credentials', 'true');
    const wantsPrivate = head.headers.get('access-control-request-private-network') === 'true';
    if (wantsPrivate && this.#setting((p) => p.allow_private_network_access))
      add('access-control-allow-private-network', 'true');
    add(
      'access-control-allow-methods',
      this.#setting((p) => p.allow_methods),
    );
    add(
      'access-control-allow-headers',
      this.#setting((p) => p.allow_headers),
    );
    add(
      'access-control-max-age',
      this.#setting((p) => p.max_age),
    );
    return fields;
  }

  onResponseHead(_exchange: HttpExchange, head: ResponseHead): HeadStatus {
    if (this.#origin === undefined) return 'continue';
    head.headers.set('access-control-allow-origin', this.#origin);
    if (this.#setting((p) => p.allow_credentials))
      head.headers.set('access-control-allow-credentials', 'true');
    const expose = this.#setting((p) => p.expose_headers);
    if (expose !== undefined) head.headers.set('access-control-expose-headers', expose);
    return 'continue';
  }
}
