import { error, type Issue, warning } from '../base/issue.ts';
import { components, formerComponents } from './components.ts';
import { didYouMean } from './did-you-mean.ts';
import { isMap, type Json, type JsonMap } from './json.ts';

type Type = 'text' | 'flag' | 'map' | 'list' | 'number' | 'any';

const specFields: Record<string, Type> = {
  profile: 'text',
  installPackagePath: 'text',
  hub: 'text',
  tag: 'text',
  resourceSuffix: 'text',
  namespace: 'text',
  revision: 'text',
  compatibilityVersion: 'text',
  meshConfig: 'map',
  components: 'map',
  addonComponents: 'map',
  values: 'map',
  unvalidatedValues: 'map',
};

const componentFields: Record<string, Type> = {
  enabled: 'flag',
  namespace: 'text',
  hub: 'text',
  tag: 'text',
  spec: 'any',
  k8s: 'map',
};
const gatewayFields: Record<string, Type> = { ...componentFields, name: 'text', label: 'map' };

const k8sFields: Record<string, Type> = {
  affinity: 'map',
  env: 'list',
  hpaSpec: 'map',
  imagePullPolicy: 'text',
  nodeSelector: 'map',
  overlays: 'list',
  podAnnotations: 'map',
  podDisruptionBudget: 'map',
  priorityClassName: 'text',
  readinessProbe: 'map',
  replicaCount: 'number',
  resources: 'map',
  securityContext: 'map',
  service: 'map',
  serviceAnnotations: 'map',
  strategy: 'map',
  tolerations: 'list',
  volumeMounts: 'list',
  volumes: 'list',
};

/** Faults in what the user wrote: unknown fields with the nearest known one, wrong types, components that do not exist (any more). */
export function checkSpec(spec: JsonMap): Issue[] {
  const issues = checkFields(spec, specFields, 'spec');
  if (isMap(spec['components'])) issues.push(...checkComponents(spec['components']));
  if (isMap(spec['addonComponents'])) issues.push(...checkAddons(spec['addonComponents']));
  return issues;
}

function checkFields(value: JsonMap, fields: Record<string, Type>, path: string): Issue[] {
  return Object.entries(value).flatMap(([key, entry]) => {
    const at = `${path}.${key}`;
    const type = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (type === undefined)
      return [error('UnknownField', at, `there is no field "${key}"${didYouMean(key, Object.keys(fields))}`)];
    return hasType(entry, type)
      ? []
      : [error('WrongType', at, `must be ${typeNames[type]}, not ${JSON.stringify(entry)}`)];
  });
}

const typeNames: Record<Type, string> = {
  text: 'a string',
  flag: 'true or false',
  map: 'an object',
  list: 'a list',
  number: 'a number',
  any: 'anything',
};

function hasType(value: Json, type: Type): boolean {
  switch (type) {
    case 'text':
      return typeof value === 'string' || typeof value === 'number';
    case 'flag':
      return typeof value === 'boolean';
    case 'number':
      return typeof value === 'number';
    case 'map':
      return isMap(value);
    case 'list':
      return Array.isArray(value);
    case 'any':
      return true;
  }
}

function checkComponents(value: JsonMap): Issue[] {
  const known = components.map((component) => component.key);
  return Object.entries(value).flatMap(([key, entry]) => {
    const path = `spec.components.${key}`;
    if (formerComponents.includes(key)) return formerComponent(key, entry, path);
    const component = components.find((candidate) => candidate.key === key);
    if (component === undefined)
      return [error('UnknownComponent', path, `there is no component "${key}"${didYouMean(key, known)}`)];
    if (!component.list)
      return isMap(entry)
        ? checkComponent(entry, componentFields, path)
        : [error('WrongType', path, 'must be an object')];
    if (!Array.isArray(entry))
      return [error('WrongType', path, `must be a list of gateways, each with a name`)];
    return entry.flatMap((gateway, index) => checkGateway(gateway, `${path}[${index}]`));
  });
}

function checkGateway(gateway: Json, path: string): Issue[] {
  if (!isMap(gateway)) return [error('WrongType', path, 'must be an object')];
  const issues = checkComponent(gateway, gatewayFields, path);
  if (typeof gateway['name'] === 'string' && gateway['name'] !== '') return issues;
  return [...issues, error('MissingField', `${path}.name`, 'a gateway needs a name')];
}

function checkComponent(entry: JsonMap, fields: Record<string, Type>, path: string): Issue[] {
  const issues = checkFields(entry, fields, path);
  return isMap(entry['k8s']) ? [...issues, ...checkFields(entry['k8s'], k8sFields, `${path}.k8s`)] : issues;
}

function formerComponent(key: string, entry: Json, path: string): Issue[] {
  const enabled = isMap(entry) && entry['enabled'] === true;
  return enabled
    ? [
        warning(
          'FormerComponent',
          path,
          `istiod does the work of "${key}" since Istio 1.5; remove this entry`,
        ),
      ]
    : [];
}

function checkAddons(addons: JsonMap): Issue[] {
  return Object.entries(addons).flatMap(([key, entry]) =>
    isMap(entry) && entry['enabled'] === true
      ? [
          warning(
            'NotSupportedYet',
            `spec.addonComponents.${key}`,
            `the addon "${key}" is not installed yet; Istio's samples/addons work`,
          ),
        ]
      : [],
  );
}
