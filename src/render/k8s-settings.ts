import type { KubeObject } from '../api/object.ts';
import { isMap, type Json, type JsonMap, mapAt, valueAt } from './json.ts';
import { merge, mergeByName } from './merge.ts';

/** Applies a component's `k8s` settings (all but `overlays`) to what its templates rendered. */
export function applyK8sSettings(objects: readonly KubeObject[], k8s: JsonMap): KubeObject[] {
  const scaled = objects.some((object) => object.kind === 'HorizontalPodAutoscaler');
  return objects.map((object) => {
    const json = object as unknown as JsonMap;
    return adjust(object.kind, json, k8s, scaled) as unknown as KubeObject;
  });
}

function adjust(kind: string, object: JsonMap, k8s: JsonMap, scaled: boolean): JsonMap {
  switch (kind) {
    case 'Deployment':
    case 'DaemonSet':
      return adjustWorkload(object, k8s, scaled);
    case 'Service':
      return merge(object, {
        metadata: { annotations: mapAt(k8s, 'serviceAnnotations') },
        spec: mapAt(k8s, 'service'),
      });
    case 'HorizontalPodAutoscaler':
      return merge(object, { spec: mapAt(k8s, 'hpaSpec') });
    case 'PodDisruptionBudget':
      return adjustBudget(object, mapAt(k8s, 'podDisruptionBudget'));
    default:
      return object;
  }
}

/** A budget has minAvailable or maxUnavailable, never both. */
function adjustBudget(object: JsonMap, budget: JsonMap): JsonMap {
  const other =
    'maxUnavailable' in budget
      ? 'minAvailable'
      : 'maxUnavailable' in mapAt(object, 'spec') && 'minAvailable' in budget
        ? 'maxUnavailable'
        : undefined;
  return merge(object, { spec: other === undefined ? budget : { [other]: null, ...budget } });
}

const podFields = [
  'nodeSelector',
  'tolerations',
  'affinity',
  'priorityClassName',
  'securityContext',
] as const;
const containerFields = ['resources', 'imagePullPolicy', 'readinessProbe'] as const;

function adjustWorkload(object: JsonMap, k8s: JsonMap, scaled: boolean): JsonMap {
  const podSpec = mapAt(object, 'spec.template.spec');
  const [main, ...others] = Array.isArray(podSpec['containers']) ? podSpec['containers'] : [];
  const pod = {
    ...podSpec,
    ...pick(k8s, podFields),
    containers: [adjustContainer(isMap(main) ? main : {}, k8s), ...others],
    volumes: mergeByName(list(podSpec['volumes']), list(k8s['volumes'])),
  };
  const replicas =
    typeof k8s['replicaCount'] === 'number' && !scaled ? { replicas: k8s['replicaCount'] } : {};
  const strategy = isMap(k8s['strategy']) ? { strategy: k8s['strategy'] } : {};
  const template = merge(mapAt(object, 'spec.template'), {
    metadata: { annotations: mapAt(k8s, 'podAnnotations') },
  });
  return {
    ...object,
    spec: { ...mapAt(object, 'spec'), ...replicas, ...strategy, template: { ...template, spec: pod } },
  };
}

function adjustContainer(container: JsonMap, k8s: JsonMap): JsonMap {
  const mounts = [...list(container['volumeMounts']), ...list(k8s['volumeMounts'])];
  return {
    ...container,
    ...pick(k8s, containerFields),
    env: mergeByName(list(container['env']), list(k8s['env'])),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  };
}

function pick(from: JsonMap, keys: readonly string[]): JsonMap {
  return Object.fromEntries(
    keys.filter((key) => valueAt(from, key) !== undefined).map((key) => [key, from[key] as Json]),
  );
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
