import type { HttpFilterKind } from '../config/http-filter-kind.ts';
import { cors } from './cors.ts';
import { fault } from './fault.ts';
import { rbac } from './rbac.ts';

const ns = 'envoy.extensions.filters.http';

/** The HTTP filters by the type of their configuration; the router is not one of them, it ends every chain. */
export const httpFilterKinds: ReadonlyMap<string, HttpFilterKind> = new Map([
  [`${ns}.cors.v3.Cors`, cors],
  [`${ns}.fault.v3.HTTPFault`, fault],
  [`${ns}.rbac.v3.RBAC`, rbac],
]);
