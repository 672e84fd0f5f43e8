import { at } from '../api/object.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, ownKey } from './controller.ts';
import { writeStatus } from './workload.ts';

/** Claims are folders of the node: every one is bound at once. */
export function volumeClaimController(context: ControllerContext): Controller {
  return {
    name: 'persistentvolumeclaim',
    watches: [{ resource: coreResources.persistentVolumeClaims, keys: ownKey }],
    async reconcile(namespace, name) {
      const claim = context.api.read(coreResources.persistentVolumeClaims, name, namespace);
      if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return undefined;
      await writeStatus(context, coreResources.persistentVolumeClaims, claim, {
        phase: 'Bound',
        accessModes: at(claim, 'spec', 'accessModes'),
        capacity: at(claim, 'spec', 'resources', 'requests'),
      });
      return undefined;
    },
  };
}
