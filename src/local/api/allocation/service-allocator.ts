import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import type { Store } from '../store/store.ts';

/** Hands out ClusterIPs and node ports; what is taken is read from the stored Services, so nothing can leak. */
export class ServiceAllocator {
  readonly #base: number;
  readonly #size: number;
  readonly cidr: string;
  #nextOffset = 10;
  #nextPort = 30000;
  readonly #addresses = new Set<string>();
  readonly #ports = new Set<number>();

  constructor(store: Store, cidr: string) {
    this.cidr = cidr;
    const [address = '', bits = ''] = cidr.split('/');
    this.#base = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    this.#size = 2 ** (32 - Number(bits));
    for (const entry of store.table('/services').list()) this.#take(entry.object);
    store.table('/services').listen(({ type, entry, previous }) => {
      if (previous !== undefined) this.#release(previous.object);
      if (type !== 'DELETED') this.#take(entry.object);
    });
  }

  /** The address of the `kubernetes` Service: the first one of the range. */
  get apiServerAddress(): string {
    return this.#text(1);
  }

  contains(address: string): boolean {
    const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    return value > this.#base && value < this.#base + this.#size - 1;
  }

  isTaken(address: string): boolean {
    return this.#addresses.has(address);
  }

  isPortTaken(port: number): boolean {
    return this.#ports.has(port);
  }

  /** A free address, or undefined when the range is full. Written objects hold it; a failed write needs no release. */
  nextAddress(): string | undefined {
    for (let tries = 0; tries < this.#size; tries++) {
      const offset = 2 + ((this.#nextOffset++ - 2) % (this.#size - 3));
      const address = this.#text(offset);
      if (!this.#addresses.has(address)) return address;
    }
    return undefined;
  }

  nextPort(): number | undefined {
    for (let tries = 0; tries < 2768; tries++) {
      const port = 30000 + ((this.#nextPort++ - 30000) % 2768);
      if (!this.#ports.has(port)) return port;
    }
    return undefined;
  }

  #text(offset: number): string {
    const value = this.#base + offset;
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  }

  #take(service: Readonly<ApiObject>): void {
    for (const address of addressesOf(service)) this.#addresses.add(address);
    for (const port of portsOf(service)) this.#ports.add(port);
  }

  #release(service: Readonly<ApiObject>): void {
    for (const address of addressesOf(service)) this.#addresses.delete(address);
    for (const port of portsOf(service)) this.#ports.delete(port);
  }
}

function addressesOf(service: Readonly<ApiObject>): string[] {
  const spec = asObject(service.spec);
  return (asList(spec?.['clusterIPs']) as string[]).filter((address) => address !== 'None');
}

function portsOf(service: Readonly<ApiObject>): number[] {
  const spec = asObject(service.spec);
  const ports = asList(spec?.['ports']).map((port) => (port as Fields)['nodePort']);
  return [...ports, spec?.['healthCheckNodePort']].filter((port) => typeof port === 'number');
}
