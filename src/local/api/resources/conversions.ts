import { asList, asObject, type Fields } from '../object.ts';

interface Conversion {
  /** apiVersion of the stored form. */
  readonly storageVersion: string;
  readonly fromStorage: (object: Fields) => Fields;
  readonly toStorage: (object: Fields) => Fields;
}

/** Built-in kinds served in a version other than the stored one. Functions get and give whole objects and do not change their argument. */
export const conversions: Record<string, Conversion> = {
  'autoscaling/v1/HorizontalPodAutoscaler': {
    storageVersion: 'autoscaling/v2',
    fromStorage: autoscalerToV1,
    toStorage: autoscalerToV2,
  },
  'events.k8s.io/v1/Event': {
    storageVersion: 'v1',
    fromStorage: (event) => rename(event, 'events.k8s.io/v1', eventFields),
    toStorage: (event) => rename(event, 'v1', invert(eventFields)),
  },
};

/** core/v1 Event field → events.k8s.io/v1 field. */
const eventFields: Record<string, string> = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
};

function invert(map: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([from, to]) => [to, from]));
}

function rename(object: Fields, apiVersion: string, names: Record<string, string>): Fields {
  const entries = Object.entries(object).map(([key, value]) => [names[key] ?? key, value]);
  return { ...Object.fromEntries(entries), apiVersion };
}

const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';

function isCpu(metric: unknown): boolean {
  const resource = asObject(asObject(metric)?.['resource']);
  return resource?.['name'] === 'cpu' && asObject(resource['target'])?.['type'] === 'Utilization';
}

function autoscalerToV1(object: Fields): Fields {
  const { metrics, behavior: _behavior, ...spec } = asObject(object['spec']) ?? {};
  const all = asList(metrics);
  const cpu = all.find(isCpu);
  const others = all.filter((metric) => metric !== cpu);
  const target = asObject(asObject(asObject(cpu)?.['resource'])?.['target'])?.['averageUtilization'];
  const metadata = asObject(object['metadata']) ?? {};
  const annotations = asObject(metadata['annotations']);
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata:
      others.length === 0
        ? metadata
        : { ...metadata, annotations: { ...annotations, [metricsAnnotation]: JSON.stringify(others) } },
    spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
  };
}

function autoscalerToV2(object: Fields): Fields {
  const { targetCPUUtilizationPercentage: target, ...spec } = asObject(object['spec']) ?? {};
  const metrics =
    target === undefined
      ? {}
      : {
          metrics: [
            {
              type: 'Resource',
              resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } },
            },
          ],
        };
  return { ...object, apiVersion: 'autoscaling/v2', spec: { ...spec, ...metrics } };
}
