import { parseClusterName } from '../xds/names.ts';
import type { Json } from './typed.ts';

/** Hosts of the outbound clusters that listeners and routes name: a gateway is given these and no others. */
export function referencedHosts(resources: readonly Json[]): Set<string> {
  const hosts = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      if (!value.startsWith('outbound|')) return;
      const key = parseClusterName(value);
      if (key !== undefined) hosts.add(key.host);
    } else if (Array.isArray(value)) value.forEach(visit);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(visit);
  };
  resources.forEach(visit);
  return hosts;
}
