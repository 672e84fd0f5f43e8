import type { Issue } from '../base/issue.ts';
import { typeOfUrl } from './message.ts';
import { lookUpTypedConfig } from './registry.ts';
import { DecodeContext, describeJson, type Message, type TypedConfig } from './schema.ts';

export interface Decoded<T> {
  /** Undefined when there are errors. */
  readonly value: T | undefined;
  readonly issues: readonly Issue[];
}

/**
 * Decodes proto3 JSON (parsed JSON or YAML; snake_case and camelCase) as the given message: strict, with Envoy's defaults and rules. All
 * faults are gathered, nothing throws. `path` is put before the paths of issues.
 */
export function decode<T>(type: Message<T>, json: unknown, path = ''): Decoded<T> {
  const ctx = new DecodeContext(lookUpTypedConfig, path);
  const value = json === null || json === undefined ? type.decode({}, ctx) : type.decode(json, ctx);
  return { value: ctx.issues.length > 0 ? undefined : value, issues: ctx.issues };
}

/** Decodes an Any that holds a whole resource (Listener, Cluster, …) by its `@type`. */
export function decodeResource(json: unknown, path = ''): Decoded<TypedConfig> {
  const ctx = new DecodeContext(lookUpTypedConfig, path);
  const url =
    typeof json === 'object' && json !== null ? (json as Record<string, unknown>)['@type'] : undefined;
  if (typeof url !== 'string') {
    ctx.report('Required', `a resource needs "@type", this is ${describeJson(json)}`);
    return { value: undefined, issues: ctx.issues };
  }
  const type = typeOfUrl(url);
  const found = lookUpTypedConfig('resource', type);
  if (found === undefined) {
    ctx.report('UnsupportedType', `${JSON.stringify(url)} is not a supported resource`);
    return { value: undefined, issues: ctx.issues };
  }
  const value = found.decode(json, ctx);
  return { value: ctx.issues.length > 0 ? undefined : { type, value }, issues: ctx.issues };
}
