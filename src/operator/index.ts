export { Applier, type ApplyFailure, failureText, removeObjects } from './apply-plan.ts';
export { healthOf, podTrouble } from './health.ts';
export { finalizer, IstioOperator, type IstioOperatorOptions } from './istio-operator.ts';
export { type LeadOptions, leadOperator } from './lead-operator.ts';
export { listOwned, type OwnedObject } from './owned-objects.ts';
export {
  fieldManager,
  iopApiVersion,
  iopResource,
  type Owner,
  owned,
  ownedResources,
  ownerLabels,
} from './ownership.ts';
export { releaseWhenRemoved } from './release.ts';
