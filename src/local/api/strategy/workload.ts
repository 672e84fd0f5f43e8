import { randomUUID } from 'node:crypto';
import { type FieldError, invalid, required } from '../field-error.ts';
import { type ApiObject, asObject, ensureObject, type Fields } from '../object.ts';
import { equalJson } from '../schema/json-value.ts';
import { labelSelectorOf, matchesLabels } from '../selector/label-selector.ts';
import { checkLabels } from '../validation/names.ts';
import { checkPodSpec, checkRestartPolicy } from '../validation/pod.ts';
import { defaultPodSpec } from './pod.ts';
import type { Strategy } from './strategy.ts';

function templateOf(object: Readonly<ApiObject>): { template: Fields | undefined; spec: Fields | undefined } {
  const template = asObject(asObject(object.spec)?.['template']);
  return { template, spec: asObject(template?.['spec']) };
}

/** Defaults and checks that all kinds with a selector and a pod template share. */
function workload(own: Strategy): Strategy {
  return {
    ...own,
    default(object) {
      defaultPodSpec(templateOf(object).spec);
      own.default?.(object);
    },
    validate(object, errors, core) {
      checkTemplate(object, ['Always'], errors);
      own.validate?.(object, errors, core);
    },
    validateUpdate(object, old, errors) {
      const selector = asObject(object.spec)?.['selector'];
      if (!equalJson(selector, asObject(old.spec)?.['selector'])) {
        errors.push(invalid('spec.selector', selector, 'field is immutable'));
      }
      own.validateUpdate?.(object, old, errors);
    },
  };
}

function checkTemplate(object: Readonly<ApiObject>, policies: readonly string[], errors: FieldError[]): void {
  const spec = asObject(object.spec);
  const { template, spec: podSpec } = templateOf(object);
  const selector = asObject(spec?.['selector']);
  const labels = asObject(asObject(template?.['metadata'])?.['labels']) as Record<string, string> | undefined;
  checkLabels(labels, 'spec.template.labels', errors);
  if (selector !== undefined && template !== undefined) {
    const requirements = labelSelectorOf(selector);
    if (requirements.length === 0) {
      errors.push(invalid('spec.selector', selector, 'empty selector is invalid for deployment'));
    } else if (!matchesLabels(requirements, labels)) {
      errors.push(
        invalid(
          'spec.template.metadata.labels',
          labels ?? null,
          '`selector` does not match template `labels`',
        ),
      );
    }
  }
  const replicas = spec?.['replicas'];
  if (typeof replicas === 'number' && replicas < 0) {
    errors.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'));
  }
  if (podSpec === undefined && template !== undefined) errors.push(required('spec.template.spec.containers'));
  if (podSpec !== undefined) checkRestartPolicy(podSpec, 'spec.template.spec', policies, errors);
  checkPodSpec(podSpec, 'spec.template.spec', errors);
}

export const deploymentStrategy: Strategy = workload({
  default(object) {
    const strategy = asObject(asObject(object.spec)?.['strategy']);
    if (strategy?.['type'] !== 'RollingUpdate') return;
    const rolling = ensureObject(strategy, 'rollingUpdate');
    rolling['maxUnavailable'] ??= '25%';
    rolling['maxSurge'] ??= '25%';
  },
  validate(object, errors) {
    const strategy = asObject(asObject(object.spec)?.['strategy']);
    if (strategy?.['type'] === 'Recreate' && strategy['rollingUpdate'] !== undefined) {
      errors.push({
        reason: 'FieldValueForbidden',
        field: 'spec.strategy.rollingUpdate',
        message: "Forbidden: may not be specified when strategy `type` is 'Recreate'",
      });
    }
  },
});

/** apps/v1 ReplicaSets take their labels from the template when they have none. */
export const replicaSetStrategy: Strategy = workload({});

export const statefulSetStrategy: Strategy = workload({
  default(object) {
    const strategy = asObject(asObject(object.spec)?.['updateStrategy']);
    if (strategy?.['type'] !== 'RollingUpdate') return;
    const rolling = ensureObject(strategy, 'rollingUpdate');
    rolling['partition'] ??= 0;
  },
});

export const daemonSetStrategy: Strategy = workload({
  default(object) {
    const strategy = asObject(asObject(object.spec)?.['updateStrategy']);
    if (strategy?.['type'] !== 'RollingUpdate') return;
    const rolling = ensureObject(strategy, 'rollingUpdate');
    rolling['maxUnavailable'] ??= 1;
    rolling['maxSurge'] ??= 0;
  },
});

export const jobStrategy: Strategy = {
  default(object) {
    const spec = asObject(object.spec);
    defaultPodSpec(templateOf(object).spec);
    if (spec === undefined) return;
    if (spec['completions'] === undefined && spec['parallelism'] === undefined) {
      spec['completions'] = 1;
    }
    spec['parallelism'] ??= 1;
    spec['podReplacementPolicy'] ??=
      spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed';
  },
  prepareCreate: labelJob,
  validate(object, errors) {
    checkTemplate(object, ['OnFailure', 'Never'], errors);
  },
  validateUpdate(object, old, errors) {
    const now = asObject(object.spec);
    const before = asObject(old.spec);
    for (const field of ['selector', 'template', 'completionMode']) {
      if (!equalJson(now?.[field], before?.[field]) && !(field === 'template' && before?.['suspend'])) {
        errors.push(invalid(`spec.${field}`, now?.[field], 'field is immutable'));
      }
    }
  },
};

/** Gives a Job the selector and labels that tie its pods to it. */
function labelJob(object: ApiObject): void {
  const spec = asObject(object.spec);
  const template = asObject(spec?.['template']);
  if (spec === undefined || template === undefined || spec['manualSelector']) return;
  const uid = randomUUID();
  const metadata = ensureObject(template, 'metadata');
  metadata['labels'] = {
    ...asObject(metadata['labels']),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': object.metadata.name,
    'controller-uid': uid,
    'job-name': object.metadata.name,
  };
  spec['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
}

export const cronJobStrategy: Strategy = {
  default(object) {
    const job = asObject(asObject(asObject(object.spec)?.['jobTemplate'])?.['spec']);
    defaultPodSpec(asObject(asObject(job?.['template'])?.['spec']));
  },
};
