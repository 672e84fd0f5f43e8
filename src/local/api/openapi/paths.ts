import type { Fields } from '../object.ts';
import type { ApiResource } from '../resources/resource.ts';

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** The operations on one resource, with what clients look for in them: the kind they act on and the query parameters they take. */
export function resourcePaths(resource: ApiResource, ref: string, v3: boolean): Fields {
  const base =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const collection = resource.namespaced
    ? `${base}/namespaces/{namespace}/${resource.plural}`
    : `${base}/${resource.plural}`;
  const make = (verb: string, action: string, parameters: readonly string[]) =>
    operation(resource, ref, v3, verb, action, parameters);
  const paths: Fields = {};
  const onCollection: Fields = {};
  const onItem: Fields = {};
  const has = (verb: string) => resource.verbs.includes(verb);
  if (has('list'))
    onCollection['get'] = make('list', 'list', [
      'labelSelector',
      'fieldSelector',
      'limit',
      'continue',
      'watch',
    ]);
  if (has('create')) onCollection['post'] = make('create', 'post', writeParameters);
  if (has('deletecollection'))
    onCollection['delete'] = make('deleteCollection', 'deletecollection', ['labelSelector']);
  if (has('get')) onItem['get'] = make('read', 'get', []);
  if (has('update')) onItem['put'] = make('replace', 'put', writeParameters);
  if (has('patch')) onItem['patch'] = make('patch', 'patch', [...writeParameters, 'force']);
  if (has('delete'))
    onItem['delete'] = make('delete', 'delete', ['dryRun', 'gracePeriodSeconds', 'propagationPolicy']);
  paths[collection] = onCollection;
  if (Object.keys(onItem).length > 0) paths[`${collection}/{name}`] = onItem;
  return paths;
}

function operation(
  resource: ApiResource,
  ref: string,
  v3: boolean,
  verb: string,
  action: string,
  parameters: readonly string[],
): Fields {
  const { group, version, kind } = resource;
  const scope = resource.namespaced ? 'Namespaced' : '';
  const groupName = (group === '' ? 'core' : (group.split('.')[0] as string)).replace(/^./, (c) =>
    c.toUpperCase(),
  );
  const versionName = version.replace(/^./, (c) => c.toUpperCase());
  return {
    description: `${verb} ${kind}`,
    operationId: `${verb}${groupName}${versionName}${scope}${kind}`,
    parameters: parameters.map((name) => parameter(name, v3)),
    ...body(resource, action, ref, v3),
    responses: { '200': response(ref, v3) },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}

function parameter(name: string, v3: boolean): Fields {
  const type =
    name === 'limit' || name === 'gracePeriodSeconds'
      ? 'integer'
      : name === 'watch' || name === 'force'
        ? 'boolean'
        : 'string';
  return {
    in: 'query',
    name,
    ...(v3 ? { schema: { type, uniqueItems: true } } : { type, uniqueItems: true }),
  };
}

/** kubectl reads from the content types whether a kind takes strategic merge patches: custom ones do not. */
function body(resource: ApiResource, action: string, ref: string, v3: boolean): Fields {
  if (action !== 'post' && action !== 'put' && action !== 'patch') return {};
  const taken = patchTypes.filter((type) => !resource.custom || !type.includes('strategic'));
  const types = action === 'patch' ? taken : ['*/*'];
  if (!v3) return { consumes: types };
  const schema = action === 'patch' ? { type: 'object' } : { $ref: ref };
  return {
    requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema }])), required: true },
  };
}

function response(ref: string, v3: boolean): Fields {
  if (!v3) return { description: 'OK', schema: { $ref: ref } };
  return { description: 'OK', content: { 'application/json': { schema: { $ref: ref } } } };
}
