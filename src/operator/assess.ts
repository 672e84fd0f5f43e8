import type { KubeObject } from '../api/object.ts';
import { formatIssue, type Issue } from '../base/issue.ts';
import type { KubeClient } from '../kube/client.ts';
import { failureReason } from '../kube/reconcile-error.ts';
import { describe, resources } from '../kube/resource.ts';
import type { Rendering } from '../render/render.ts';
import { type ApplyFailure, failureText } from './apply-plan.ts';
import { type Health, healthOf, podTrouble } from './health.ts';
import { type ComponentStatus, type Outcome, worst } from './status.ts';

export interface AssessInput {
  readonly client: KubeClient;
  readonly rendering: Rendering;
  /** Objects in place, as they are in the cluster. */
  readonly live: readonly KubeObject[];
  readonly failures: readonly ApplyFailure[];
  readonly version: string;
  /** How long this generation has been waiting; pods are looked at only after a while. */
  readonly waitedMs: number;
}

export interface Assessment {
  readonly outcome: Outcome;
  /** Nothing is under way any more. */
  readonly settled: boolean;
}

/** Pods get this long to start before anyone asks what keeps them. */
const patienceMs = 2_000;

/** Folds the state of all objects into the one status of the IstioOperator. */
export async function assess(input: AssessInput): Promise<Assessment> {
  const { rendering, live, failures, version } = input;
  const componentOf = (object: KubeObject) => object.metadata.labels?.['operator.istio.io/component'] ?? '';
  const waits = new Map<string, string>();
  const components: Record<string, ComponentStatus> = {};
  for (const { info } of rendering.components) {
    const broken = failures.filter(({ object }) => componentOf(object) === info.name);
    if (broken.length > 0) {
      components[info.name] = { status: 'ERROR', version, error: failureText(broken) };
      continue;
    }
    const unready = live
      .filter((object) => componentOf(object) === info.name)
      .map((object) => ({ object, health: healthOf(object) }))
      .filter(({ health }) => !health.ready);
    for (const { object, health } of unready)
      waits.set(describe(object), await explain(input, object, health));
    const error = unready.find(({ health }) => health.failed === true);
    const status = error === undefined ? (unready.length > 0 ? 'RECONCILING' : 'HEALTHY') : 'ERROR';
    components[info.name] = {
      status,
      version,
      ...(error !== undefined && { error: waits.get(describe(error.object)) as string }),
    };
  }
  const phase =
    failures.length > 0 ? 'ERROR' : worst(Object.values(components).map((component) => component.status));
  const message =
    failures.length > 0 ? failureText(failures) : [...waits.values()].join('; ') || remarks(rendering.issues);
  const reason =
    failures.length > 0
      ? failureReason(failures[0]?.error)
      : phase === 'HEALTHY'
        ? 'ComponentsHealthy'
        : 'WaitingForComponents';
  return { outcome: { phase, message, reason, stalled: false, components }, settled: phase === 'HEALTHY' };
}

/** What the user should know although all is well: settings without effect above all. */
function remarks(issues: readonly Issue[]): string {
  return issues.map(formatIssue).join('; ');
}

/** What a workload waits for, with the kubelet's own words when pods have trouble. */
async function explain(
  { client, waitedMs }: AssessInput,
  object: KubeObject,
  health: Health,
): Promise<string> {
  const selector = (object.spec as { selector?: { matchLabels?: Record<string, string> } } | undefined)
    ?.selector?.matchLabels;
  if (object.kind !== 'Deployment' || selector === undefined || waitedMs < patienceMs) return health.message;
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const { items } = await client.list(resources.pods, {
    namespace: object.metadata.namespace ?? '',
    labelSelector,
  });
  const trouble = podTrouble(items);
  return trouble === '' ? health.message : `${health.message}: ${trouble}`;
}
