import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../../base/yaml.ts';
import { decodeIstioOperator } from './istio-operator.ts';

const found = (spec: string) =>
  decodeIstioOperator(parseYaml(spec)).issues.map((issue) => `${issue.severity} ${issue.code} ${issue.path}`);

/** Specs of 1.6 and of today that must be taken without an error. */
const taken = [
  '{}',
  'null',
  '{profile: demo}',
  '{profile: demo, hub: docker.io/istio, tag: 1.6.8, revision: canary}',
  '{tag: 1.26}',
  '{hub: "localhost:5000/istio"}',
  '{components: {pilot: {enabled: true, k8s: {hpaSpec: {maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, targetAverageUtilization: 80}}], scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: istiod}}, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In, values: [b]}]}]}}}}}}}',
  '{addonComponents: {grafana: {enabled: true}, kiali: {enabled: true, k8s: {replicaCount: 1}}}}',
  '{values: {global: {proxy: {includeIPRanges: "*", excludeIPRanges: "1.1.0.0/16,2.2.0.0/16", includeInboundPorts: "*", excludeInboundPorts: "333,444", autoInject: disabled}}}}',
  '{meshConfig: {accessLogFile: /dev/stdout, enableTracing: true, defaultConfig: {tracing: {sampling: 100}}}}',
  '{mesh_config: {access_log_file: /dev/stdout}}',
  '{unvalidatedValues: {anything: {goes: here}}}',
  '{components: {ingressGateways: [{name: a, enabled: true, k8s: {service: {ports: [{port: 80, targetPort: 8080}, {port: 15021}, {port: 31400, targetPort: tcp}]}}}]}}',
  '{components: {ingressGateways: [{k8s: {service: {ports: [{port: 80, targetPort: 80}]}}}]}, values: {gateways: {istio-ingressgateway: {runAsRoot: true}}}}',
  '{components: {pilot: {k8s: {overlays: [{kind: Deployment, name: istiod, patches: [{path: "spec.template.spec.containers.[name:discovery].args.[-1]", value: x}, {path: a}]}]}}}}',
];

test('specs of 1.6 and of today are taken', () => {
  const wrong = taken
    .map((spec) => [spec, found(spec).filter((issue) => issue.startsWith('error'))] as const)
    .filter(([, errors]) => errors.length > 0);
  assert.deepEqual(wrong, []);
});

/** Source: operator/pkg/apis/validation and strict decoding of operator/pkg/apis/types.go. */
const refused: readonly [spec: string, issue: string][] = [
  ['{componets: {}}', 'error UnknownField spec.componets'],
  ['{components: {pilto: {}}}', 'error UnknownField spec.components.pilto'],
  ['{components: {pilot: {k8s: {replicas: 2}}}}', 'error UnknownField spec.components.pilot.k8s.replicas'],
  ['{components: {pilot: {enabled: "true"}}}', 'error WrongType spec.components.pilot.enabled'],
  ['{components: {ingressGateways: {}}}', 'error WrongType spec.components.ingressGateways'],
  ['{values: {golbal: {}}}', 'error UnknownField spec.values.golbal'],
  [
    '{values: {global: {proxy: {autoInjectt: x}}}}',
    'error UnknownField spec.values.global.proxy.autoInjectt',
  ],
  [
    '{values: {global: {proxy: {includeIPRanges: 1.2.3.4}}}}',
    'error InvalidAddress spec.values.global.proxy.includeIPRanges',
  ],
  [
    '{values: {global: {proxy: {includeIPRanges: "*,1.1.0.0/16"}}}}',
    'error InvalidAddress spec.values.global.proxy.includeIPRanges',
  ],
  [
    '{values: {global: {proxy: {excludeInboundPorts: "1,65536"}}}}',
    'error InvalidPort spec.values.global.proxy.excludeInboundPorts',
  ],
  [
    '{values: {global: {proxy: {includeInboundPorts: "x"}}}}',
    'error InvalidPort spec.values.global.proxy.includeInboundPorts',
  ],
  ['{meshConfig: {acessLogFile: x}}', 'error UnknownField spec.meshConfig.acessLogFile'],
  ['{meshConfig: {connectTimeout: 0s}}', 'error InvalidDuration spec.meshConfig.connectTimeout'],
  ['{revision: "1.6"}', 'error InvalidRevision spec.revision'],
  ['{revision: "a_b"}', 'error InvalidRevision spec.revision'],
  ['{hub: "https://docker.io"}', 'error InvalidHub spec.hub'],
  ['{tag: "a b"}', 'error InvalidTag spec.tag'],
  [
    '{components: {ingressGateways: [{k8s: {service: {ports: [{port: 80}]}}}]}}',
    'error LowPort spec.components.ingressGateways[0].k8s.service.ports[0]',
  ],
  [
    '{components: {egressGateways: [{k8s: {service: {ports: [{port: 80, targetPort: 90}]}}}]}}',
    'error LowPort spec.components.egressGateways[0].k8s.service.ports[0]',
  ],
  [
    '{values: {gateways: {istio-ingressgateway: {ingressPorts: [{port: 80}]}}}}',
    'error LowPort spec.values.gateways.istio-ingressgateway.ingressPorts[0]',
  ],
  [
    '{components: {ingressGateways: [{name: "A_B"}]}}',
    'error InvalidName spec.components.ingressGateways[0].name',
  ],
  [
    '{values: {pilot: {autoscaleEnabled: true}}, components: {pilot: {k8s: {replicaCount: 2}}}}',
    'warning Conflict spec.components.pilot.k8s.replicaCount',
  ],
  [
    '{values: {gateways: {istio-ingressgateway: {autoscaleEnabled: true}}}, components: {ingressGateways: [{name: a, k8s: {replicaCount: 2}}]}}',
    'warning Conflict spec.components.ingressGateways[0].k8s.replicaCount',
  ],
  ['{values: {prometheus: {enabled: true}}}', 'warning NoEffect spec.values.prometheus'],
  ['{components: {citadel: {enabled: true}}}', 'warning NoEffect spec.components.citadel'],
];

test('faults of a spec are found and named', () => {
  const wrong = refused
    .filter(([spec, issue]) => !found(spec).includes(issue))
    .map(([spec, issue]) => `${spec}: ${issue}, found ${found(spec).join('; ')}`);
  assert.deepEqual(wrong, []);
});

test('former field names become today’s', () => {
  const { spec } = decodeIstioOperator(
    parseYaml('{mesh_config: {access_log_file: /a}, addon_components: {kiali: {enabled: true}}}'),
  );
  assert.equal(spec.meshConfig?.accessLogFile, '/a');
  assert.equal(spec.addonComponents?.['kiali']?.enabled, true);
});
