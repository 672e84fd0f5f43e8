import { createHash } from 'node:crypto';
import type { ApiCore } from '../core.ts';
import { type FieldError, forbiddenField } from '../field-error.ts';
import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import { cloneJson, equalJson } from '../schema/json-value.ts';
import { forbidden } from '../status.ts';
import { checkPodSpec } from '../validation/pod.ts';
import type { Strategy } from './strategy.ts';

const noExecuteTolerations = ['not-ready', 'unreachable'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

export const podStrategy: Strategy = {
  default(object) {
    const spec = asObject(object.spec);
    if (spec === undefined) return;
    spec['enableServiceLinks'] ??= true;
    for (const name of ['initContainers', 'containers']) {
      for (const container of asList(spec[name])) requestLimits(container as Fields);
    }
    defaultPodSpec(spec);
  },
  admit(object, core, old) {
    if (old === undefined) admitServiceAccount(object, core);
  },
  prepareCreate(object) {
    const spec = asObject(object.spec) ?? {};
    object.status = { phase: 'Pending', qosClass: qosClass(spec) };
    spec['priority'] ??= 0;
    spec['preemptionPolicy'] ??= 'PreemptLowerPriority';
    spec['tolerations'] = withDefaultTolerations(asList(spec['tolerations']));
  },
  prepareUpdate(object, old) {
    const oldStatus = asObject(old.status);
    const status = asObject(object.status);
    if (status !== undefined && oldStatus?.['qosClass'] !== undefined)
      status['qosClass'] = oldStatus['qosClass'];
  },
  validate: (object, errors) => checkPodSpec(asObject(object.spec), 'spec', errors),
  validateUpdate: checkPodUpdate,
  gracePeriodSeconds: podGrace,
};

function podGrace(object: Readonly<ApiObject>, asked: number | undefined): number {
  const spec = asObject(object.spec);
  const phase = asObject(object.status)?.['phase'];
  const wanted = asked ?? (spec?.['terminationGracePeriodSeconds'] as number | undefined) ?? 30;
  if (!spec?.['nodeName'] || phase === 'Succeeded' || phase === 'Failed') return 0;
  return Math.max(0, wanted);
}

function withDefaultTolerations(tolerations: readonly unknown[]): unknown[] {
  const missing = noExecuteTolerations.filter(
    ({ key }) => !tolerations.some((one) => [key, undefined].includes((one as Fields)['key'] as string)),
  );
  return [...tolerations, ...cloneJson(missing)];
}

/** Defaults of a pod that depend on other fields; templates get them as well. */
export function defaultPodSpec(spec: Fields | undefined): void {
  if (spec === undefined) return;
  if (spec['serviceAccountName'] && !spec['serviceAccount'])
    spec['serviceAccount'] = spec['serviceAccountName'];
  if (spec['serviceAccount'] && !spec['serviceAccountName'])
    spec['serviceAccountName'] = spec['serviceAccount'];
  for (const name of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of asList(spec[name])) defaultContainer(container as Fields, spec);
  }
  for (const volume of asList(spec['volumes'])) {
    const { name, ...source } = volume as Fields;
    if (Object.keys(source).length === 0) Object.assign(volume as Fields, { name, emptyDir: {} });
  }
}

function defaultContainer(container: Fields, spec: Fields): void {
  const image = String(container['image'] ?? '');
  const tag = /:([^/:@]+)(@|$)/.exec(image)?.[1];
  const isLatest = tag === 'latest' || (tag === undefined && !image.includes('@'));
  container['imagePullPolicy'] ??= isLatest ? 'Always' : 'IfNotPresent';
  if (!spec['hostNetwork']) return;
  for (const port of asList(container['ports']))
    (port as Fields)['hostPort'] ??= (port as Fields)['containerPort'];
}

/** Of a pod (not of a template): what is limited and not requested is requested. */
function requestLimits(container: Fields): void {
  const resources = asObject(container['resources']);
  const limits = asObject(resources?.['limits']);
  if (resources === undefined || limits === undefined) return;
  resources['requests'] = { ...limits, ...asObject(resources['requests']) };
}

