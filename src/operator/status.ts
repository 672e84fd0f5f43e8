import { type Condition, setCondition } from '../kube/condition.ts';

/** What Argo CD's health script knows; anything else would read as "progressing" for ever. */
export type Phase = 'NONE' | 'RECONCILING' | 'HEALTHY' | 'ERROR';

export interface ComponentStatus {
  readonly status: Phase;
  readonly version?: string;
  readonly error?: string;
}

export interface IopStatus {
  readonly status?: Phase;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly componentStatus?: Readonly<Record<string, ComponentStatus>>;
  readonly conditions?: readonly Condition[];
}

export interface Outcome {
  readonly phase: Phase;
  readonly message: string;
  /** UpperCamelCase, for the conditions. */
  readonly reason: string;
  /** Only a person can help. */
  readonly stalled: boolean;
  readonly components: Readonly<Record<string, ComponentStatus>>;
}

/** The status for an outcome; equal to `old` in content when nothing changed, so that nothing is written. `now`: ms since the epoch. */
export function statusFor(
  old: IopStatus | undefined,
  generation: number,
  outcome: Outcome,
  now: number,
): IopStatus {
  const base = { reason: outcome.reason, message: outcome.message, observedGeneration: generation };
  const { phase, stalled } = outcome;
  const conditions: Condition[] = [
    {
      ...base,
      type: 'Ready',
      status: phase === 'HEALTHY' ? 'True' : phase === 'ERROR' ? 'False' : 'Unknown',
    },
    { ...base, type: 'Reconciling', status: phase === 'RECONCILING' ? 'True' : 'False' },
    { ...base, type: 'Stalled', status: stalled ? 'True' : 'False' },
  ];
  return {
    status: phase,
    message: outcome.message,
    observedGeneration: generation,
    componentStatus: outcome.components,
    conditions: conditions.reduce<Condition[]>(
      (list, condition) => setCondition(list, condition, now),
      [...(old?.conditions ?? [])],
    ),
  };
}

/** First words on a new generation, written before any work: Argo CD must not take the old HEALTHY for the new spec's. */
export function reconciling(old: IopStatus | undefined, message = 'reconciling'): Outcome {
  return {
    phase: 'RECONCILING',
    message,
    reason: 'Progressing',
    stalled: false,
    components: old?.componentStatus ?? {},
  };
}

/** A failure that waits for the user or for another try; the components keep the state they are in. */
export function failed(
  old: IopStatus | undefined,
  reason: string,
  message: string,
  stalled: boolean,
): Outcome {
  return { phase: 'ERROR', message, reason, stalled, components: old?.componentStatus ?? {} };
}

/** ERROR beats RECONCILING beats HEALTHY. */
export function worst(phases: readonly Phase[]): Phase {
  if (phases.includes('ERROR')) return 'ERROR';
  return phases.includes('RECONCILING') ? 'RECONCILING' : 'HEALTHY';
}

/** A merge patch of the status: components that are no longer there are named with null. */
export function statusPatch(old: IopStatus | undefined, status: IopStatus): object {
  const gone = Object.keys(old?.componentStatus ?? {}).filter(
    (name) => status.componentStatus?.[name] === undefined,
  );
  const components = Object.fromEntries(
    Object.entries(status.componentStatus ?? {}).map(([name, entry]) => [name, { error: null, ...entry }]),
  );
  return {
    status: {
      ...status,
      componentStatus: { ...components, ...Object.fromEntries(gone.map((name) => [name, null])) },
    },
  };
}
