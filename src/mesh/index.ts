export { canonicalName, canonicalRevision, workloadText } from './build/endpoints.ts';
export * from './build/index.ts';
export { brokenRouteCodes, unknownReferences } from './build/references.ts';
export * from './host.ts';
export * from './model/mesh.ts';
export * from './model/mesh-config.ts';
export type * from './model/rules.ts';
export * from './model/service.ts';
export * from './scope/index.ts';
