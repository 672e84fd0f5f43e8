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
import { autoscaling, dualStack, objects, podPlacement, resources } from './value-shapes.schema.ts';

const port = record('GatewayPortValues', 'A port of the gateway.', {
  name: text('Name.'),
  port: uint32('Port of the service.'),
  nodePort: uint32('Port of the nodes.'),
  targetPort: uint32('Port of the pods.'),
  protocol: text('TCP or UDP.'),
});

const secretVolume = record('SecretVolume', 'A secret seen as files.', {
  mountPath: text('Path in the container.'),
  name: text('Name of the volume.'),
  secretName: text('Name of the secret.'),
});

const shared: Readonly<Record<string, Schema>> = {
  ...autoscaling,
  ...dualStack,
  ...podPlacement,
  enabled: flag('Former form of the component of the gateway.'),
  customService: flag('Whether the service is made elsewhere.'),
  env: freeForm('Environment variables.'),
  labels: textMap('Labels of the pods.'),
  name: text('Name of the gateway.'),
  podAntiAffinityLabelSelector: objects('Pods it must not run beside.'),
  podAntiAffinityTermLabelSelector: objects('Pods it should not run beside.'),
  ports: list(port, 'Ports.'),
  replicaCount: uint32('Pods without autoscaler.'),
  resources,
  secretVolumes: list(secretVolume, 'Secrets seen as files.'),
  configVolumes: objects('ConfigMaps seen as files.'),
  additionalContainers: objects('Further containers.'),
  serviceAnnotations: freeForm('Annotations of the service.'),
  serviceAccount: record('ServiceAccountValues', 'Its service account.', {
    annotations: freeForm('Annotations.'),
  }),
  type: text('Type of the service.'),
  runAsRoot: flag('Run as root, for ports below 1024.', { fallback: 'false' }),
  injectionTemplate: text('Template used for injection.'),
  securityContext: anything('Security of the pods.'),
};

const ingress = record('IngressGatewayValues', 'The gateway istio-ingressgateway.', {
  ...shared,
  externalTrafficPolicy: text('Cluster or Local.'),
  loadBalancerIP: text('Wanted address.'),
  loadBalancerSourceRanges: texts('Who may call.'),
  ingressPorts: objects('Further ports.'),
  sds: anything('Of charts before 1.8; without effect.'),
  meshExpansionPorts: anything('Of charts before 1.8; without effect.'),
  zvpn: anything('Of charts before 1.8; without effect.'),
});

export const gatewayValues: Schema = record('GatewaysValues', 'Gateways.', {
  enabled: flag('Whether gateways are installed.'),
  'istio-ingressgateway': ingress,
  'istio-egressgateway': record('EgressGatewayValues', 'The gateway istio-egressgateway.', {
    ...shared,
    zvpn: anything('Of charts before 1.8; without effect.'),
  }),
  securityContext: anything('Security of gateway pods.'),
  seccompProfile: anything('Seccomp profile of gateway pods.'),
});
