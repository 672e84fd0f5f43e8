import { runtimeFraction } from '../../match/fraction.ts';
import { compileStringMatcher, type StringTest } from '../../match/string-match.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { CsrfPolicy } from '../config/messages.ts';
import type { FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { RequestHead } from '../http/stream.ts';
import { randomInteger } from './random-integer.ts';

/**
 * `envoy.filters.http.csrf`: a mutating request must come from its own host or an allowed origin, else 403 `Invalid origin`. Statistics:
 * `http.<prefix>.csrf.{missing_source_origin,request_invalid,request_valid}`.
 */
export const csrf: HttpFilterKind = {
  compile(name, config, env) {
    const own = new CsrfFilter(config as CsrfPolicy, env);
    return { name, create: (exchange) => (exchange.routeConfig(name) as CsrfFilter | undefined) ?? own };
  },
  compileRoute: (config, env) => new CsrfFilter(config as CsrfPolicy, env),
};

const mutating = new Set(['POST', 'PUT', 'DELETE', 'PATCH']);

class CsrfFilter implements HttpFilter {
  readonly #policy: CsrfPolicy;
  readonly #env: FilterEnvironment;
  readonly #origins: readonly StringTest[];
  readonly #missing: { value: number };
  readonly #invalid: { value: number };
  readonly #valid: { value: number };

  constructor(policy: CsrfPolicy, env: FilterEnvironment) {
    this.#policy = policy;
    this.#env = env;
    this.#origins = policy.additional_origins.map(compileStringMatcher);
    const at = `${env.statPrefix}csrf.`;
    this.#missing = env.stats.counter(`${at}missing_source_origin`);
    this.#invalid = env.stats.counter(`${at}request_invalid`);
    this.#valid = env.stats.counter(`${at}request_valid`);
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const { filter_enabled, shadow_enabled } = this.#policy;
    const enabled = runtimeFraction(filter_enabled, this.#env.runtime, randomInteger(this.#env));
    const shadow =
      shadow_enabled !== undefined &&
      runtimeFraction(shadow_enabled, this.#env.runtime, randomInteger(this.#env));
    if ((!enabled && !shadow) || !mutating.has(head.method)) return 'continue';
    const source =
      hostAndPort(head.headers.get('origin') ?? '') || hostAndPort(head.headers.get('referer') ?? '');
    const good = source !== '' && (source === head.authority || this.#origins.some((test) => test(source)));
    if (good) this.#valid.value++;
    else if (source === '') this.#missing.value++;
    else this.#invalid.value++;
    if (good || !enabled) return 'continue';
    exchange.localReply({ status: 403, body: 'Invalid origin', details: 'csrf_origin_mismatch' });
    return 'stop';
  }
}

/** `https://a.example:8443/x` → `a.example:8443`; '' when there is none. */
function hostAndPort(origin: string): string {
  if (origin === 'null') return '';
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i.exec(origin);
  return match?.[1] ?? origin;
}
