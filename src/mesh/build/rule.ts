import type { KubeObject } from '../../api/object.ts';
import { fullHost } from '../host.ts';
import type { DestinationRule, Gateway, ObjectRef, Sidecar } from '../model/mesh.ts';
import type { MeshConfig } from '../model/mesh-config.ts';
import type { DestinationRuleSpec, GatewaySpec, SidecarSpec } from '../model/rules.ts';
import { createdAt } from './service.ts';

export function refOf(object: KubeObject): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace ?? 'default', name: object.metadata.name };
}

export function buildDestinationRule(object: KubeObject, config: MeshConfig): DestinationRule {
  const spec = (object.spec ?? {}) as DestinationRuleSpec;
  const ref = refOf(object);
  return {
    ref,
    createdAt: createdAt(object),
    host: fullHost(spec.host ?? '', ref.namespace, config.domain),
    // A rule for chosen workloads concerns its own namespace only.
    exportTo: spec.workloadSelector ? ['.'] : (spec.exportTo ?? config.defaultDestinationRuleExportTo),
    spec,
  };
}

export function buildGateway(object: KubeObject): Gateway {
  return { ref: refOf(object), createdAt: createdAt(object), spec: (object.spec ?? {}) as GatewaySpec };
}

export function buildSidecar(object: KubeObject): Sidecar {
  return { ref: refOf(object), createdAt: createdAt(object), spec: (object.spec ?? {}) as SidecarSpec };
}
