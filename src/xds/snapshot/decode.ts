import { gunzipSync } from 'node:zlib';
import type { Issue } from '../../base/issue.ts';
import { error } from '../../base/issue.ts';
import { errorMessage } from '../../base/log.ts';
import type { PartReference, ProxyNode, ScopeIndex } from './encode.ts';
import { payloadHash } from './encode.ts';
import type { ResourceSet } from './resources.ts';
import { resourceKinds } from './resources.ts';

/** The parts of a ConfigMap that decoding reads. */
export interface StoredConfigMap {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

export interface DecodedOwn {
  readonly generation: number;
  readonly scope: string;
  readonly node: ProxyNode;
  readonly hash: string;
  readonly resources: ResourceSet;
}

export interface DecodedPart {
  /** Hash of the payload as it lies there: an index applies a config part only when this is the hash it names. */
  readonly hash: string;
  readonly resources: ResourceSet;
}

/** Either the value, or what is wrong with the object. Nothing here throws on bad content. */
export type Decoded<T> =
  | { readonly value: T; readonly issue?: undefined }
  | { readonly value?: undefined; readonly issue: Issue };

/** Decompressed payloads end here: a hand-made object cannot make an agent run out of memory. */
const maxPayloadBytes = 64 * 1024 * 1024;

export function decodeOwn(configMap: StoredConfigMap): Decoded<DecodedOwn> {
  return attemptDecode(configMap, () => {
    const head = object(parseEntry(configMap, 'proxy.json'), 'proxy.json');
    const node = object(head['node'], 'proxy.json node');
    return {
      generation: Number(head['generation'] ?? 0),
      scope: String(head['scope'] ?? ''),
      hash: String(head['hash'] ?? ''),
      node: {
        cluster: String(node['cluster'] ?? ''),
        metadata: object(node['metadata'] ?? {}, 'node.metadata'),
      },
      resources: resourceSet(payloadOf(configMap)),
    };
  });
}

export function decodeIndex(configMap: StoredConfigMap): Decoded<ScopeIndex> {
  return attemptDecode(configMap, () => {
    const index = object(parseEntry(configMap, 'index.json'), 'index.json');
    const parts = list(index['parts'], 'index.json parts').map((part): PartReference => {
      const entry = object(part, 'index.json parts');
      return { name: String(entry['name']), hash: String(entry['hash']) };
    });
    const endpoints = list(index['endpoints'], 'index.json endpoints').map(String);
    return { generation: Number(index['generation'] ?? 0), parts, endpoints };
  });
}

export function decodePart(configMap: StoredConfigMap): Decoded<DecodedPart> {
  return attemptDecode(configMap, () => {
    const payload = payloadOf(configMap);
    return { hash: payloadHash(payload), resources: resourceSet(payload) };
  });
}

/** The hash of a part's payload without parsing it; undefined when it cannot be read. */
export function storedPartHash(configMap: StoredConfigMap): string | undefined {
  return attemptDecode(configMap, () => payloadHash(payloadOf(configMap))).value;
}

export function payloadOf(configMap: StoredConfigMap): string {
  const plain = configMap.data?.['resources.json'];
  if (plain !== undefined) return plain;
  const packed = configMap.binaryData?.['resources.json.gz'];
  if (packed === undefined) throw new Error('has neither resources.json nor resources.json.gz');
  return gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: maxPayloadBytes }).toString('utf8');
}

function resourceSet(payload: string): ResourceSet {
  const parsed = object(JSON.parse(payload), 'resources.json');
  const lists = resourceKinds.map((kind) => [
    kind,
    list(parsed[kind], kind).map((entry) => object(entry, kind)),
  ]);
  return Object.fromEntries(lists) as unknown as ResourceSet;
}

function parseEntry(configMap: StoredConfigMap, key: string): unknown {
  const text = configMap.data?.[key];
  if (text === undefined) throw new Error(`has no ${key}`);
  return JSON.parse(text);
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Error(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} is not a list`);
  return value;
}

export function attemptDecode<T>(configMap: StoredConfigMap, decode: () => T): Decoded<T> {
  try {
    return { value: decode() };
  } catch (thrown) {
    const message = `ConfigMap ${configMap.metadata.name}: ${errorMessage(thrown)}; the control plane rewrites it`;
    return { issue: error('UndecodableConfig', '', message) };
  }
}
