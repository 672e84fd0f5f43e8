import type { Json } from '../typed.ts';
import { cors } from './cors.ts';
import { fault } from './fault.ts';
import { router } from './router.ts';

/** Which side of the proxy a connection manager serves. */
export type Direction = 'inbound' | 'outbound' | 'gateway';

interface Row {
  readonly build: () => Json;
  readonly on: readonly Direction[];
  /** Why the filter stands where it stands. */
  readonly because: string;
}

/** The order of HTTP filters. A new filter is one file beside this one and one row here. */
const order: readonly Row[] = [
  {
    build: cors,
    on: ['outbound', 'gateway', 'inbound'],
    because: 'answers preflight requests before anything can delay or refuse them',
  },
  {
    build: fault,
    on: ['outbound', 'gateway', 'inbound'],
    because: 'simulates the upstream, so everything of this side has already happened',
  },
  { build: router, on: ['outbound', 'gateway', 'inbound'], because: 'terminal: Envoy requires it last' },
];

export function httpFilters(direction: Direction): readonly Json[] {
  return order.filter((row) => row.on.includes(direction)).map((row) => row.build());
}
