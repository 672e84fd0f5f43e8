import type { ApiObject, Meta } from '../api/object.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, controllerKey, ownKey } from './controller.ts';
import { parseCron } from './cron-schedule.ts';
import { finishedAt, type Job } from './job.ts';
import { ownerReference, timestamp, writeStatus } from './workload.ts';

interface CronJob extends ApiObject {
  spec: {
    schedule: string;
    suspend?: boolean;
    concurrencyPolicy?: string;
    startingDeadlineSeconds?: number;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    jobTemplate: { metadata?: Partial<Meta>; spec: Job['spec'] };
  };
  status?: { lastScheduleTime?: string; lastSuccessfulTime?: string };
}

/** Starts Jobs by the clock and keeps a short history of them. */
export function cronJobController(context: ControllerContext): Controller {
  return {
    name: 'cronjob',
    watches: [
      { resource: coreResources.cronJobs, keys: ownKey },
      { resource: coreResources.jobs, keys: controllerKey('CronJob') },
    ],
    async reconcile(namespace, name) {
      const cron = context.api.read(coreResources.cronJobs, name, namespace) as CronJob | undefined;
      if (cron === undefined || cron.metadata.deletionTimestamp !== undefined) return undefined;
      const jobs = (context.api.readAll(coreResources.jobs, namespace) as readonly Job[]).filter((job) =>
        job.metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === cron.metadata.uid),
      );
      await keepHistory(context, cron, jobs);
      return schedule(context, cron, jobs);
    },
  };
}

async function schedule(
  context: ControllerContext,
  cron: CronJob,
  jobs: readonly Job[],
): Promise<number | undefined> {
  const parsed = parseCron(cron.spec.schedule);
  if ('error' in parsed) {
    context.events.warning(cron, 'UnparseableSchedule', parsed.error);
    return undefined;
  }
  const now = context.clock.now();
  const running = jobs.filter((job) => finishedAt(job) === undefined);
  const last = Date.parse(cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp ?? '') || now;
  const due = latestBefore(parsed.next, last, now);
  let lastScheduleTime = cron.status?.lastScheduleTime;
  if (
    due !== undefined &&
    !cron.spec.suspend &&
    !tooLate(cron, due, now) &&
    (await makeRoom(context, cron, running))
  ) {
    await startJob(context, cron, due);
    lastScheduleTime = timestamp(due);
  }
  const good = jobs
    .filter((job) => job.status?.conditions?.some(({ type }) => type === 'Complete'))
    .map((job) => job.status?.completionTime);
  await writeStatus(context, coreResources.cronJobs, cron, {
    lastScheduleTime,
    lastSuccessfulTime: good.sort().at(-1),
    active:
      running.length === 0
        ? undefined
        : running.map(({ metadata }) => ({
            apiVersion: 'batch/v1',
            kind: 'Job',
            name: metadata.name,
            namespace: metadata.namespace,
            uid: metadata.uid,
          })),
  });
  const next = parsed.next(now);
  return next === undefined || cron.spec.suspend ? undefined : next - now + 5;
}

/** The last scheduled minute in (after, until]; undefined when none lies there. */
function latestBefore(
  next: (after: number) => number | undefined,
  after: number,
  until: number,
): number | undefined {
  let latest: number | undefined;
  let from = Math.max(after, until - 100 * 60_000);
  for (;;) {
    const found = next(from);
    if (found === undefined || found > until) return latest;
    latest = found;
    from = found;
  }
}

function tooLate(cron: CronJob, due: number, now: number): boolean {
  const limit = cron.spec.startingDeadlineSeconds;
  return limit !== undefined && now - due > limit * 1000;
}

/** False when the concurrency policy forbids another Job now. */
async function makeRoom(
  context: ControllerContext,
  cron: CronJob,
  running: readonly Job[],
): Promise<boolean> {
  if (running.length === 0 || (cron.spec.concurrencyPolicy ?? 'Allow') === 'Allow') return true;
  if (cron.spec.concurrencyPolicy === 'Forbid') return false;
  for (const job of running) await removeJob(context, job);
  return true;
}

async function startJob(context: ControllerContext, cron: CronJob, due: number): Promise<void> {
  const { jobTemplate } = cron.spec;
  const name = `${cron.metadata.name}-${Math.floor(due / 60_000)}`;
  if (context.api.read(coreResources.jobs, name, cron.metadata.namespace)) return;
  await context.client.create(coreResources.jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: cron.metadata.namespace ?? '',
      labels: { ...jobTemplate.metadata?.labels },
      annotations: {
        ...jobTemplate.metadata?.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(due),
      },
      ownerReferences: [ownerReference(cron)],
    },
    spec: jobTemplate.spec,
  });
  context.events.normal(cron, 'SuccessfulCreate', `Created job ${name}`);
}

async function keepHistory(context: ControllerContext, cron: CronJob, jobs: readonly Job[]): Promise<void> {
  const ended = (type: string) =>
    jobs
      .filter((job) =>
        job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True'),
      )
      .sort((a, b) => (finishedAt(b) ?? 0) - (finishedAt(a) ?? 0));
  const surplus = [
    ...ended('Complete').slice(cron.spec.successfulJobsHistoryLimit ?? 3),
    ...ended('Failed').slice(cron.spec.failedJobsHistoryLimit ?? 1),
  ];
  for (const job of surplus) await removeJob(context, job);
}

async function removeJob(context: ControllerContext, job: Job): Promise<void> {
  const { name, namespace = '' } = job.metadata;
  await context.client.delete(coreResources.jobs, name, { namespace, propagationPolicy: 'Background' });
}
