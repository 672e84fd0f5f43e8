import type { Json } from '../typed.ts';
import { extension } from '../typed.ts';

export function router(): Json {
  return extension('envoy.filters.http.router', 'router');
}
