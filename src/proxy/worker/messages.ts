import type { StatsImage } from '../stats/transfer.ts';

/** What a worker thread needs to begin. */
export interface WorkerStart {
  readonly kind: 'lateen-proxy-worker';
  readonly bootstrapPath: string;
  readonly drainTimeMs: number;
  readonly logLevels: readonly string[];
}

export interface DrainOptions {
  readonly inboundOnly: boolean;
  readonly closeSockets: boolean;
}

/** Main thread to worker. */
export type ToWorker =
  | { readonly type: 'stats'; readonly id: number }
  | { readonly type: 'connections'; readonly id: number }
  | { readonly type: 'drain'; readonly options: DrainOptions }
  | { readonly type: 'reset-counters' }
  | { readonly type: 'reopen-logs' }
  | { readonly type: 'log-levels'; readonly levels: readonly string[] }
  | { readonly type: 'close' };

/** Worker to main thread. */
export type FromWorker =
  | { readonly type: 'ready'; readonly faults: readonly string[] }
  | { readonly type: 'stats'; readonly id: number; readonly image: StatsImage }
  | { readonly type: 'connections'; readonly id: number; readonly count: number };
