import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import { builtinTypes } from '../resources/builtin.ts';
import {
  type ApiResource,
  allVerbs,
  type Column,
  type ScalePaths,
  type Subresource,
} from '../resources/resource.ts';
import type { Schema } from '../schema/schema.ts';
import { durationText, nameColumn } from '../table/cells.ts';
import { compileJsonPath, queryJsonPath } from './json-path.ts';
import { schemaOf } from './schema.ts';

const objectMeta = builtinTypes.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');

/** The resources a CustomResourceDefinition serves, one per served version. */
export function customResources(definition: Readonly<ApiObject>): ApiResource[] {
  const spec = asObject(definition.spec) as Fields;
  const versions = asList(spec['versions']) as Fields[];
  const storage = versions.find((version) => version['storage'] === true)?.['name'];
  return versions
    .filter((version) => version['served'] === true)
    .map((version) => customResource(spec, version, `${spec['group']}/${storage}`));
}

function customResource(spec: Fields, version: Fields, storageVersion: string): ApiResource {
  const names = asObject(spec['names']) as Fields;
  const group = spec['group'] as string;
  const plural = names['plural'] as string;
  const kind = names['kind'] as string;
  const subresources = asObject(version['subresources']) ?? {};
  const scale = scalePaths(asObject(subresources['scale']));
  const selectable = (asList(version['selectableFields']) as Fields[]).map(({ jsonPath }) =>
    String(jsonPath).slice(1),
  );
  return {
    group,
    version: version['name'] as string,
    plural,
    singular: (names['singular'] as string) ?? kind.toLowerCase(),
    kind,
    listKind: (names['listKind'] as string) ?? `${kind}List`,
    namespaced: spec['scope'] === 'Namespaced',
    shortNames: asList(names['shortNames']) as string[],
    categories: asList(names['categories']) as string[],
    verbs: allVerbs,
    subresources: [
      ...(subresources['status'] === undefined ? [] : ['status' as Subresource]),
      ...(scale === undefined ? [] : ['scale' as Subresource]),
    ],
    table: `${group}/${plural}`,
    storageVersion,
    schema: rootSchema(version),
    custom: true,
    columns: columnsOf(asList(version['additionalPrinterColumns']) as Fields[]),
    selectableFields: selectable,
    ...(scale === undefined ? {} : { scale }),
    ...(version['deprecated'] === true
      ? {
          deprecation:
            (version['deprecationWarning'] as string) ?? `${group}/${version['name']} ${kind} is deprecated`,
        }
      : {}),
    hasGeneration: true,
  };
}

/** The declared schema plus what every object has. */
function rootSchema(version: Fields): Schema {
  const schema = schemaOf(asObject(version['schema'])?.['openAPIV3Schema']);
  return {
    ...schema,
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: objectMeta,
    },
  };
}

function scalePaths(scale: Fields | undefined): ScalePaths | undefined {
  if (scale === undefined) return undefined;
  const path = (key: string) =>
    String(scale[key] ?? '')
      .split('.')
      .filter(Boolean);
  const selector = path('labelSelectorPath');
  return {
    specReplicas: path('specReplicasPath'),
    statusReplicas: path('statusReplicasPath'),
    ...(selector.length === 0 ? {} : { selector }),
  };
}

const ageColumn: Fields = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function columnsOf(declared: readonly Fields[]): Column[] {
  const rows = declared.length === 0 ? [ageColumn] : declared;
  return [nameColumn, ...rows.map(declaredColumn)];
}

function declaredColumn(row: Fields): Column {
  const path = compileJsonPath(String(row['jsonPath'] ?? ''));
  const type = String(row['type']);
  return {
    name: String(row['name']),
    type,
    ...(row['format'] === undefined ? {} : { format: String(row['format']) }),
    description:
      (row['description'] as string | undefined) ??
      `Custom resource definition column (in JSONPath format): ${row['jsonPath']}`,
    priority: Number(row['priority'] ?? 0),
    cell: (object, now) => {
      const values = path === undefined ? [] : queryJsonPath(path, object);
      return cellOf(type, values, now);
    },
  };
}

function cellOf(type: string, values: readonly unknown[], now: number): unknown {
  const [first] = values;
  if (first === undefined || first === null) return null;
  switch (type) {
    case 'integer':
      return typeof first === 'number' ? Math.trunc(first) : null;
    case 'number':
      return typeof first === 'number' ? first : null;
    case 'boolean':
      return typeof first === 'boolean' ? first : null;
    case 'date': {
      const time = Date.parse(String(first));
      return Number.isNaN(time) ? '<invalid>' : durationText(now - time);
    }
    default:
      return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(',');
  }
}
