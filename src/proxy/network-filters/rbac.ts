import { compileRbac, type RbacDecision, type RbacEngine, type RbacInput } from '../../match/rbac.ts';
import type { NetworkRbac } from '../config/messages.ts';
import type { FilterEnvironment } from '../http/filter.ts';
import type { DownstreamInfo } from '../network/downstream.ts';
import type { DownstreamConnection, NetworkFilter, NetworkFilterFactory } from '../network/network-filter.ts';

const namespace = 'envoy.filters.network.rbac';

/**
 * `envoy.filters.network.rbac`: closes connections its policies do not allow, at their first bytes. Statistics:
 * `<stat_prefix>rbac.{allowed,denied,shadow_allowed,shadow_denied}`. Conditions on HTTP requests match nothing here.
 */
export function networkRbac(name: string, config: NetworkRbac, env: FilterEnvironment): NetworkFilterFactory {
  const rules = config.rules && compileRbac(config.rules);
  const shadow = config.shadow_rules && compileRbac(config.shadow_rules);
  const at = `${config.stat_prefix}rbac.`;
  const shadowAt = `${at}${config.shadow_rules_stat_prefix === '' ? '' : `${config.shadow_rules_stat_prefix}.`}shadow_`;
  const counter = (tail: string) => env.stats.counter(tail);
  const stats: Stats = {
    allowed: counter(`${at}allowed`),
    denied: counter(`${at}denied`),
    shadowAllowed: counter(`${shadowAt}allowed`),
    shadowDenied: counter(`${shadowAt}denied`),
  };
  return { name, create: () => new NetworkRbacFilter(config, rules, shadow, stats, env) };
}

interface Stats {
  readonly allowed: { value: number };
  readonly denied: { value: number };
  readonly shadowAllowed: { value: number };
  readonly shadowDenied: { value: number };
}

class NetworkRbacFilter implements NetworkFilter {
  readonly #config: NetworkRbac;
  readonly #rules: RbacEngine | undefined;
  readonly #shadow: RbacEngine | undefined;
  readonly #stats: Stats;
  readonly #env: FilterEnvironment;
  #decided = false;
  #refused = false;
  #timer: { cancel(): void } | undefined;

  constructor(
    config: NetworkRbac,
    rules: RbacEngine | undefined,
    shadow: RbacEngine | undefined,
    stats: Stats,
    env: FilterEnvironment,
  ) {
    this.#config = config;
    this.#rules = rules;
    this.#shadow = shadow;
    this.#stats = stats;
    this.#env = env;
  }

  onData(connection: DownstreamConnection): 'continue' | 'stop' {
    if (this.#refused) return 'stop';
    if (this.#decided && this.#config.enforcement_type === 'ONE_TIME_ON_FIRST_BYTE') return 'continue';
    const first = !this.#decided;
    this.#decided = true;
    const input = inputOf(connection.info);
    if (this.#shadow !== undefined && first) this.#observe(connection.info, this.#shadow.evaluate(input));
    if (this.#rules === undefined) return 'continue';
    const decision = this.#rules.evaluate(input);
    if (this.#rules.action === 'LOG') {
      setMetadata(connection.info, 'envoy.common', { access_log_hint: decision.policy !== '' });
      return 'continue';
    }
    if (decision.allowed) {
      if (first) this.#stats.allowed.value++;
      return 'continue';
    }
    this.#stats.denied.value++;
    this.#refused = true;
    const policy = decision.policy === '' ? 'none' : decision.policy.replaceAll(' ', '_');
    const close = () => connection.close(`rbac_access_denied_matched_policy[${policy}]`);
    if ((this.#config.delay_deny ?? 0) > 0)
      this.#timer = this.#env.after(this.#config.delay_deny ?? 0, close);
    else close();
    return 'stop';
  }

  #observe(info: DownstreamInfo, decision: RbacDecision): void {
    const result = decision.allowed ? 'allowed' : 'denied';
    (decision.allowed ? this.#stats.shadowAllowed : this.#stats.shadowDenied).value++;
    const prefix = this.#config.shadow_rules_stat_prefix;
    const policy = decision.policy === '' ? {} : { [`${prefix}shadow_effective_policy_id`]: decision.policy };
    setMetadata(info, namespace, { ...policy, [`${prefix}shadow_engine_result`]: result });
  }

  onClose(): void {
    this.#timer?.cancel();
  }
}

function setMetadata(info: DownstreamInfo, name: string, value: Record<string, unknown>): void {
  info.metadata.set(name, { ...info.metadata.get(name), ...value });
}

function inputOf(info: DownstreamInfo): RbacInput {
  return {
    stream: {
      remote: info.remote,
      downstream: info,
      metadata: (name) => info.metadata.get(name),
      filterState: (key) => info.filterState.get(key),
    },
    request: undefined,
    routeMetadata: undefined,
  };
}
