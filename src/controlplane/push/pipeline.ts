import type { Logger } from '../../base/log.ts';
import { errorMessage } from '../../base/log.ts';
import type { Finding, GatewayView, Mesh, MeshProxy, View } from '../../mesh/index.ts';
import { gatewayView, sidecarScopes, sidecarView } from '../../mesh/index.ts';
import type { Dirt } from '../ingest/dirt.ts';
import type { World } from '../ingest/world.ts';
import type { Desired, DesiredConfigMap, DesiredScope } from '../publish/desired.ts';
import type { LastGood } from './last-good.ts';
import { ownConfig } from './own-config.ts';
import { ScopeState } from './scope-state.ts';

/**
 * From what is dirty to what should lie in the cluster: build the mesh, group proxies into scopes, translate each scope once, and each
 * proxy's own side. An endpoint change skips all but the endpoint parts it touches.
 */
export class Pipeline {
  readonly #log: Logger;
  readonly #revision: string;
  readonly #world: World;
  readonly #lastGood: LastGood;
  readonly #scopes = new Map<string, ScopeState>();
  #own = new Map<string, DesiredConfigMap>();
  #scopeOf = new Map<MeshProxy, string>();
  #mesh: Mesh | undefined;
  #findings: readonly Finding[] = [];

  constructor(world: World, lastGood: LastGood, revision: string, log: Logger) {
    this.#revision = revision;
    this.#log = log;
    this.#world = world;
    this.#lastGood = lastGood;
  }

  get mesh(): Mesh | undefined {
    return this.#mesh;
  }

  /** What is wrong or not acted on in the user's objects, as of the last build. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  get scopes(): ReadonlyMap<string, ScopeState> {
    return this.#scopes;
  }

  scopeOf(proxy: MeshProxy): string | undefined {
    return this.#scopeOf.get(proxy);
  }

  /** Brings everything up to date with the world and returns what should lie in the cluster. */
  run(dirt: Dirt): Desired {
    if (dirt.mesh || this.#mesh === undefined) {
      const { mesh, findings } = this.#lastGood.build(this.#world);
      this.#mesh = mesh;
      this.#findings = findings;
      this.#regroup(this.#mesh, true);
    } else if (dirt.proxies) {
      this.#regroup(this.#mesh, false);
    }
    if (dirt.endpoints.size > 0 && !dirt.mesh) this.#followEndpoints(dirt.endpoints);
    return this.#desired();
  }

  #followEndpoints(changed: ReadonlySet<string>): void {
    for (const scope of this.#scopes.values()) {
      if (scope.followEndpoints(changed, this.#world)) this.#translate(scope, scope.view as View);
    }
  }

  /** `again`: translate scopes that are already there too. */
  #regroup(mesh: Mesh, again: boolean): void {
    const views = new Map<string, () => View | GatewayView>();
    const scopeOf = new Map<MeshProxy, string>();
    const gateways = new Set<string>();
    const proxies = this.#world.proxies;
    for (const scope of sidecarScopes(mesh, proxies)) {
      const name = this.#ofRevision(scope.name);
      views.set(name, () => sidecarView(mesh, scope));
      for (const proxy of scope.proxies) scopeOf.set(proxy, name);
    }
    for (const proxy of proxies.filter(({ kind }) => kind === 'gateway')) {
      const name = this.#ofRevision(gatewayScopeName(proxy));
      gateways.add(name);
      views.set(name, () => gatewayView(mesh, proxy));
      scopeOf.set(proxy, name);
    }
    for (const name of [...this.#scopes.keys()]) if (!views.has(name)) this.#scopes.delete(name);
    for (const [name, view] of views) {
      let state = this.#scopes.get(name);
      if (state === undefined) {
        state = new ScopeState(name, this.#revision);
        this.#scopes.set(name, state);
        this.#translate(state, view());
      } else if (again || gateways.has(name)) this.#translate(state, view());
    }
    this.#scopeOf = scopeOf;
    this.#own = this.#ownConfigs(mesh, scopeOf);
  }

  /** Control planes of several revisions work side by side; the default one's scopes have plain names. */
  #ofRevision(scope: string): string {
    return this.#revision === 'default' ? scope : `${this.#revision}-${scope}`.slice(0, 63);
  }

  /** A scope that cannot be translated keeps what it has, and the others go on. */
  #translate(scope: ScopeState, view: View | GatewayView): void {
    try {
      scope.translate(view, this.#world);
    } catch (thrown) {
      const fields = { scope: scope.name, error: errorMessage(thrown), stack: (thrown as Error).stack };
      this.#log.error('a scope cannot be translated; its last configuration stays', fields);
    }
  }

  #ownConfigs(mesh: Mesh, scopeOf: ReadonlyMap<MeshProxy, string>): Map<string, DesiredConfigMap> {
    const own = new Map<string, DesiredConfigMap>();
    for (const [proxy, scope] of scopeOf) {
      const desired = ownConfig(mesh, proxy, scope);
      const key = `${desired.namespace}/${desired.name}`;
      const known = this.#own.get(key);
      own.set(key, known?.hash === desired.hash ? known : desired);
    }
    return own;
  }

  #desired(): Desired {
    const scopes = new Map<string, DesiredScope>();
    for (const [name, { desired }] of this.#scopes) if (desired !== undefined) scopes.set(name, desired);
    return { scopes, own: this.#own };
  }
}

/** A gateway's world is its own: which Gateways it serves depends on its labels. */
export function gatewayScopeName(proxy: MeshProxy): string {
  return `gateway-${proxy.namespace}-${proxy.name}`.slice(0, 63).replace(/[^a-z0-9]+$/, '');
}
