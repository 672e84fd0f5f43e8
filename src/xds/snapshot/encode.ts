import { gzipSync } from 'node:zlib';
import { sha256Hex, stableJson } from '../../base/hash.ts';
import type { PartKind } from './names.ts';
import { labels, ownConfigMapName } from './names.ts';
import type { ResourceSet } from './resources.ts';

/** Above this many bytes of JSON a payload is stored compressed, in `binaryData`. */
export const compressAboveBytes = 32 * 1024;

/** What a proxy needs to know about itself. */
export interface ProxyNode {
  /** Envoy's `node.cluster`: `productpage.default`. */
  readonly cluster: string;
  /** Envoy's `node.metadata`; `lateen.telemetry` in it holds the labels of this side. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface OwnConfig {
  readonly proxy: string;
  readonly revision: string;
  /** Scope whose resources the proxy also takes; empty for none. */
  readonly scope: string;
  readonly node: ProxyNode;
  readonly resources: ResourceSet;
}

export interface PartReference {
  readonly name: string;
  readonly hash: string;
}

export interface ScopeIndex {
  readonly generation: number;
  readonly parts: readonly PartReference[];
  readonly endpoints: readonly string[];
}

/** The part of a ConfigMap that carries configuration; the writer adds kind, namespace and labels of its own. */
export interface EncodedConfigMap {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  readonly binaryData: Readonly<Record<string, string>>;
  /** Hash of the content without the generation: equal content is never written again. */
  readonly hash: string;
}

/** A proxy's own ConfigMap. `generation` counts up with each change of it. */
export function encodeOwn(own: OwnConfig, generation: number): EncodedConfigMap {
  const payload = JSON.stringify(own.resources);
  const hash = ownHash(own, payload);
  const head = { generation, scope: own.scope, node: own.node, hash };
  return {
    name: ownConfigMapName(own.proxy),
    labels: { [labels.proxy]: own.proxy, [labels.revision]: own.revision },
    ...withPayload({ 'proxy.json': stableJson(head) }, payload),
    hash,
  };
}

/** The hash `encodeOwn` puts into the object, without encoding it. */
export function ownHash(own: OwnConfig, payload = JSON.stringify(own.resources)): string {
  return sha256Hex(`${own.scope}\n${own.revision}\n${stableJson(own.node)}\n${payload}`, 16);
}

/** One part of a scope from its serialized resources: `payload` is the JSON of a ResourceSet. */
export function encodePart(
  scope: string,
  name: string,
  kind: Exclude<PartKind, 'index'>,
  payload: string,
): EncodedConfigMap {
  const hash = payloadHash(payload);
  return {
    name,
    labels: { [labels.scope]: scope, [labels.part]: kind },
    ...withPayload({ 'part.json': stableJson({ hash }) }, payload),
    hash,
  };
}

export function payloadHash(payload: string): string {
  return sha256Hex(payload, 16);
}

/** The index of a scope: which config parts, at which content, and which endpoint parts belong to it. */
export function encodeIndex(scope: string, index: ScopeIndex): EncodedConfigMap {
  return {
    name: scope,
    labels: { [labels.scope]: scope, [labels.part]: 'index' },
    data: { 'index.json': stableJson(index) },
    binaryData: {},
    hash: indexHash(index),
  };
}

/** Hash over what the index names, not over its generation. */
export function indexHash(index: Omit<ScopeIndex, 'generation'>): string {
  return sha256Hex(stableJson({ parts: index.parts, endpoints: index.endpoints }), 16);
}

function withPayload(
  data: Record<string, string>,
  payload: string,
): Pick<EncodedConfigMap, 'data' | 'binaryData'> {
  if (payload.length <= compressAboveBytes)
    return { data: { ...data, 'resources.json': payload }, binaryData: {} };
  return { data, binaryData: { 'resources.json.gz': gzipSync(payload, { level: 6 }).toString('base64') } };
}
