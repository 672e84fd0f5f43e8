import { didYouMean } from '../api/schema/suggest.ts';
import { error, type Issue, warning } from '../base/issue.ts';
import { errorMessage } from '../base/log.ts';
import { parseYaml } from '../base/yaml.ts';
import { checkSpec } from './check-spec.ts';
import { isMap, type Json, type JsonMap, mapAt, textAt, valueAt } from './json.ts';
import type { Library } from './library.ts';
import { merge } from './merge.ts';
import { withoutEffect } from './no-effect.ts';
import { parsePath, setPath } from './path.ts';

/** What a user said: IstioOperator specs laid over each other from left to right, then `--set path=value` settings. */
export interface RenderInput {
  readonly specs: readonly JsonMap[];
  readonly sets?: readonly string[];
}

export interface Resolved {
  /** Profile and user's words merged, with `values` complete. */
  readonly spec: JsonMap;
  readonly profile: string;
  readonly namespace: string;
  readonly issues: readonly Issue[];
}

export const defaultHub = 'docker.io/lateen';
export const defaultNamespace = 'istio-system';

/** Merges default profile, chosen profile, specs and settings; completes the Helm-style values that templates and injection read. */
export function resolveSpec(input: RenderInput, library: Library): Resolved {
  const issues: Issue[] = [];
  const checked = checkSpec(userSpec(input, issues));
  const user = checked.spec;
  const profile = textAt(user, 'profile', 'default') || 'default';
  const layers = profileLayers(profile, library, issues);
  issues.push(...checked.issues);
  const base = layers.reduce<JsonMap>(merge, {});
  const merged = merge(base, { ...user, profile });
  issues.push(...withoutEffect(user, base));
  const withGateways = legacyGatewaySwitches(merged, user);
  const namespace =
    textAt(user, 'namespace') || textAt(merged, 'values.global.istioNamespace', defaultNamespace);
  const spec = { ...withGateways, values: completeValues(withGateways, namespace, library.version) };
  issues.push(...capabilityWarnings(spec));
  return { spec, profile, namespace, issues };
}

/** The user's words alone, without any profile. */
export function userSpec(input: RenderInput, issues: Issue[] = []): JsonMap {
  const merged = input.specs.reduce<JsonMap>((all, spec) => merge(all, spec), {});
  return applySets(merged, input.sets ?? [], issues);
}

function profileLayers(profile: string, library: Library, issues: Issue[]): JsonMap[] {
  const names = profile === 'default' ? ['default'] : ['default', profile];
  return names.flatMap((name) => {
    const found = library.profiles.get(name);
    if (found !== undefined) return [mapAt(found, 'spec')];
    const known = [...library.profiles.keys()];
    const message = `there is no profile "${name}"${didYouMean(name, known)} (there are ${known.join(', ')})`;
    issues.push(error('UnknownProfile', 'spec.profile', message));
    return [];
  });
}

/** Paths whose values stay text however they look: `--set tag=1.10` is not the number 1.1. */
const textPaths =
  /^(hub|tag|revision|compatibilityVersion|values\.global\.(hub|tag)|values\.pilot\.(hub|tag)|meshConfig\.defaultConfig\.proxyMetadata\..*)$/;

function applySets(spec: JsonMap, sets: readonly string[], issues: Issue[]): JsonMap {
  let result = spec;
  for (const setting of sets) {
    const equals = setting.indexOf('=');
    if (equals <= 0) {
      issues.push(error('InvalidSetFlag', '', `--set ${setting}: write path=value`));
      continue;
    }
    const path = setting
      .slice(0, equals)
      .trim()
      .replace(/^spec\./, '');
    try {
      result = setPath(result, parsePath(path), setValue(path, setting.slice(equals + 1))) as JsonMap;
    } catch (failure) {
      issues.push(error('InvalidSetFlag', `spec.${path}`, `--set ${setting}: ${errorMessage(failure)}`));
    }
  }
  return result;
}

function setValue(path: string, text: string): Json {
  if (textPaths.test(path) || text === '') return text;
  if (/^\{.*\}$/.test(text) && !text.includes(':'))
    return text
      .slice(1, -1)
      .split(',')
      .map((part) => part.trim());
  try {
    const value = parseYaml(text) as Json;
    return value instanceof Date ? text : value;
  } catch {
    return text;
  }
}

/** `values.gateways.<name>.enabled` of older IstioOperators switches the component, unless `components` says otherwise. */
function legacyGatewaySwitches(merged: JsonMap, user: JsonMap): JsonMap {
  let components = mapAt(merged, 'components');
  for (const list of ['ingressGateways', 'egressGateways']) {
    const own = valueAt(user, `components.${list}`);
    const entries = (Array.isArray(components[list]) ? components[list] : []).map((entry) => {
      const name = textAt(entry, 'name');
      const asked = mapAt(user, 'values.gateways')[name];
      const explicit = Array.isArray(own) && own.some((other) => textAt(other, 'name') === name);
      const enabled = isMap(asked) ? asked['enabled'] : undefined;
      return !explicit && typeof enabled === 'boolean' && isMap(entry) ? { ...entry, enabled } : entry;
    });
    components = { ...components, [list]: entries };
  }
  return { ...merged, components };
}

function completeValues(spec: JsonMap, namespace: string, version: string): JsonMap {
  const values = merge(mapAt(spec, 'values'), mapAt(spec, 'unvalidatedValues'));
  const revision = textAt(spec, 'revision') || textAt(values, 'revision');
  const hub = textAt(spec, 'hub') || textAt(values, 'global.hub') || defaultHub;
  const tag = textAt(spec, 'tag') || textAt(values, 'global.tag') || version;
  const suffix = revision === '' || revision === 'default' ? '' : `-${revision}`;
  const trustDomain =
    textAt(spec, 'meshConfig.trustDomain') || textAt(values, 'meshConfig.trustDomain', 'cluster.local');
  const computed: JsonMap = {
    rootNamespace: namespace,
    trustDomain,
    defaultConfig: { discoveryAddress: `istiod${suffix}.${namespace}.svc:15012` },
  };
  const meshConfig = merge(merge(computed, mapAt(values, 'meshConfig')), mapAt(spec, 'meshConfig'));
  return merge(values, {
    revision: revision === 'default' ? '' : revision,
    meshConfig,
    global: { hub, tag, istioNamespace: namespace, meshID: textAt(values, 'global.meshID') || trustDomain },
  });
}

function capabilityWarnings(spec: JsonMap): Issue[] {
  const metadata = mapAt(spec, 'values.meshConfig.defaultConfig.proxyMetadata');
  if (textAt(metadata, 'ISTIO_META_DNS_CAPTURE') !== 'true') return [];
  return [
    warning(
      'NotSupportedYet',
      'spec.meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE',
      'DNS capture is not supported yet: names are resolved by the cluster DNS',
    ),
  ];
}
