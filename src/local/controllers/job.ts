import type { Pod } from '../node/pod-spec.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, controllerKey, ownKey } from './controller.ts';
import { orAbsent } from './replica-set.ts';
import {
  createPod,
  deletePod,
  isActive,
  isReady,
  timestamp,
  type Workload,
  writeStatus,
} from './workload.ts';

export interface Job extends Workload {
  spec: Workload['spec'] & {
    completions?: number;
    parallelism?: number;
    backoffLimit?: number;
    activeDeadlineSeconds?: number;
    ttlSecondsAfterFinished?: number;
    suspend?: boolean;
  };
  status?: {
    startTime?: string;
    completionTime?: string;
    conditions?: JobCondition[];
    [field: string]: unknown;
  };
}

interface JobCondition {
  type: string;
  status: string;
  lastProbeTime: string;
  lastTransitionTime: string;
  reason?: string;
  message?: string;
}

/** Runs pods until enough of them have succeeded, or too many have failed. */
export function jobController(context: ControllerContext): Controller {
  return {
    name: 'job',
    watches: [
      { resource: coreResources.jobs, keys: ownKey },
      { resource: coreResources.pods, keys: controllerKey('Job') },
    ],
    async reconcile(namespace, name) {
      const job = context.api.read(coreResources.jobs, name, namespace) as Job | undefined;
      if (job === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
      return finishedAt(job) === undefined ? run(context, job) : expire(context, job);
    },
  };
}

/** When a Job completed or failed, in milliseconds; undefined while it runs. */
export function finishedAt(job: Job): number | undefined {
  const final = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return final && Date.parse(final.lastTransitionTime);
}

/** The Job's state of affairs, from its pods. */
export function jobOutcome(
  job: Job,
  pods: readonly Pod[],
  nowMs: number,
): { done?: 'Complete' | { reason: string; message: string } } {
  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded').length;
  const failed = pods.filter(({ status }) => status?.phase === 'Failed').length;
  const active = pods.filter(isActive).length;
  const { completions, parallelism = 1, activeDeadlineSeconds, backoffLimit = 6 } = job.spec;
  if (completions === undefined ? succeeded > 0 && active === 0 : succeeded >= completions)
    return { done: 'Complete' };
  const restarts = pods.reduce(
    (sum, pod) => sum + (pod.status?.containerStatuses ?? []).reduce((n, s) => n + s.restartCount, 0),
    0,
  );
  const retries = job.spec.template.spec.restartPolicy === 'OnFailure' ? restarts : 0;
  if (failed > backoffLimit || (retries > 0 && retries >= Math.max(1, backoffLimit))) {
    return {
      done: { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' },
    };
  }
  const started = Date.parse(job.status?.startTime ?? '');
  if (
    activeDeadlineSeconds !== undefined &&
    parallelism >= 0 &&
    nowMs - started >= activeDeadlineSeconds * 1000
  ) {
    return { done: { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' } };
  }
  return {};
}

async function run(context: ControllerContext, job: Job): Promise<number | undefined> {
  const pods = (context.api.readAll(coreResources.pods, job.metadata.namespace) as readonly Pod[]).filter(
    (pod) => pod.metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === job.metadata.uid),
  );
  const now = context.clock.now();
  const active = pods.filter(isActive);
  const { done } = jobOutcome(job, pods, now);
  const suspended = job.spec.suspend === true;
  const waitMs = done === undefined && !suspended ? await startPods(context, job, pods, active) : undefined;
  if (done !== undefined || suspended) for (const pod of active) await deletePod(context, job, pod);
  const left = done !== undefined || suspended ? [] : active;
  await writeStatus(context, coreResources.jobs, job, {
    active: orAbsent(left.length),
    ready: left.filter(isReady).length,
    terminating: 0,
    succeeded: orAbsent(pods.filter(({ status }) => status?.phase === 'Succeeded').length),
    failed: orAbsent(pods.filter(({ status }) => status?.phase === 'Failed').length),
    uncountedTerminatedPods: {},
    startTime: suspended ? undefined : (job.status?.startTime ?? timestamp(now)),
    ...(done === 'Complete' ? { completionTime: timestamp(now) } : {}),
    conditions: jobConditions(job, done, suspended, timestamp(now)),
  });
  if (done !== undefined) return 1;
  const { activeDeadlineSeconds } = job.spec;
  const deadlineMs =
    activeDeadlineSeconds &&
    Date.parse(job.status?.startTime ?? timestamp(now)) + activeDeadlineSeconds * 1000 - now + 10;
  const waits = [waitMs, deadlineMs].filter((ms): ms is number => ms !== undefined && ms > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** Starts the pods that are missing; after a failure with a back-off of 10 s doubling to 6 min. Returns how long to wait. */
async function startPods(
  context: ControllerContext,
  job: Job,
  pods: readonly Pod[],
  active: readonly Pod[],
): Promise<number | undefined> {
  const { completions, parallelism = 1 } = job.spec;
  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded').length;
  const failures = pods.filter(({ status }) => status?.phase === 'Failed');
  const wanted =
    completions === undefined
      ? succeeded > 0
        ? active.length
        : parallelism
      : Math.min(parallelism, completions - succeeded);
  const missing = wanted - active.length;
  if (missing <= 0) return undefined;
  const lastFailure = Math.max(0, ...failures.map(failedAt));
  const pauseMs = failures.length === 0 ? 0 : Math.min(10_000 * 2 ** (failures.length - 1), 360_000);
  const waitMs = lastFailure + pauseMs - context.clock.now();
  if (waitMs > 0) return waitMs;
  const labels = {
    'batch.kubernetes.io/controller-uid': job.metadata.uid ?? '',
    'batch.kubernetes.io/job-name': job.metadata.name,
    'controller-uid': job.metadata.uid ?? '',
    'job-name': job.metadata.name,
  };
  for (let i = 0; i < missing; i++) await createPod(context, job, { labels });
  return undefined;
}

function failedAt(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state.terminated?.finishedAt ?? ''),
  );
  return Math.max(0, ...ends.filter((end) => !Number.isNaN(end)));
}

function jobConditions(
  job: Job,
  done: 'Complete' | { reason: string; message: string } | undefined,
  suspended: boolean,
  now: string,
): JobCondition[] | undefined {
  const make = (type: string, reason: string, message: string, status = 'True'): JobCondition => {
    const old = job.status?.conditions?.find(
      (condition) => condition.type === type && condition.status === status,
    );
    return old ?? { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message };
  };
  if (done === 'Complete') {
    const words = ['CompletionsReached', 'Reached expected number of succeeded pods'] as const;
    return [make('SuccessCriteriaMet', ...words), make('Complete', ...words)];
  }
  if (done !== undefined)
    return [make('FailureTarget', done.reason, done.message), make('Failed', done.reason, done.message)];
  if (suspended) return [make('Suspended', 'JobSuspended', 'Job suspended')];
  return job.status?.conditions?.some(({ type }) => type === 'Suspended')
    ? [make('Suspended', 'JobResumed', 'Job resumed', 'False')]
    : undefined;
}

async function expire(context: ControllerContext, job: Job): Promise<number | undefined> {
  const ttl = job.spec.ttlSecondsAfterFinished;
  if (ttl === undefined) return undefined;
  const leftMs = (finishedAt(job) ?? 0) + ttl * 1000 - context.clock.now();
  if (leftMs > 0) return leftMs;
  const { name, namespace = '' } = job.metadata;
  await context.client.delete(coreResources.jobs, name, { namespace, propagationPolicy: 'Foreground' });
  return undefined;
}
