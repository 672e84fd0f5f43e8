import { ConfigFault } from '../../match/config-fault.ts';
import { unpack } from '../../xds/message.ts';
import { FilterConfig } from '../../xds/messages/route.ts';
import type { TypedConfig } from '../../xds/schema.ts';
import { httpFilterKinds } from '../filters/index.ts';
import type { FilterEnvironment } from '../http/filter.ts';
import type { FilterConfigEntry } from '../router/route.ts';
import type { HttpFilterKind } from './http-filter-kind.ts';

export type FilterConfigs = ReadonlyMap<string, FilterConfigEntry>;

const none: FilterConfigs = new Map();

/** Compiles one level of `typed_per_filter_config`. */
export function compileRouteFilters(
  configs: Readonly<Record<string, TypedConfig>>,
  env: FilterEnvironment,
): FilterConfigs {
  const names = Object.keys(configs);
  if (names.length === 0) return none;
  return new Map(names.map((name) => [name, compileEntry(name, configs[name] as TypedConfig, env)]));
}

function compileEntry(name: string, config: TypedConfig, env: FilterEnvironment): FilterConfigEntry {
  const wrapper = unpack(config, FilterConfig);
  if (wrapper !== undefined) {
    const value = wrapper.config === undefined ? undefined : compileValue(name, wrapper.config, env);
    return { value, disabled: wrapper.disabled };
  }
  return { value: compileValue(name, config, env), disabled: undefined };
}

/** A filter's route message stands in the same package as its own. */
function routeFilterKind(type: string): HttpFilterKind | undefined {
  const packageName = type.slice(0, type.lastIndexOf('.') + 1);
  for (const [key, kind] of httpFilterKinds) {
    if (key.slice(0, key.lastIndexOf('.') + 1) === packageName) return kind;
  }
  return undefined;
}

function compileValue(name: string, config: TypedConfig, env: FilterEnvironment): unknown {
  const kind = routeFilterKind(config.type);
  if (kind?.compileRoute === undefined) {
    throw new ConfigFault(
      `typed_per_filter_config["${name}"]`,
      `${config.type} cannot be configured on a route`,
    );
  }
  return kind.compileRoute(config.value, env);
}

/** By filter name, from the least to the most specific level. */
export function mergeFilterConfigs(
  levels: readonly FilterConfigs[],
): ReadonlyMap<string, readonly FilterConfigEntry[]> {
  const merged = new Map<string, FilterConfigEntry[]>();
  for (const level of levels) {
    for (const [name, entry] of level) {
      const list = merged.get(name);
      if (list === undefined) merged.set(name, [entry]);
      else list.push(entry);
    }
  }
  return merged;
}
