import type { LogLevels } from '../../base/log.ts';
import type { MeshMetrics } from '../stats/mesh-metrics.ts';
import type { StatsStore } from '../stats/store.ts';
import type { DataPlane } from '../worker/data-plane.ts';

/** What the admin interface looks at and acts on. */
export interface AdminTarget {
  readonly plane: DataPlane;
  readonly logLevels: LogLevels;
  state(): 'LIVE' | 'DRAINING' | 'PRE_INITIALIZING' | 'INITIALIZING';
  serverInfo(): unknown;
  certificates(): readonly unknown[];
  /** Statistics of all threads together. */
  mergedStats(): Promise<{ readonly stats: StatsStore; readonly mesh: MeshMetrics }>;
  setHealthy(healthy: boolean): void;
  resetCounters(): void;
  reopenLogs(): void;
  drainListeners(options: {
    readonly inboundOnly: boolean;
    readonly graceful: boolean;
    readonly skipExit: boolean;
  }): void;
  quit(): void;
}
