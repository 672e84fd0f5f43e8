import type { MeshConfig } from '../mesh/types.gen.ts';

/** Field of MeshConfig that holds the default `exportTo` of a kind. */
export const exportToDefaults = {
  Service: 'defaultServiceExportTo',
  ServiceEntry: 'defaultServiceExportTo',
  VirtualService: 'defaultVirtualServiceExportTo',
  DestinationRule: 'defaultDestinationRuleExportTo',
} as const satisfies Readonly<Record<string, keyof MeshConfig>>;

export type ExportedKind = keyof typeof exportToDefaults;

/** `exportTo` in effect: what the object says, else the mesh, else everyone. */
export function effectiveExportTo(
  kind: ExportedKind,
  exportTo: readonly string[] | undefined,
  mesh: MeshConfig,
): readonly string[] {
  if (exportTo !== undefined && exportTo.length > 0) return exportTo;
  const fallback = mesh[exportToDefaults[kind]];
  return fallback === undefined || fallback.length === 0 ? ['*'] : fallback;
}

/** Whether an object in `owner` with this `exportTo` is seen from the namespace `viewer`. */
export function isVisible(exportTo: readonly string[], owner: string, viewer: string): boolean {
  return exportTo.some((entry) => entry === '*' || (entry === '.' ? owner === viewer : entry === viewer));
}