function qosClass(spec: Fields): string {
  const containers = [...asList(spec['containers']), ...asList(spec['initContainers'])] as Fields[];
  const amounts = (container: Fields, key: string) => asObject(asObject(container['resources'])?.[key]) ?? {};
  const nothing = containers.every(
    (one) => Object.keys(amounts(one, 'limits')).length + Object.keys(amounts(one, 'requests')).length === 0,
  );
  if (nothing) return 'BestEffort';
  const full = containers.every((one) => {
    const limits = amounts(one, 'limits');
    return (
      limits['cpu'] !== undefined &&
      limits['memory'] !== undefined &&
      equalJson(limits, amounts(one, 'requests'))
    );
  });
  return full ? 'Guaranteed' : 'Burstable';
}

const tokenMount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The ServiceAccount admission: the default account, its pull secrets, and the projected token volume in every container. */
function admitServiceAccount(pod: ApiObject, core: ApiCore): void {
  const spec = asObject(pod.spec);
  if (spec === undefined) return;
  spec['serviceAccountName'] ??= 'default';
  spec['serviceAccount'] = spec['serviceAccountName'];
  const name = String(spec['serviceAccountName']);
  const account = core.store.table('/serviceaccounts').get(`${pod.metadata.namespace}/${name}`)?.object;
  if (account === undefined) {
    throw forbidden(
      { group: '', plural: 'pods' },
      pod.metadata.name,
      `error looking up service account ${pod.metadata.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
    );
  }
  if (spec['imagePullSecrets'] === undefined && asList(account['imagePullSecrets']).length > 0) {
    spec['imagePullSecrets'] = cloneJson(account['imagePullSecrets']);
  }
  const mounts = spec['automountServiceAccountToken'] ?? account['automountServiceAccountToken'] ?? true;
  if (mounts) mountToken(pod, spec);
}

function mountToken(pod: ApiObject, spec: Fields): void {
  const containers = [...asList(spec['initContainers']), ...asList(spec['containers'])] as Fields[];
  const without = containers.filter(
    (one) => !asList(one['volumeMounts']).some((mount) => (mount as Fields)['mountPath'] === tokenMount),
  );
  if (without.length === 0) return;
  const volumes = [...asList(spec['volumes'])] as Fields[];
  let name = volumes.find((volume) => String(volume['name']).startsWith('kube-api-access-'))?.['name'];
  if (name === undefined) {
    name = `kube-api-access-${suffixOf(`${pod.metadata.namespace}/${pod.metadata.name}`)}`;
    spec['volumes'] = [...volumes, { name, projected: { defaultMode: 420, sources: tokenSources() } }];
  }
  for (const container of without) {
    container['volumeMounts'] = [
      ...asList(container['volumeMounts']),
      { name, readOnly: true, mountPath: tokenMount },
    ];
  }
}

function tokenSources(): Fields[] {
  return [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: {
        items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
      },
    },
  ];
}

function suffixOf(text: string): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  const bytes = createHash('sha256').update(text).digest();
  return [...bytes.subarray(0, 5)].map((byte) => letters[byte % letters.length]).join('');
}

/** Only images, deadlines and added tolerations of a pod's spec may change. */
function checkPodUpdate(object: Readonly<ApiObject>, old: Readonly<ApiObject>, errors: FieldError[]): void {
  const mutable = (pod: Readonly<ApiObject>): Fields => {
    const spec = cloneJson(asObject(pod.spec) ?? {});
    for (const name of ['containers', 'initContainers']) {
      for (const container of asList(spec[name])) delete (container as Fields)['image'];
    }
    for (const field of [
      'activeDeadlineSeconds',
      'terminationGracePeriodSeconds',
      'tolerations',
      'schedulingGates',
      'nodeName',
      'ephemeralContainers',
      'resources',
    ]) {
      delete spec[field];
    }
    return spec;
  };
  const oldNode = asObject(old.spec)?.['nodeName'];
  const nodeMoved = oldNode !== undefined && oldNode !== asObject(object.spec)?.['nodeName'];
  if (!nodeMoved && equalJson(mutable(object), mutable(old))) return;
  errors.push(
    forbiddenField(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    ),
  );
}
