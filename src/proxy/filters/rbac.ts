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
  /** Dynamic metadata by outcome: one object each, shared by all requests. */
  readonly #records = new Map<string, Readonly<Record<string, unknown>>>();
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
    const input = new Input(exchange, head);
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
    if (decision.policy !== '') this.#count(`${decision.policy}.${result}`);
    const key = `${result} ${decision.policy}`;
    let record = this.#records.get(key);
    if (record === undefined) {
      const prefix = this.#prefix;
      const policy =
        decision.policy === '' ? {} : { [`${prefix}enforced_effective_policy_id`]: decision.policy };
      record = { ...policy, [`${prefix}enforced_engine_result`]: result };
      this.#records.set(key, record);
    }
    exchange.info.setMetadata(namespace, record);
  }

  #count(tail: string): void {
    if (this.#perPolicy !== undefined) this.#perPolicy(tail).value++;
  }
}

/** A statistics prefix always ends with a dot. */
function scope(prefix: string): string {
  return prefix === '' || prefix.endsWith('.') ? prefix : `${prefix}.`;
}

/** What the rules look at. A class, because a getter in an object literal costs a new hidden class each time. */
class Input implements RbacInput {
  readonly stream: HttpExchange['info'];
  readonly request: RequestHead;
  readonly #exchange: HttpExchange;

  constructor(exchange: HttpExchange, head: RequestHead) {
    this.stream = exchange.info;
    this.request = head;
    this.#exchange = exchange;
  }

  get routeMetadata(): RbacInput['routeMetadata'] {
    return this.#exchange.route()?.metadata;
  }
}
