import { error, hasErrors, type Issue } from '../base/issue.ts';
import { catalogue } from './catalogue.ts';
import { validateTrafficExtension, validateWasmPlugin } from './extensions/extensions.ts';
import type { TrafficExtensionSpec, WasmPluginSpec } from './extensions/types.gen.ts';
import { decodeIstioOperator } from './install/istio-operator.ts';
import { kindOf } from './kinds.ts';
import { validateDestinationRule } from './networking/destination-rule.ts';
import { validateEnvoyFilter } from './networking/envoy-filter.ts';
import { validateGateway } from './networking/gateway.ts';
import { validateProxyConfig } from './networking/proxy-config.ts';
import { validateServiceEntry } from './networking/service-entry.ts';
import { validateSidecar } from './networking/sidecar.ts';
import type * as networking from './networking/types.gen.ts';
import { validateVirtualService } from './networking/virtual-service.ts';
import { validateWorkloadEntry, validateWorkloadGroup } from './networking/workload.ts';
import type { KubeObject, ObjectMeta } from './object.ts';
import { decode } from './schema/decode.ts';
import { child, item, pathParts, Report } from './schema/report.ts';
import { didYouMean } from './schema/suggest.ts';
import { validateAuthorizationPolicy } from './security/authorization-policy.ts';
import { validatePeerAuthentication } from './security/peer-authentication.ts';
import { validateRequestAuthentication } from './security/request-authentication.ts';
import type * as security from './security/types.gen.ts';
import { validateTelemetry } from './telemetry/telemetry.ts';
import type { TelemetrySpec } from './telemetry/types.gen.ts';

export interface ObjectResult<T extends KubeObject = KubeObject> {
  /** The object with its spec in canonical form (never without spec), or undefined when it is too broken to use. */
  readonly object?: T;
  readonly issues: readonly Issue[];
}

