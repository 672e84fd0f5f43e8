import type { Listener } from '../../xds/messages/listener.ts';
import type { RequestTelemetry } from '../stats/telemetry.ts';
import type { CompileContext } from './compile-context.ts';

/** The mesh telemetry a listener's metadata asks for (docs/contracts.md, "What Envoy cannot say"). */
export function compileTelemetry(message: Listener, _ctx: CompileContext): RequestTelemetry | undefined {
  if (message.metadata?.filter_metadata['lateen.telemetry'] === undefined) return undefined;
  return undefined;
}
