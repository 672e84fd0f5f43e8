import { parseDuration } from '../../base/duration.ts';
import type { CorsPolicy } from '../../mesh/index.ts';
import { stringMatcher } from '../route/string-match.ts';
import type { Json } from '../typed.ts';
import { compact, extension, typed } from '../typed.ts';

export const corsFilter = 'envoy.filters.http.cors';

export function cors(): Json {
  return extension(corsFilter, 'cors');
}

export function routeCors(policy: CorsPolicy): Json {
  const origins = policy.allowOrigins?.map(stringMatcher) ?? policy.allowOrigin?.map((exact) => ({ exact }));
  const maxAge = policy.maxAge === undefined ? undefined : parseDuration(policy.maxAge);
  return typed(
    'corsPolicy',
    compact({
      allow_origin_string_match: origins,
      filter_enabled: { default_value: { numerator: 100, denominator: 'HUNDRED' } },
      allow_methods: joined(policy.allowMethods),
      allow_headers: joined(policy.allowHeaders),
      expose_headers: joined(policy.exposeHeaders),
      max_age: maxAge === undefined ? undefined : String(Math.trunc(maxAge / 1000)),
      allow_credentials: policy.allowCredentials,
      forward_not_matching_preflights: policy.unmatchedPreflights !== 'IGNORE',
    }),
  );
}

function joined(list: readonly string[] | undefined): string | undefined {
  return list === undefined || list.length === 0 ? undefined : list.join(',');
}
