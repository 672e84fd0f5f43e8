export { type Assembled, assemble, pointAtFiles, resourceFile } from './assemble.ts';
export {
  type Decoded,
  type DecodedOwn,
  type DecodedPart,
  decodeIndex,
  decodeOwn,
  decodePart,
  type StoredConfigMap,
  storedPartHash,
} from './decode.ts';
export {
  type EncodedConfigMap,
  encodeIndex,
  encodeOwn,
  encodePart,
  indexHash,
  type OwnConfig,
  ownHash,
  type PartReference,
  type ProxyNode,
  payloadHash,
  type ScopeIndex,
} from './encode.ts';
export { inspect, type StoredState } from './inspect.ts';
export { labels, ownConfigMapName, type PartKind, partName, sharedNamespace } from './names.ts';
export {
  emptyResources,
  mergeResources,
  type ResourceSet,
  resourceKinds,
  resourceName,
  type XdsResource,
} from './resources.ts';
