/**
 * The addresses of one local cluster. Clusters side by side on one host differ in `index`; inside a pod everything looks the same.
 *
 *     10.(244+i).0.1        the node: router namespace's end of the link to the host
 *     10.(244+i).0.2        the host's end: API server and DNS listen here
 *     10.(244+i).1-253.x    pods, one /32 route each
 *     10.(244+i).255.x      addresses of LoadBalancer services
 *     10.(96+i).0.0/16      ClusterIPs; .0.1 is the API server, .0.10 DNS
 */
export interface AddressPlan {
  readonly index: number;
  /** Name of the router namespace and prefix of every other name this cluster makes on the host. */
  readonly name: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly nodeIp: string;
  readonly hostIp: string;
  readonly dnsIp: string;
  readonly kubernetesIp: string;
  /** First two octets of pod addresses, `10.244`. */
  readonly podPrefix: string;
}

/** How many clusters fit on one host. */
export const maxClusters = 12;

export function addressPlan(index: number): AddressPlan {
  const pods = `10.${244 + index}`;
  const services = `10.${96 + index}`;
  return {
    index,
    name: `lateen${index}`,
    podCidr: `${pods}.0.0/16`,
    serviceCidr: `${services}.0.0/16`,
    nodeIp: `${pods}.0.1`,
    hostIp: `${pods}.0.2`,
    dnsIp: `${services}.0.10`,
    kubernetesIp: `${services}.0.1`,
    podPrefix: pods,
  };
}

/** Hands out addresses from consecutive third octets, never one in use; a freed one comes back last. */
export class AddressPool {
  readonly #prefix: string;
  readonly #first: number;
  readonly #size: number;
  readonly #used = new Set<string>();
  #next = 0;

  constructor(prefix: string, octets: { from: number; to: number }) {
    this.#prefix = prefix;
    this.#first = octets.from;
    this.#size = (octets.to - octets.from + 1) * 254;
  }

  /** Throws when every address is taken. */
  take(): string {
    for (let tried = 0; tried < this.#size; tried++) {
      const address = this.#at(this.#next);
      this.#next = (this.#next + 1) % this.#size;
      if (!this.#used.has(address)) {
        this.#used.add(address);
        return address;
      }
    }
    throw new Error(`no free address left in ${this.#prefix}.${this.#first}.0`);
  }

  /** Marks an address as taken, as when it is read back from an object; false when it was taken before. */
  reserve(address: string): boolean {
    if (this.#used.has(address)) return false;
    this.#used.add(address);
    return true;
  }

  /** Whether an address lies in the pool's range. */
  owns(address: string): boolean {
    const third = Number(address.slice(this.#prefix.length + 1).split('.')[0]);
    const inside = third >= this.#first && third < this.#first + this.#size / 254;
    return address.startsWith(`${this.#prefix}.`) && inside;
  }

  free(address: string): void {
    this.#used.delete(address);
  }

  #at(offset: number): string {
    return `${this.#prefix}.${this.#first + Math.floor(offset / 254)}.${1 + (offset % 254)}`;
  }
}
