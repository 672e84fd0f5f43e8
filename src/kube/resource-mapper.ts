import type { KubeClient, Resource } from './client.ts';
import { ApiError } from './client.ts';
import { apiVersionOf, resources } from './resource.ts';
import { apiErrorOf } from './status-error.ts';

interface ApiResourceList {
  resources?: { name: string; kind: string; namespaced: boolean }[];
}

const known = new Map<string, Resource>(
  Object.values(resources).map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource]),
);

/**
 * Answers which collection holds objects of an apiVersion and kind: Kubernetes' own from a table, all others by asking discovery. Answers are
 * kept; a kind that was not there is asked for again each time, since its CRD may have arrived.
 */
export class ResourceMapper {
  readonly #client: KubeClient;
  readonly #found = new Map<string, Resource>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Rejects with an ApiError `NoMatch` (404) when the server serves no such kind. */
  async resourceOf(apiVersion: string, kind: string): Promise<Resource> {
    const key = `${apiVersion}/${kind}`;
    const hit = known.get(key) ?? this.#found.get(key);
    if (hit !== undefined) return hit;
    await this.#discover(apiVersion);
    const found = this.#found.get(key);
    if (found === undefined)
      throw new ApiError(404, 'NoMatch', `no kind "${kind}" in "${apiVersion}": is its CRD installed?`);
    return found;
  }

  /** By plural name, or undefined when the server does not serve it (yet). */
  async resourceNamed(apiVersion: string, plural: string): Promise<Resource | undefined> {
    const find = () =>
      [...known.values(), ...this.#found.values()].find(
        (r) => r.plural === plural && apiVersionOf(r) === apiVersion,
      );
    const hit = find();
    if (hit !== undefined) return hit;
    await this.#discover(apiVersion);
    return find();
  }

  async #discover(apiVersion: string): Promise<void> {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { status, body } = await this.#client.raw('GET', path);
    if (status === 404) return;
    if (status !== 200) throw apiErrorOf(status, body, `GET ${path}`);
    const [group, version] = apiVersion.includes('/')
      ? (apiVersion.split('/') as [string, string])
      : ['', apiVersion];
    for (const { name, kind, namespaced } of (JSON.parse(body) as ApiResourceList).resources ?? []) {
      if (!name.includes('/'))
        this.#found.set(`${apiVersion}/${kind}`, { group, version, plural: name, kind, namespaced });
    }
  }
}
