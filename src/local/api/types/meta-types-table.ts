/** Types shared by all groups (meta/v1 and runtime). Notation: schema/notation.ts. */
export const metaTypes = {
  package: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  text: `
ObjectMeta: name:s generateName:s namespace:s selfLink:s uid:s resourceVersion:s generation:l creationTimestamp:t deletionTimestamp:t deletionGracePeriodSeconds:l* labels:{s} annotations:{s} ownerReferences:[OwnerReference]@uid finalizers:[s]% managedFields/17:[ManagedFieldsEntry]
OwnerReference#: apiVersion/5:s! kind/1:s! name/3:s! uid:s! controller/6:b* blockOwnerDeletion:b*
ManagedFieldsEntry: manager:s operation:s apiVersion:s time:t fieldsType/6:s fieldsV1:any subresource:s
ListMeta: selfLink:s resourceVersion:s continue:s remainingItemCount:l*
LabelSelector#: matchLabels:{s} matchExpressions:[LabelSelectorRequirement]
LabelSelectorRequirement: key:s! operator:s! values:[s]
FieldSelectorRequirement: key:s! operator:s! values:[s]
Condition: type:s! status:s! observedGeneration:l lastTransitionTime:t! reason:s! message:s!^
DeleteOptions: apiVersion:s kind:s gracePeriodSeconds:l* preconditions:Preconditions orphanDependents:b* propagationPolicy:s* dryRun:[s] ignoreStoreReadErrorWithClusterBreakingPotential:b*
Preconditions: uid:s* resourceVersion:s*
Status: apiVersion:s kind:s metadata:ListMeta status:s message:s reason:s details:StatusDetails code:i
StatusDetails: name:s group:s kind:s uid/6:s causes/4:[StatusCause] retryAfterSeconds:i
StatusCause: reason:s message:s field:s
`,
};
