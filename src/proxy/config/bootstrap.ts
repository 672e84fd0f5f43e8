import { readFileSync } from 'node:fs';
import type { Issue } from '../../base/issue.ts';
import { error } from '../../base/issue.ts';
import { decode } from '../../xds/decode.ts';
import { Bootstrap } from '../../xds/messages/bootstrap.ts';
import { loadYamlIfWanted, parseDocument, type Resource, resourceHash } from './file-snapshot.ts';

/** A decoded bootstrap with the JSON it came from. */
export interface LoadedBootstrap {
  readonly message: Bootstrap;
  readonly json: Readonly<Record<string, unknown>>;
  readonly staticListeners: readonly Resource[];
  readonly staticClusters: readonly Resource[];
}

/** Reads and decodes a bootstrap file, JSON or YAML. */
export async function loadBootstrap(path: string): Promise<{
  readonly bootstrap: LoadedBootstrap | undefined;
  readonly issues: readonly Issue[];
}> {
  let json: unknown;
  try {
    const text = readFileSync(path, 'utf8');
    json = await parseLoading(text);
  } catch (thrown) {
    return { bootstrap: undefined, issues: [error('Unreadable', path, (thrown as Error).message)] };
  }
  const { value, issues } = decode(Bootstrap, json);
  if (value === undefined) return { bootstrap: undefined, issues };
  const document = json as Record<string, unknown>;
  const fixed = (document['static_resources'] ?? document['staticResources'] ?? {}) as Record<
    string,
    unknown
  >;
  return {
    bootstrap: {
      message: value,
      json: document,
      staticListeners: resources(fixed['listeners'], 'envoy.config.listener.v3.Listener'),
      staticClusters: resources(fixed['clusters'], 'envoy.config.cluster.v3.Cluster'),
    },
    issues: [],
  };
}

async function parseLoading(text: string): Promise<unknown> {
  try {
    return parseDocument(text);
  } catch (thrown) {
    if (await loadYamlIfWanted()) return parseDocument(text);
    throw thrown;
  }
}

function resources(list: unknown, typeName: string): Resource[] {
  return ((list ?? []) as Record<string, unknown>[]).map((json) => ({
    name: String(json['name'] ?? ''),
    typeName,
    json: { '@type': `type.googleapis.com/${typeName}`, ...json },
    hash: resourceHash(json),
  }));
}

/** Static runtime layers merged, later ones over earlier ones; nested objects by dotted key. */
export function runtimeValues(message: Bootstrap): Map<string, number | boolean | string> {
  const values = new Map<string, number | boolean | string>();
  for (const layer of message.layered_runtime?.layers ?? []) collect(layer.static_layer ?? {}, '', values);
  return values;
}

function collect(
  struct: Readonly<Record<string, unknown>>,
  prefix: string,
  into: Map<string, number | boolean | string>,
): void {
  for (const [key, value] of Object.entries(struct)) {
    if (typeof value === 'object' && value !== null)
      collect(value as Record<string, unknown>, `${prefix}${key}.`, into);
    else if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
      into.set(prefix + key, value);
  }
}
