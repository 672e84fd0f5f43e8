import {
  anything,
  flag,
  freeForm,
  list,
  record,
  type Schema,
  text,
  textMap,
  texts,
  uint32,
} from '../schema/schema.ts';

/** Shapes that several parts of the values share. */
export const image: Readonly<Record<string, Schema>> = {
  hub: text('Registry of the image.'),
  tag: anything('Tag of the image; text or number.'),
  variant: text('Variant of the image: debug, distroless.'),
  image: text('Name of the image, or a whole reference.'),
};

export const objects = (description: string): Schema => list(freeForm(''), description);

export const resources: Schema = record('ResourceValues', 'CPU and memory.', {
  limits: textMap('Upper bounds.'),
  requests: textMap('What is reserved.'),
});

const utilization = record('TargetUtilizationConfig', 'Wanted use.', {
  targetAverageUtilization: uint32('Percent.', { fallback: '80' }),
});

export const autoscaling: Readonly<Record<string, Schema>> = {
  autoscaleEnabled: flag('Whether the number of pods follows the load.', { fallback: 'true' }),
  autoscaleMin: uint32('Fewest pods.', { fallback: '1' }),
  autoscaleMax: uint32('Most pods.', { fallback: '5' }),
  cpu: utilization,
  memory: utilization,
};

export const podPlacement: Readonly<Record<string, Schema>> = {
  affinity: freeForm('Affinity of the pods.'),
  nodeSelector: freeForm('Labels of the nodes.'),
  podAnnotations: freeForm('Annotations of the pods.'),
  tolerations: objects('Taints that are tolerated.'),
  rollingMaxSurge: anything('Most additional pods in an update.'),
  rollingMaxUnavailable: anything('Most missing pods in an update.'),
};

export const dualStack: Readonly<Record<string, Schema>> = {
  ipFamilies: texts('IPv4, IPv6.'),
  ipFamilyPolicy: text('SingleStack, PreferDualStack or RequireDualStack.'),
};
