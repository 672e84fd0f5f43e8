import type { EncodedConfigMap } from '../../xds/snapshot/index.ts';

/** A ConfigMap as it should lie in the cluster. */
export interface DesiredConfigMap {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Hash of the content, comparable with `inspect` of what is stored. */
  readonly hash: string;
  /** The object itself; `generation` is one more than what is stored. */
  readonly encode: (generation: number) => EncodedConfigMap;
}

export function desiredKey(desired: { readonly namespace: string; readonly name: string }): string {
  return `${desired.namespace}/${desired.name}`;
}

/** One scope: its index names its parts. */
export interface DesiredScope {
  readonly name: string;
  readonly parts: readonly DesiredConfigMap[];
  readonly index: DesiredConfigMap;
}

/** All that should lie in the cluster. */
export interface Desired {
  readonly scopes: ReadonlyMap<string, DesiredScope>;
  /** Proxies' own ConfigMaps by `namespace/name`. */
  readonly own: ReadonlyMap<string, DesiredConfigMap>;
}
