import type { TypeTable } from '../schema/notation.ts';
import { TypeRegistry } from '../schema/notation.ts';
import { builtinColumns } from '../table/builtin-columns.ts';
import {
  certificatesTypes,
  coordinationTypes,
  discoveryTypes,
  eventsTypes,
  networkingTypes,
  nodeTypes,
  rbacTypes,
  schedulingTypes,
  storageTypes,
} from '../types/cluster-types-table.ts';
import {
  admissionTypes,
  authenticationTypes,
  authorizationTypes,
  extensionTypes,
  registrationTypes,
} from '../types/control-types-table.ts';
import { coreTypes } from '../types/core-types-table.ts';
import { metaTypes } from '../types/meta-types-table.ts';
import {
  appsTypes,
  autoscalingV1Types,
  autoscalingV2Types,
  batchTypes,
  policyTypes,
} from '../types/workload-types-table.ts';
import { builtinRows, typePackages } from './builtin-table.ts';
import { conversions } from './conversions.ts';
import { type ApiResource, allVerbs, type Column, type ScalePaths, type Subresource } from './resource.ts';

const tables: readonly TypeTable[] = [
  metaTypes,
  coreTypes,
  appsTypes,
  batchTypes,
  autoscalingV1Types,
  autoscalingV2Types,
  policyTypes,
  networkingTypes,
  discoveryTypes,
  coordinationTypes,
  eventsTypes,
  rbacTypes,
  storageTypes,
  schedulingTypes,
  nodeTypes,
  certificatesTypes,
  admissionTypes,
  extensionTypes,
  authenticationTypes,
  authorizationTypes,
  registrationTypes,
];

const rows = builtinRows
  .trim()
  .split('\n')
  .map((row) => row.split(' '));

const kindNames = new Set([
  ...rows.map(([apiVersion = '', kind]) => `${typePackages[apiVersion]}.${kind}`),
  'io.k8s.api.autoscaling.v1.Scale',
  'io.k8s.api.policy.v1.Eviction',
  'io.k8s.api.authentication.v1.TokenRequest',
]);

/** The types of all built-in kinds. */
export const builtinTypes = new TypeRegistry(tables, (name) => kindNames.has(name));

const replicaScale: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};

/** All built-in resources, in the order discovery shows them. */
export function builtinResources(): ApiResource[] {
  return rows.map(readRow);
}

function readRow(row: readonly string[]): ApiResource {
  const [apiVersion = '', kind = '', plural = '', shortNames = '', scope, subresources = '', ...rest] = row;
  const [group, version] = apiVersion.includes('/')
    ? (apiVersion.split('/') as [string, string])
    : ['', apiVersion];
  const extra = (name: string) =>
    rest
      .find((one) => one.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .split(',');
  const table = extra('table')?.[0] ?? `${group}/${plural}`;
  const subs = list(subresources) as Subresource[];
  const shared = conversions[apiVersion + '/' + kind];
  return {
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    namespaced: scope === 'N',
    shortNames: list(shortNames),
    categories: extra('cat') ?? [],
    verbs: extra('verbs') ?? allVerbs,
    subresources: subs,
    table,
    storageVersion: shared?.storageVersion ?? apiVersion,
    schema: builtinTypes.get(`${typePackages[apiVersion]}.${kind}`),
    custom: false,
    columns: columnsOf(apiVersion, kind),
    selectableFields: extra('sel') ?? [],
    ...(subs.includes('scale') ? { scale: replicaScale } : {}),
    hasGeneration: !rest.includes('nogen'),
    ...(shared === undefined ? {} : { fromStorage: shared.fromStorage, toStorage: shared.toStorage }),
  };
}

function list(text: string): string[] {
  return text === '-' || text === '' ? [] : text.split(',');
}

function columnsOf(apiVersion: string, kind: string): readonly Column[] {
  return builtinColumns[`${apiVersion}/${kind}`] ?? builtinColumns[kind] ?? [];
}
