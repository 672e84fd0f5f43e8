import { trafficExtension } from './extensions/traffic-extension.schema.ts';
import { wasmPlugin } from './extensions/wasm-plugin.schema.ts';
import { istioOperator, operatorStatus } from './install/operator.schema.ts';
import { destinationRule } from './networking/destination-rule.schema.ts';
import { envoyFilter } from './networking/envoy-filter.schema.ts';
import { gateway } from './networking/gateway.schema.ts';
import { proxyConfig } from './networking/proxy-config.schema.ts';
import { serviceEntry } from './networking/service-entry.schema.ts';
import { sidecar } from './networking/sidecar.schema.ts';
import { virtualService } from './networking/virtual-service.schema.ts';
import { workloadEntry, workloadGroup } from './networking/workload.schema.ts';
import type { Schema } from './schema/schema.ts';
import { istioStatus } from './schema/status.schema.ts';
import { authorizationPolicy } from './security/authorization-policy.schema.ts';
import { peerAuthentication } from './security/peer-authentication.schema.ts';
import { requestAuthentication } from './security/request-authentication.schema.ts';
import { telemetry } from './telemetry/telemetry.schema.ts';

/** What a kind's CRD says besides its row in `kinds.ts`. */
export interface KindSchema {
  readonly spec: Schema;
  readonly status: Schema;
  /** Whether the API server demands a spec. */
  readonly specRequired: boolean;
  /** Printer columns as `[title, JSON path, type]`; Age is added by the generator where `age` says so. */
  readonly columns: readonly (readonly [name: string, path: string, type: 'string' | 'date'])[];
}

const age = ['Age', '.metadata.creationTimestamp', 'date'] as const;

function entry(spec: Schema, columns: KindSchema['columns'], specRequired = false): KindSchema {
  return { spec, status: istioStatus, specRequired, columns };
}

function column(name: string, path: string): readonly [string, string, 'string'] {
  return [name, `.spec.${path}`, 'string'];
}

/** Schema of every kind, by kind name. */
export const catalogue: Readonly<Record<string, KindSchema>> = {
  VirtualService: entry(virtualService, [column('Gateways', 'gateways'), column('Hosts', 'hosts'), age]),
  DestinationRule: entry(destinationRule, [column('Host', 'host'), age]),
  Gateway: entry(gateway, []),
  ServiceEntry: entry(
    serviceEntry,
    [column('Hosts', 'hosts'), column('Location', 'location'), column('Resolution', 'resolution'), age],
    true,
  ),
  Sidecar: entry(sidecar, []),
  WorkloadEntry: entry(workloadEntry, [age, column('Address', 'address')], true),
  WorkloadGroup: entry(workloadGroup, [age], true),
  ProxyConfig: entry(proxyConfig, []),
  EnvoyFilter: entry(envoyFilter, []),
  AuthorizationPolicy: entry(authorizationPolicy, [column('Action', 'action'), age]),
  PeerAuthentication: entry(peerAuthentication, [column('Mode', 'mtls.mode'), age]),
  RequestAuthentication: entry(requestAuthentication, []),
  Telemetry: entry(telemetry, [age]),
  WasmPlugin: entry(wasmPlugin, [age], true),
  TrafficExtension: entry(trafficExtension, [age], true),
  IstioOperator: {
    spec: istioOperator,
    status: operatorStatus,
    specRequired: false,
    columns: [['Revision', '.spec.revision', 'string'], ['Status', '.status.status', 'string'], age],
  },
};
