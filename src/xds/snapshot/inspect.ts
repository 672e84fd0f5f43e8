import type { StoredConfigMap } from './decode.ts';
import { attemptDecode, decodeIndex, decodeOwn, payloadOf, storedPartHash } from './decode.ts';
import { indexHash, ownHash } from './encode.ts';
import { labels } from './names.ts';

/** What a writer must know of an object that lies there: whether its content is what it should be, and how often it changed. */
export interface StoredState {
  /** Hash of the content as it lies there, whatever the object says about itself; undefined when it cannot be read. */
  readonly hash: string | undefined;
  readonly generation: number;
}

/** Judges a stored ConfigMap by its content, so that one edited by hand is told from an intact one. */
export function inspect(
  configMap: StoredConfigMap & { readonly metadata: { labels?: Readonly<Record<string, string>> } },
): StoredState {
  const stored = configMap.metadata.labels ?? {};
  if (stored[labels.proxy] !== undefined)
    return inspectOwn(configMap, stored[labels.revision] ?? '', stored[labels.proxy] as string);
  if (stored[labels.part] === 'index') {
    const index = decodeIndex(configMap).value;
    return { hash: index && indexHash(index), generation: index?.generation ?? 0 };
  }
  return { hash: storedPartHash(configMap), generation: 0 };
}

function inspectOwn(configMap: StoredConfigMap, revision: string, proxy: string): StoredState {
  const own = decodeOwn(configMap).value;
  const payload = attemptDecode(configMap, () => payloadOf(configMap)).value;
  if (own === undefined || payload === undefined) return { hash: undefined, generation: 0 };
  const content = { proxy, revision, scope: own.scope, node: own.node, resources: own.resources };
  const actual = ownHash(content, payload);
  // An object whose own hash is wrong would be taken for another generation by its reader.
  return { hash: actual === own.hash ? actual : undefined, generation: own.generation };
}
