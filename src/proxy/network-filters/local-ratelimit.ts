import type { NetworkLocalRateLimit } from '../config/messages.ts';
import { TokenBucket } from '../filters/token-bucket.ts';
import type { FilterEnvironment } from '../http/filter.ts';
import type { NetworkFilterFactory } from '../network/network-filter.ts';

const shared = new Map<string, TokenBucket>();

/**
 * `envoy.filters.network.local_ratelimit`: closes new connections for which the token bucket has no token. Statistics:
 * `local_rate_limit.<stat_prefix>.rate_limited`.
 */
export function networkLocalRateLimit(
  name: string,
  config: NetworkLocalRateLimit,
  env: FilterEnvironment,
): NetworkFilterFactory {
  const limited = env.stats.counter(`local_rate_limit.${config.stat_prefix}.rate_limited`);
  const bucket = bucketOf(config, env);
  const enabled = () => {
    const flag = config.runtime_enabled;
    if (flag === undefined) return true;
    const override = flag.runtime_key === '' ? undefined : env.runtime(flag.runtime_key);
    return typeof override === 'boolean' ? override : flag.default_value;
  };
  return {
    name,
    create: () => ({
      onNewConnection(connection) {
        if (!enabled() || bucket.take()) return 'continue';
        limited.value++;
        connection.close('local_ratelimit_close');
        return 'stop';
      },
    }),
  };
}

/** Filters with one share key use one bucket. */
function bucketOf(config: NetworkLocalRateLimit, env: FilterEnvironment): TokenBucket {
  if (config.share_key === '') return new TokenBucket(config.token_bucket, env.clock);
  let bucket = shared.get(config.share_key);
  if (bucket === undefined) {
    bucket = new TokenBucket(config.token_bucket, env.clock);
    shared.set(config.share_key, bucket);
  }
  return bucket;
}
