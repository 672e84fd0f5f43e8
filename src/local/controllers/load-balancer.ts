import type { ApiObject } from '../api/object.ts';
import { at } from '../api/object.ts';
import type { AddressPool } from '../network/address-plan.ts';
import { coreResources } from '../resources.ts';
import { type Controller, type ControllerContext, ownKey } from './controller.ts';

/** Gives every Service of type LoadBalancer an address of the pool, and takes it back when the Service is gone or changes its type. */
export function loadBalancerController(context: ControllerContext, pool: AddressPool): Controller {
  const held = new Map<string, string>();
  return {
    name: 'loadbalancer',
    watches: [{ resource: coreResources.services, keys: ownKey }],
    async reconcile(namespace, name) {
      const key = `${namespace}/${name}`;
      const service = context.api.read(coreResources.services, name, namespace);
      if (
        service === undefined ||
        service.metadata.deletionTimestamp !== undefined ||
        at(service, 'spec', 'type') !== 'LoadBalancer'
      ) {
        const address = held.get(key);
        if (address !== undefined) pool.free(address);
        held.delete(key);
        if (service && currentAddress(service)) await writeAddress(context, service, undefined);
        return undefined;
      }
      const current = currentAddress(service);
      if (!held.has(key)) held.set(key, wantedAddress(service, current, pool));
      const address = held.get(key) as string;
      if (current !== address) {
        await writeAddress(context, service, address);
        context.events.normal(service, 'EnsuredLoadBalancer', 'Ensured load balancer');
      }
      return undefined;
    },
  };
}

function currentAddress(service: ApiObject): string | undefined {
  const ip = at((at(service, 'status', 'loadBalancer', 'ingress') as unknown[] | undefined)?.[0], 'ip');
  return typeof ip === 'string' ? ip : undefined;
}

/** The address it had (a restart finds it in the status) or asks for, when that is free; else the next one. */
function wantedAddress(service: ApiObject, current: string | undefined, pool: AddressPool): string {
  const asked = at(service, 'spec', 'loadBalancerIP');
  for (const address of [current, asked]) {
    if (typeof address === 'string' && pool.owns(address) && pool.reserve(address)) return address;
  }
  return pool.take();
}

async function writeAddress(
  context: ControllerContext,
  service: ApiObject,
  address: string | undefined,
): Promise<void> {
  const { name, namespace = '' } = service.metadata;
  const loadBalancer =
    address === undefined ? { ingress: null } : { ingress: [{ ip: address, ipMode: 'VIP' }] };
  await context.client.patch(
    coreResources.services,
    name,
    'merge',
    { status: { loadBalancer } },
    { namespace, subresource: 'status' },
  );
}
