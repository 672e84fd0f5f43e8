import type { KubeObject } from '../api/object.ts';
import type { InjectionConfig } from './config.ts';
import { injectPod } from './inject-pod.ts';
import type { Pod, PodMeta, PodSpec } from './pod.ts';

export type ObjectInjection =
  | { readonly kind: 'injected'; readonly object: KubeObject }
  | { readonly kind: 'unchanged'; readonly object: KubeObject; readonly warning?: string }
  | { readonly kind: 'refused'; readonly message: string };

interface PodTemplate {
  metadata?: PodMeta;
  spec: PodSpec;
}

const templated = new Set([
  'Deployment',
  'ReplicaSet',
  'DaemonSet',
  'StatefulSet',
  'Job',
  'ReplicationController',
  'DeploymentConfig',
]);

/**
 * Offline injection (`istioctl kube-inject`) into whatever holds a pod template: Pod, the workload kinds, CronJob, and List of them.
 * Other kinds come back unchanged.
 */
export function injectObject(
  object: KubeObject,
  namespace: string,
  config: InjectionConfig,
): ObjectInjection {
  if (object.kind === 'List' && Array.isArray(object['items'])) return injectList(object, namespace, config);
  if (object.kind === 'Pod')
    return injectInto(
      object,
      object as unknown as PodTemplate,
      namespace,
      config,
      (template) => ({ ...object, ...template }) as KubeObject,
    );
  const spec = object.spec as
    | { template?: PodTemplate; jobTemplate?: { metadata?: PodMeta; spec: { template: PodTemplate } } }
    | undefined;
  if (object.kind === 'CronJob' && spec?.jobTemplate)
    return injectCronJob(object, spec.jobTemplate, namespace, config);
  if (!templated.has(object.kind) || spec?.template === undefined) return { kind: 'unchanged', object };
  return injectInto(object, spec.template, namespace, config, (template) => ({
    ...object,
    spec: { ...spec, template },
  }));
}

function injectInto(
  owner: KubeObject,
  template: PodTemplate,
  namespace: string,
  config: InjectionConfig,
  rebuild: (template: PodTemplate) => KubeObject,
): ObjectInjection {
  const target = owner.metadata.namespace ?? namespace;
  const own = owner.kind === 'Pod';
  const pod: Pod = { metadata: template.metadata ?? {}, spec: template.spec };
  const workload = own
    ? undefined
    : { name: owner.metadata.name, kind: owner.kind, apiVersion: owner.apiVersion };
  const result = injectPod(pod, { namespace: target, ...(workload && { workload }) }, config);
  const label = `${owner.kind} "${target}/${owner.metadata.name}"`;
  switch (result.kind) {
    case 'injected':
      return {
        kind: 'injected',
        object: rebuild({ ...template, metadata: result.pod.metadata, spec: result.pod.spec }),
      };
    case 'skipped':
      return {
        kind: 'unchanged',
        object: owner,
        warning: `===> Skipping injection because ${label}: ${result.reason}`,
      };
    case 'refused':
      return { kind: 'refused', message: `${label}: ${result.message}` };
  }
}

/** A CronJob's status, labels and annotations go on the job template's metadata as well (Istio's behaviour). */
function injectCronJob(
  object: KubeObject,
  jobTemplate: { metadata?: PodMeta; spec: { template: PodTemplate } },
  namespace: string,
  config: InjectionConfig,
): ObjectInjection {
  return injectInto(object, jobTemplate.spec.template, namespace, config, (template) => {
    const metadata = {
      ...jobTemplate.metadata,
      labels: { ...jobTemplate.metadata?.labels, ...template.metadata?.labels },
      annotations: { ...jobTemplate.metadata?.annotations, ...template.metadata?.annotations },
    };
    const injected = { ...jobTemplate, metadata, spec: { ...jobTemplate.spec, template } };
    return { ...object, spec: { ...(object.spec as object), jobTemplate: injected } };
  });
}

function injectList(list: KubeObject, namespace: string, config: InjectionConfig): ObjectInjection {
  const results = (list['items'] as KubeObject[]).map((item) => injectObject(item, namespace, config));
  const refused = results.find((result) => result.kind === 'refused');
  if (refused) return refused;
  const items = results.map((result) => (result as { object: KubeObject }).object);
  const warnings = results.flatMap((result) =>
    result.kind === 'unchanged' && result.warning ? [result.warning] : [],
  );
  return {
    kind: 'unchanged',
    object: { ...list, items },
    ...(warnings.length > 0 && { warning: warnings.join('\n') }),
  };
}
