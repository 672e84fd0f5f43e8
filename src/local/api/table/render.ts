import type { ApiObject, Fields } from '../object.ts';
import type { ApiResource, Column } from '../resources/resource.ts';
import { plainColumns } from './cells.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Column definitions of a resource's Table. */
export function columnDefinitions(resource: ApiResource): Fields[] {
  return columnsOf(resource).map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description: description ?? '',
    priority,
  }));
}

function columnsOf(resource: ApiResource): readonly Column[] {
  return resource.columns.length > 0 ? resource.columns : plainColumns;
}

/** One row of a Table: cells, and as much of the object as the caller wants. */
export function tableRow(
  resource: ApiResource,
  object: Readonly<ApiObject>,
  include: IncludeObject,
  now: number,
): Fields {
  const cells = columnsOf(resource).map((column) => column.cell(object, now) ?? null);
  const shown = include === 'Object' ? object : include === 'Metadata' ? partialMetadata(object) : null;
  return { cells, ...(shown === null ? {} : { object: shown }) };
}

export function partialMetadata(object: Readonly<ApiObject>): Fields {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

export function tableOf(
  resource: ApiResource,
  objects: readonly Readonly<ApiObject>[],
  listMeta: Fields,
  include: IncludeObject,
  now: number,
): Fields {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta,
    columnDefinitions: columnDefinitions(resource),
    rows: objects.map((object) => tableRow(resource, object, include, now)),
  };
}
