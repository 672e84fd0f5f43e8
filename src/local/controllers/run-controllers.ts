import type { AddressPool } from '../network/address-plan.ts';
import { autoscalerController } from './autoscaler.ts';
import { type ControllerContext, runController } from './controller.ts';
import { cronJobController } from './cron-job.ts';
import { daemonSetController } from './daemon-set.ts';
import { deploymentController } from './deployment.ts';
import { disruptionBudgetController } from './disruption-budget.ts';
import { endpointSliceController } from './endpoint-slice.ts';
import { jobController } from './job.ts';
import { loadBalancerController } from './load-balancer.ts';
import { replicaSetController } from './replica-set.ts';
import { schedulerController } from './scheduler.ts';
import { statefulSetController } from './stateful-set.ts';
import { volumeClaimController } from './volume-claim.ts';

/** Starts every controller of the local cluster; they end with the signal. */
export function runControllers(
  context: ControllerContext,
  loadBalancers: AddressPool,
  signal: AbortSignal,
): void {
  const controllers = [
    schedulerController(context),
    replicaSetController(context),
    deploymentController(context),
    daemonSetController(context),
    statefulSetController(context),
    jobController(context),
    cronJobController(context),
    endpointSliceController(context),
    loadBalancerController(context, loadBalancers),
    disruptionBudgetController(context),
    autoscalerController(context),
    volumeClaimController(context),
  ];
  for (const controller of controllers) runController(controller, context, signal);
}
