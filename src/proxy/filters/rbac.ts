import { compileRbac, type RbacDecision, type RbacEngine, type RbacInput } from '../../match/rbac.ts';
import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import type { HttpRbac, RbacPerRoute } from '../config/messages.ts';
import type { FilterEnvironment, HeadStatus, HttpExchange, HttpFilter } from '../http/filter.ts';
import type { RequestHead } from '../http/stream.ts';

const namespace = 'envoy.filters.http.rbac';

/**
 * `envoy.filters.http.rbac`: refuses requests its policies do not allow with 403, `RBAC: access denied`. Shadow rules are only counted and
 * recorded in dynamic metadata. Statistics: `http.<prefix>.rbac.{allowed,denied,shadow_allowed,shadow_denied}`.
 */
export const rbac: HttpFilterKind = {
  compile(name, config, env) {
    const own = new RbacFilter(config as HttpRbac, env);
    return {
      name,
      create: (exchange) => ((exchange.routeConfig(name) as RbacFilter | undefined) ?? own).filter,
    };
  },
  compileRoute: (config, env) => new RbacFilter((config as RbacPerRoute).rbac, env),
};

/** Keeps no state of a request, so one object serves them all. */
class RbacFilter implements HttpFilter {
  /** This filter, or undefined when it has no rules (a route that switches it off). */
  readonly filter: RbacFilter | undefined;
  readonly #rules: RbacEngine | undefined;
  readonly #shadow: RbacEngine | undefined;
  readonly #allowed: { value: number };
  readonly #denied: { value: number };
  readonly #shadowAllowed: { value: number };
  readonly #shadowDenied: { value: number };
  readonly #prefix: string;
  readonly #shadowPrefix: string;
  readonly #perPolicy: ((name: string) => { value: number }) | undefined;

  constructor(config: HttpRbac | undefined, env: FilterEnvironment) {
    this.#rules = config?.rules && compileRbac(config.rules);
    this.#shadow = config?.shadow_rules && compileRbac(config.shadow_rules);
    this.filter = this.#rules === undefined && this.#shadow === undefined ? undefined : this;
    this.#prefix = config?.rules_stat_prefix ?? '';
    this.#shadowPrefix = config?.shadow_rules_stat_prefix ?? '';
    const at = `${env.statPrefix}rbac.`;
    this.#allowed = env.stats.counter(`${at}${scope(this.#prefix)}allowed`);
    this.#denied = env.stats.counter(`${at}${scope(this.#prefix)}denied`);
    this.#shadowAllowed = env.stats.counter(`${at}${scope(this.#shadowPrefix)}shadow_allowed`);
    this.#shadowDenied = env.stats.counter(`${at}${scope(this.#shadowPrefix)}shadow_denied`);
    this.#perPolicy = config?.track_per_rule_stats
      ? (tail) => env.stats.counter(`${at}policy.${tail}`)
      : undefined;
  }

  onRequestHead(exchange: HttpExchange, head: RequestHead): HeadStatus {
    const input = inputOf(exchange, head);
    if (this.#shadow !== undefined) this.#observe(exchange, this.#shadow.evaluate(input));
    if (this.#rules === undefined) return 'continue';
    const decision = this.#rules.evaluate(input);
    if (this.#rules.action === 'LOG') {
      exchange.info.setMetadata('envoy.common', { access_log_hint: decision.policy !== '' });
      this.#allowed.value++;
      return 'continue';
    }
    this.#record(exchange, decision);
    if (decision.allowed) {
      this.#allowed.value++;
      return 'continue';
    }
    this.#denied.value++;
    const policy = decision.policy === '' ? 'none' : decision.policy.replace(/\s/g, '_');
    exchange.localReply({
      status: 403,
      body: 'RBAC: access denied',
      details: `rbac_access_denied_matched_policy[${policy}]`,
    });
    return 'stop';
  }

  #observe(exchange: HttpExchange, decision: RbacDecision): void {
    const result = decision.allowed ? 'allowed' : 'denied';
    (decision.allowed ? this.#shadowAllowed : this.#shadowDenied).value++;
    const prefix = this.#shadowPrefix;
    const policy = decision.policy === '' ? {} : { [`${prefix}shadow_effective_policy_id`]: decision.policy };
    if (decision.policy !== '') this.#count(`${decision.policy}.shadow_${result}`);
    exchange.info.setMetadata(namespace, { ...policy, [`${prefix}shadow_engine_result`]: result });
  }

  #record(exchange: HttpExchange, decision: RbacDecision): void {
    const result = decision.allowed ? 'allowed' : 'denied';
    const prefix = this.#prefix;
    const policy =
      decision.policy === '' ? {} : { [`${prefix}enforced_effective_policy_id`]: decision.policy };
    if (decision.policy !== '') this.#count(`${decision.policy}.${result}`);
    exchange.info.setMetadata(namespace, { ...policy, [`${prefix}enforced_engine_result`]: result });
  }

  #count(tail: string): void {
    if (this.#perPolicy !== undefined) this.#perPolicy(tail).value++;
  }
}

/** A statistics prefix always ends with a dot. */
function scope(prefix: string): string {
  return prefix === '' || prefix.endsWith('.') ? prefix : `${prefix}.`;
}

function inputOf(exchange: HttpExchange, head: RequestHead): RbacInput {
  return {
    stream: exchange.info,
    request: head,
    get routeMetadata() {
      return exchange.route()?.metadata;
    },
  };
}
