import { ConfigFault } from '../../match/config-fault.ts';
import type { Listener } from '../../xds/messages/listener.ts';
import { MeshTelemetry, type WorkloadLabels } from '../stats/mesh-telemetry.ts';
import type { RequestTelemetry } from '../stats/telemetry.ts';
import type { CompileContext } from './compile-context.ts';

/** The mesh telemetry a listener's metadata asks for (docs/contracts.md, "What Envoy cannot say"). */
export function compileTelemetry(message: Listener, ctx: CompileContext): RequestTelemetry | undefined {
  const config = message.metadata?.filter_metadata['lateen.telemetry'];
  if (config === undefined) return undefined;
  const reporter = config['reporter'];
  if (reporter !== 'source' && reporter !== 'destination') {
    throw new ConfigFault(
      'metadata.filter_metadata["lateen.telemetry"].reporter',
      'must be source or destination',
    );
  }
  const labels = (config['labels'] ?? {}) as Readonly<Record<string, unknown>>;
  return new MeshTelemetry(reporter, ownLabels(labels), ctx.meshMetrics, ctx.nodeId);
}

/** Labels come prefixed with the side they were written for; both spellings mean this proxy. */
function ownLabels(labels: Readonly<Record<string, unknown>>): WorkloadLabels {
  const read = (name: string, absent: string): string => {
    const value = labels[`source_${name}`] ?? labels[`destination_${name}`];
    return typeof value === 'string' && value !== '' ? value : absent;
  };
  return {
    workload: read('workload', 'unknown'),
    namespace: read('workload_namespace', 'unknown'),
    canonicalService: read('canonical_service', 'unknown'),
    canonicalRevision: read('canonical_revision', 'latest'),
    app: read('app', 'unknown'),
    version: read('version', 'unknown'),
    cluster: read('cluster', 'unknown'),
  };
}