interface Context {
  readonly report: Report;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The rules of each kind beyond its schema. */
const rules: Readonly<Record<string, (spec: never, context: Context) => void>> = {
  VirtualService: (spec: networking.VirtualServiceSpec, c) =>
    validateVirtualService(spec, c.report, c.namespace),
  DestinationRule: (spec: networking.DestinationRuleSpec, c) =>
    validateDestinationRule(spec, c.report, c.namespace),
  Gateway: (spec: networking.GatewaySpec, c) => validateGateway(spec, c.report, c.name),
  ServiceEntry: (spec: networking.ServiceEntrySpec, c) => validateServiceEntry(spec, c.report, c),
  Sidecar: (spec: networking.SidecarSpec, c) => validateSidecar(spec, c.report, c.namespace),
  WorkloadEntry: (spec: networking.WorkloadEntrySpec, c) => validateWorkloadEntry(spec, c.report),
  WorkloadGroup: (spec: networking.WorkloadGroupSpec, c) => validateWorkloadGroup(spec, c.report),
  ProxyConfig: (spec: networking.ProxyConfigSpec, c) => validateProxyConfig(spec, c.report),
  EnvoyFilter: (spec: networking.EnvoyFilterSpec, c) => validateEnvoyFilter(spec, c.report),
  AuthorizationPolicy: (spec: security.AuthorizationPolicySpec, c) =>
    validateAuthorizationPolicy(spec, c.report),
  PeerAuthentication: (spec: security.PeerAuthenticationSpec, c) =>
    validatePeerAuthentication(spec, c.report),
  RequestAuthentication: (spec: security.RequestAuthenticationSpec, c) =>
    validateRequestAuthentication(spec, c.report),
  Telemetry: (spec: TelemetrySpec, c) => validateTelemetry(spec, c.report),
  WasmPlugin: (spec: WasmPluginSpec, c) => validateWasmPlugin(spec, c.report),
  TrafficExtension: (spec: TrafficExtensionSpec, c) => validateTrafficExtension(spec, c.report),
};

/**
 * Decodes and validates one object of the mesh's kinds. The admission webhook, `istioctl validate`, the control plane and the operator all
 * call this. Objects of other kinds come back as they are, without issues.
 */
export function decodeObject<T extends KubeObject = KubeObject>(
  input: unknown,
  options: { readonly defaultNamespace?: string } = {},
): ObjectResult<T> {
  if (!isRecord(input))
    return { issues: [error('WrongType', '', 'must be an object with apiVersion, kind and metadata')] };
  const { apiVersion, kind } = input;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    return { issues: [error('MissingField', '', 'apiVersion and kind are required')] };
  const row = kindOf(apiVersion, kind);
  const schema = row === undefined ? undefined : catalogue[row.kind];
  if (row === undefined || schema === undefined) return { object: input as T, issues: [] };
  const report = new Report();
  checkTopLevel(input, report);
  const metadata = (isRecord(input['metadata']) ? input['metadata'] : {}) as Partial<ObjectMeta>;
  checkAnnotations(kind, metadata, input['spec'], report);
  if (schema.specRequired && (input['spec'] === undefined || input['spec'] === null))
    report.error('MissingField', '', 'spec is required');
  const spec =
    kind === 'IstioOperator'
      ? operatorSpec(input['spec'], report)
      : decode(schema.spec, input['spec'] ?? {}, 'spec', report);
  const rule = rules[kind];
  if (spec !== undefined && rule !== undefined) {
    rule(spec as never, {
      report,
      name: typeof metadata.name === 'string' ? metadata.name : '',
      namespace:
        typeof metadata.namespace === 'string' && metadata.namespace !== ''
          ? metadata.namespace
          : (options.defaultNamespace ?? 'default'),
      labels: isRecord(metadata.labels) ? metadata.labels : {},
    });
  }
  const object = spec === undefined ? {} : { object: { ...input, spec } as unknown as T };
  return { ...object, issues: unique(report.issues.map((issue) => anchored(issue, input))) };
}

/** What is wrong with an object; warnings included. */
export function validateObject(
  input: unknown,
  options: { readonly defaultNamespace?: string } = {},
): readonly Issue[] {
  return decodeObject(input, options).issues;
}

/** Whether an object may be admitted. */
export function isValid(input: unknown): boolean {
  return !hasErrors(validateObject(input));
}

function operatorSpec(spec: unknown, report: Report): unknown {
  const result = decodeIstioOperator(spec);
  report.issues.push(...result.issues);
  return result.spec;
}

const topLevel = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

function checkTopLevel(object: Record<string, unknown>, report: Report): void {
  for (const field of Object.keys(object)) {
    if (!topLevel.includes(field))
      report.error(
        'UnknownField',
        child('', field),
        `unknown field ${JSON.stringify(field)}${didYouMean(field, topLevel)}`,
      );
  }
  const metadata = object['metadata'];
  if (metadata !== undefined && metadata !== null && !isRecord(metadata))
    report.error('WrongType', 'metadata', 'must be an object with fields');
}

const dryRun = 'istio.io/dry-run';

/** Annotations that decide about the object as a whole (Istio's validateMetadata). */
function checkAnnotations(kind: string, metadata: Partial<ObjectMeta>, spec: unknown, report: Report): void {
  const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
  const at = (name: string) => child('metadata.annotations', name);
  if (Object.hasOwn(annotations, dryRun)) {
    const action = isRecord(spec) ? (spec['action'] ?? 'ALLOW') : 'ALLOW';
    if (kind !== 'AuthorizationPolicy')
      report.error('InvalidAnnotation', at(dryRun), `${dryRun} is for AuthorizationPolicy only`);
    else if (action !== 'ALLOW' && action !== 'DENY')
      report.error(
        'InvalidAnnotation',
        at(dryRun),
        `${dryRun} works with action ALLOW and DENY only, not ${String(action)}`,
      );
    else if (!/^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(String(annotations[dryRun])))
      report.error(
        'InvalidAnnotation',
        at(dryRun),
        `must be "true" or "false", not ${JSON.stringify(annotations[dryRun])}`,
      );
  }
  if (Object.hasOwn(annotations, 'internal.istio.io/webhook-always-reject'))
    report.error(
      'Rejected',
      at('internal.istio.io/webhook-always-reject'),
      'the annotation asks to reject the object',
    );
  for (const name of ['internal.istio.io/parents', 'internal.istio.io/parent-namespace']) {
    if (Object.hasOwn(annotations, name))
      report.error('InvalidAnnotation', at(name), `${name} is set by the control plane only`);
  }
}

/** A fault about something that is missing points at what is there; the missing part leads the message. */
function anchored(issue: Issue, input: unknown): Issue {
  let at: unknown = input;
  let path = '';
  for (const part of pathParts(issue.path)) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, part)) {
      const rest = issue.path.slice(path.length).replace(/^\./, '');
      return { ...issue, path, message: `${rest}: ${issue.message}` };
    }
    at = (at as Record<string | number, unknown>)[part];
    path = typeof part === 'number' ? item(path, part) : child(path, part);
  }
  return issue;
}

/** A fault that schema and rules both see is reported once. */
function unique(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter((issue) => {
    const key = `${issue.severity}|${issue.path}|${issue.code}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function isRecord(value: unknown): value is Record<string, string> & Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
