import { meshConfig } from '../mesh/mesh-config.schema.ts';
import {
  anything,
  as,
  flag,
  freeForm,
  int32,
  lenient,
  list,
  map,
  oneOfWords,
  record,
  type Schema,
  text,
  textMap,
} from '../schema/schema.ts';
import { k8sSettings } from './k8s.schema.ts';
import { values } from './values.schema.ts';

const enabled = flag('Whether it is installed.', { fallback: 'as the profile says' });

const component = {
  enabled,
  namespace: text('Namespace it is installed in.', { fallback: 'that of the installation' }),
  hub: text('Registry of its images.'),
  tag: anything('Tag of its images; text or number.'),
  spec: freeForm('Not used.'),
  k8s: k8sSettings,
};

const componentSpec = record('ComponentSpec', 'A component.', component);
const removed = (was: string): Schema =>
  as(componentSpec, `Was ${was} before 1.6; now part of istiod. Accepted, without effect.`, {
    'x-lateen-opaque': true,
  });

const gatewaySpec = record('GatewayComponentSpec', 'A gateway.', {
  name: text('Name of its Deployment and Service.'),
  label: textMap('Labels of its pods, for Gateway selectors.'),
  ...component,
});

const addon = record('ExternalComponentSpec', 'An addon of 1.6.', {
  enabled,
  namespace: text('Namespace it is installed in.'),
  spec: freeForm('Settings of the addon.'),
  chartPath: text('Not used.'),
  schema: freeForm('Not used.'),
  k8s: as(k8sSettings, 'Kubernetes settings of the addon.', { 'x-lateen-opaque': true }),
});

const components = record('IstioComponentSpec', 'What is installed.', {
  base: record('BaseComponentSpec', 'CRDs, roles and accounts of the cluster.', {
    enabled,
    k8s: k8sSettings,
  }),
  pilot: as(componentSpec, 'The control plane, istiod.'),
  cni: as(componentSpec, 'The CNI node agent.'),
  ztunnel: as(componentSpec, 'The node proxy of ambient mode.'),
  istiodRemote: as(componentSpec, 'What a cluster needs whose control plane is elsewhere.'),
  ingressGateways: list(
    gatewaySpec,
    'Gateways for calls from outside; entries join those of the profile by name.',
  ),
  egressGateways: list(
    gatewaySpec,
    'Gateways for calls to the outside; entries join those of the profile by name.',
  ),
  proxy: removed('proxy'),
  sidecarInjector: removed('the injector'),
  policy: removed('mixer policy'),
  telemetry: removed('mixer telemetry'),
  citadel: removed('the certificate authority'),
  nodeAgent: removed('the node agent'),
  galley: removed('galley'),
});

export const istioOperator: Schema = record('IstioOperatorSpec', 'What to install and with which settings.', {
  profile: text(
    'Profile to start from: default, demo, minimal, remote, empty, preview, ambient, openshift.',
    { fallback: 'default' },
  ),
  installPackagePath: text('Folder with charts and profiles.', { fallback: 'those built in' }),
  hub: text('Registry of all images: `docker.io/istio`.'),
  tag: anything('Tag of all images; text or number.'),
  resourceSuffix: text('Not used.'),
  namespace: text('Namespace of the control plane.', { fallback: 'istio-system' }),
  revision: text('Name of this control plane, for several side by side; a DNS label.'),
  compatibilityVersion: text('Version whose behaviour is kept: `1.25`.'),
  meshConfig: as(lenient(meshConfig), 'Settings of the whole mesh.'),
  components,
  addonComponents: map(addon, 'Addons of 1.6: prometheus, grafana, kiali, tracing, istiocoredns.'),
  values: as(values, 'Values of the templates; anything that has no field of its own elsewhere.'),
  unvalidatedValues: freeForm('Values that are not checked.'),
});

const states = ['NONE', 'UPDATING', 'RECONCILING', 'HEALTHY', 'ERROR', 'ACTION_REQUIRED'];

const condition = record(
  'OperatorCondition',
  'One aspect of the state.',
  {
    type: text('Name: Ready, Reconciling or Stalled.'),
    status: oneOfWords('Whether it holds.', ['True', 'False', 'Unknown']),
    observedGeneration: int32('Generation it speaks of.', { format: 'int64' }),
    lastTransitionTime: text('When status changed last.', { format: 'date-time' }),
    reason: text('Reason in one word.'),
    message: text('Reason in a sentence.'),
  },
  { required: ['type', 'status'] },
);

export const operatorStatus: Schema = record(
  'InstallStatus',
  'State of the installation.',
  {
    status: oneOfWords('State of the whole.', states),
    message: text('What to know about it.'),
    observedGeneration: int32('Generation the state speaks of.', { format: 'int64' }),
    componentStatus: map(
      record('VersionStatus', 'State of a component.', {
        version: text('Version that runs.'),
        status: oneOfWords('State.', states),
        error: text('What is wrong.'),
      }),
      'State of each component.',
    ),
    conditions: list(condition, 'Aspects of the state.', {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    }),
  },
  { 'x-kubernetes-preserve-unknown-fields': true },
);
