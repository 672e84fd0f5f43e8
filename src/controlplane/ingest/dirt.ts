/** What has changed since the last push. Levels, not events: adding twice is adding once. */
export class Dirt {
  /** Rules, services or mesh settings: the mesh is built anew. */
  mesh = false;
  /** Pods with proxies came or went. */
  proxies = false;
  /** Namespaces where a proxy that had lost its last pod has one again: they may have been deleted and made anew meanwhile. */
  readonly returned = new Set<string>();
  /** `namespace/name` of Kubernetes services, and hosts of entries, whose endpoints changed. */
  readonly endpoints = new Set<string>();
  /** Monotonic milliseconds of the first change. */
  since: number | undefined;

  get any(): boolean {
    return this.mesh || this.proxies || this.endpoints.size > 0;
  }
}
