import type { LoadBalancer, LoadBalancerEnvironment } from '../upstream/load-balancer.ts';
import type { BalancerConfig } from './config.ts';
import { HashBalancer } from './hash-balancer.ts';
import { HostBalancer } from './host-balancer.ts';
import { OverrideHostBalancer } from './override-host.ts';
import { SubsetBalancer } from './subset-balancer.ts';

export type { BalancerConfig } from './config.ts';

/** The balancer of a cluster. */
export function createBalancer(config: BalancerConfig, env: LoadBalancerEnvironment): LoadBalancer {
  const { subset } = config;
  const inner =
    subset === undefined
      ? plain(config, env)
      : new SubsetBalancer(env, subset, (part) => plain(config, part));
  return new OverrideHostBalancer(env, inner, config.overrideStatuses);
}

function plain(config: BalancerConfig, env: LoadBalancerEnvironment): LoadBalancer {
  const { policy } = config;
  if (policy.kind === 'ring-hash' || policy.kind === 'maglev') return new HashBalancer(env, config, policy);
  return new HostBalancer(env, config, policy);
}
