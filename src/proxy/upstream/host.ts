import type { Address } from '../network/address.ts';

/** Health bits of a host; several may be set. Healthy is none of them. */
export const HealthFlag = {
  failedActiveHealthCheck: 1 << 0,
  failedOutlierCheck: 1 << 1,
  failedEdsHealth: 1 << 2,
  degradedActiveHealthCheck: 1 << 3,
  degradedEdsHealth: 1 << 4,
  /** Removed from discovery, kept while health checks still pass. */
  pendingDynamicRemoval: 1 << 5,
  /** Waits for its first health check. */
  pendingActiveHealthCheck: 1 << 6,
  /** EDS says DRAINING. */
  edsStatusDraining: 1 << 7,
} as const;

const unhealthyBits =
  HealthFlag.failedActiveHealthCheck |
  HealthFlag.failedOutlierCheck |
  HealthFlag.failedEdsHealth |
  HealthFlag.edsStatusDraining;
const degradedBits = HealthFlag.degradedActiveHealthCheck | HealthFlag.degradedEdsHealth;

export type HostHealth = 'healthy' | 'degraded' | 'unhealthy';

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export type HostMetadata = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Per-host counters of `/clusters`, plain numbers so that counting costs nothing. */
export class HostStats {
  cxActive = 0;
  cxTotal = 0;
  cxConnectFail = 0;
  rqActive = 0;
  rqTotal = 0;
  rqSuccess = 0;
  rqError = 0;
  rqTimeout = 0;
}

/** One endpoint of a cluster. The same object lives as long as its address stays in the cluster, whatever else of it changes. */
export class Host {
  readonly address: Address;
  /** Where active health checks go when it is not `address`. */
  healthCheckAddress: Address | undefined = undefined;
  /** DNS name it came from, or EDS `hostname`; '' when none. */
  hostname: string;
  /** At least 1. */
  weight: number;
  priority: number;
  locality: Locality;
  metadata: HostMetadata;
  healthFlags = 0;
  /** Monotonic milliseconds when it joined, or turned healthy: slow start counts from here. */
  readySince: number;
  readonly stats = new HostStats();
  /** Outlier detection hangs its per-host state here. */
  outlier: unknown = undefined;
  /** Whether `canary` is set in `envoy.lb` metadata. */
  canary = false;

  constructor(address: Address, options: HostOptions = {}) {
    this.address = address;
    this.hostname = options.hostname ?? '';
    this.weight = options.weight ?? 1;
    this.priority = options.priority ?? 0;
    this.locality = options.locality ?? noLocality;
    this.metadata = options.metadata ?? {};
    this.readySince = options.readySince ?? 0;
  }

  get health(): HostHealth {
    const flags = this.healthFlags;
    if (flags === 0) return 'healthy';
    if ((flags & unhealthyBits) !== 0) return 'unhealthy';
    return (flags & degradedBits) !== 0 ? 'degraded' : 'healthy';
  }

  setHealthFlag(flag: number): void {
    this.healthFlags |= flag;
  }

  clearHealthFlag(flag: number): void {
    this.healthFlags &= ~flag;
  }
}

export interface HostOptions {
  readonly hostname?: string;
  readonly weight?: number;
  readonly priority?: number;
  readonly locality?: Locality;
  readonly metadata?: HostMetadata;
  readonly readySince?: number;
}

export const noLocality: Locality = { region: '', zone: '', subZone: '' };

/** Hosts of one locality inside a priority. */
export interface LocalityHosts {
  readonly locality: Locality;
  /** load_balancing_weight of the locality, 0 when none is set. */
  readonly weight: number;
  readonly hosts: readonly Host[];
  readonly healthy: readonly Host[];
  readonly degraded: readonly Host[];
}

/** Hosts of one priority, split by health; replaced whole whenever anything about them changes. */
export interface HostSet {
  readonly priority: number;
  readonly hosts: readonly Host[];
  readonly healthy: readonly Host[];
  readonly degraded: readonly Host[];
  /** Hosts that wait for their first health check: left out of the panic arithmetic. */
  readonly excluded: readonly Host[];
  readonly localities: readonly LocalityHosts[];
  /** Per cent; 140 by default. */
  readonly overprovisioningFactor: number;
  readonly weightedPriorityHealth: boolean;
}
