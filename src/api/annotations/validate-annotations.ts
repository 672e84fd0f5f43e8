import { error, type Issue, warning } from '../../base/issue.ts';
import { errorMessage } from '../../base/log.ts';
import { parseYaml } from '../../base/yaml.ts';
import { defaultProxyConfig } from '../mesh/defaults.ts';
import { applyProxyConfig } from '../mesh/mesh-config.ts';
import { isCidr } from '../rules/host-name.ts';
import { child } from '../schema/report.ts';
import { didYouMean } from '../schema/suggest.ts';
import { type AnnotationForm, annotationRows } from './annotations.ts';

const rows = new Map(annotationRows.filter((row) => row.type === 'annotation').map((row) => [row.name, row]));
const ours =
  /(?:^|\.)(?:sidecar|proxy|inject|traffic|readiness|status)\.(?:status\.)?(?:sidecar\.)?istio\.io\//;

/**
 * What is wrong with the annotations of a pod: values that cannot be read are errors, as injection refuses them; names of our groups that
 * nobody reads are warned of. (istio/pkg/kube/inject AnnotationValidation.)
 */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path = 'metadata.annotations',
): readonly Issue[] {
  const issues: Issue[] = [];
  for (const [name, value] of Object.entries(annotations ?? {})) {
    const row = rows.get(name);
    const at = child(path, name);
    if (row === undefined) {
      if (ours.test(name))
        issues.push(
          warning('UnknownAnnotation', at, `no annotation is named ${name}${didYouMean(name, rows.keys())}`),
        );
      continue;
    }
    if (name !== 'sidecar.istio.io/inject') issues.push(...valueIssues(row.form, at, value));
    if (row.instead !== undefined && name !== 'sidecar.istio.io/inject')
      issues.push(warning('Deprecated', at, `use ${row.instead} instead`));
  }
  return issues;
}

const quantity = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const isPort = (text: string): boolean => /^\d+$/.test(text.trim()) && Number(text) <= 65535;

/** Each form: whether a value is of it, and what it looks like. */
const forms: Readonly<
  Record<Exclude<AnnotationForm, 'proxyConfig' | 'text'>, readonly [(value: string) => boolean, string]>
> = {
  bool: [(value) => /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value), 'true or false'],
  uint32: [(value) => /^\d+$/.test(value) && Number(value) <= 4294967295, 'a whole number'],
  port: [isPort, 'a port number'],
  ports: [arePorts, 'port numbers separated by commas'],
  portsOrAll: [(value) => value === '*' || arePorts(value), '"*", or port numbers separated by commas'],
  subnets: [areSubnets, 'subnets separated by commas'],
  subnetsOrAll: [(value) => value === '*' || areSubnets(value), '"*", or subnets separated by commas'],
  interfaces: [
    (value) =>
      value === '' || value.split(',').every((name) => /^[a-zA-Z][a-zA-Z0-9_.-]{0,14}$/.test(name.trim())),
    'interface names separated by commas',
  ],
  quantity: [(value) => quantity.test(value), 'a quantity such as 100m or 128Mi'],
  interceptionMode: [(value) => ['REDIRECT', 'TPROXY', 'NONE'].includes(value), 'REDIRECT, TPROXY or NONE'],
};

function valueIssues(form: AnnotationForm, path: string, value: string): readonly Issue[] {
  if (form === 'text') return [];
  if (form === 'proxyConfig') return proxyConfigIssues(path, value);
  const [fits, wanted] = forms[form];
  return fits(value) ? [] : [error('InvalidAnnotation', path, `${JSON.stringify(value)} is not ${wanted}`)];
}

function arePorts(value: string): boolean {
  return value.trim() === '' || value.split(',').every(isPort);
}

function areSubnets(value: string): boolean {
  return value === '' || value.split(',').every(isCidr);
}

function proxyConfigIssues(path: string, value: string): readonly Issue[] {
  let settings: unknown;
  try {
    settings = value.trim() === '' ? {} : parseYaml(value);
  } catch (thrown) {
    return [error('InvalidAnnotation', path, `not YAML: ${errorMessage(thrown).split('\n')[0]}`)];
  }
  const { issues } = applyProxyConfig(settings, defaultProxyConfig());
  return issues.map((issue) => ({
    ...issue,
    path,
    message: issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`,
  }));
}
