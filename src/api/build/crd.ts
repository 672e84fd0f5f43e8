import type { KindSchema } from '../catalogue.ts';
import type { Kind } from '../kinds.ts';
import type { Schema } from '../schema/schema.ts';

/** Largest CRD that client-side `kubectl apply` can keep in its annotation. */
export const maxCrdBytes = 256 * 1024;

/** The CustomResourceDefinition of a kind. */
export function crdOf(kind: Kind, schema: KindSchema): object {
  const columns = schema.columns.map(([name, jsonPath, type]) => ({ name, jsonPath, type }));
  const openAPIV3Schema = {
    description: schema.spec.description,
    type: 'object',
    ...(schema.specRequired ? { required: ['spec'] } : {}),
    properties: { spec: openApi(schema.spec), status: openApi(schema.status) },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${kind.plural}.${kind.group}`,
      labels: { app: 'istio-pilot', chart: 'istio', heritage: 'Tiller', release: 'istio' },
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
        categories: ['istio-io', kind.group.replaceAll('.', '-')],
      },
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      versions: kind.versions.map((version) => ({
        name: version,
        served: true,
        storage: version === kind.stored,
        ...(columns.length > 0 ? { additionalPrinterColumns: columns } : {}),
        schema: { openAPIV3Schema },
        subresources: { status: {} },
      })),
    },
  };
}

/** The part of a node that an API server understands: our own keywords and names go, defaults join the description. */
export function openApi(schema: Schema): object {
  const description = describe(schema);
  if (schema['x-lateen-opaque'])
    return { type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true };
  const out: Record<string, unknown> = {};
  if (description !== '') out['description'] = description;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'description' || key === 'title' || key.startsWith('x-lateen-')) continue;
    if (key === 'properties') {
      const fields = Object.entries(value as Record<string, Schema>).sort(([a], [b]) => (a < b ? -1 : 1));
      out[key] = Object.fromEntries(fields.map(([name, child]) => [name, openApi(child)]));
    } else if (key === 'items' || key === 'additionalProperties') out[key] = openApi(value as Schema);
    else out[key] = value;
  }
  return out;
}

function describe(schema: Schema): string {
  const fallback = schema['x-lateen-default'];
  return `${schema.description ?? ''}${fallback === undefined ? '' : ` Default: ${fallback}.`}`.trim();
}
