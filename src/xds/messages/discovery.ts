import { message, repeated } from '../message.ts';
import { bool, string } from '../scalar.ts';
import type { Infer } from '../schema.ts';
import { describeJson, type Field, noEffect } from '../schema.ts';

/** A resource of a DiscoveryResponse, not decoded yet: decode it by `typeName` when it is needed. */
export interface RawResource {
  readonly typeName: string;
  /** The resource's own name (`cluster_name` of a ClusterLoadAssignment), '' when it has none. */
  readonly name: string;
  /** The JSON as it was read, `@type` included. */
  readonly json: Readonly<Record<string, unknown>>;
}

const rawResource: Field<RawResource> = {
  kind: 'Any (resource)',
  absent: undefined,
  decode(value, ctx) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return ctx.report('InvalidType', `must be a resource, not ${describeJson(value)}`);
    const json = value as Record<string, unknown>;
    if (typeof json['@type'] !== 'string') return ctx.report('Required', 'needs "@type"');
    const typeName = json['@type'].slice(json['@type'].lastIndexOf('/') + 1);
    if (typeName === 'envoy.service.discovery.v3.Resource') return rawResource.decode(json['resource'], ctx);
    const name = json['name'] ?? json['cluster_name'] ?? json['clusterName'] ?? '';
    return { typeName, name: String(name), json };
  },
};

/** A file of dynamic configuration. */
export const DiscoveryResponse = message('envoy.service.discovery.v3.DiscoveryResponse', {
  version_info: string(),
  resources: repeated(rawResource),
  canary: bool(),
  type_url: string(),
  nonce: string(),
  resource_errors: noEffect('for subscriptions by name; files hold whole resources'),
  control_plane: message('envoy.config.core.v3.ControlPlane', { identifier: string() }),
});
export type DiscoveryResponse = Infer<typeof DiscoveryResponse>;
