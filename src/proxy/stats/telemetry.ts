import type { FormatContext } from '../access-log/format.ts';

/** Counts finished requests and connections in the mesh's own metrics (istio_requests_total and the rest). */
export interface RequestTelemetry {
  record(context: FormatContext): void;
}
