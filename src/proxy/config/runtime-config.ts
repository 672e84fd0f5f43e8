import type { Issue } from '../../base/issue.ts';
import { error, formatIssue } from '../../base/issue.ts';
import type { Logger } from '../../base/log.ts';
import { ConfigFault } from '../../match/config-fault.ts';
import { decode } from '../../xds/decode.ts';
import { Cluster } from '../../xds/messages/cluster.ts';
import { ClusterLoadAssignment } from '../../xds/messages/endpoint.ts';
import { Listener } from '../../xds/messages/listener.ts';
import { RouteConfiguration } from '../../xds/messages/route.ts';
import type { Message } from '../../xds/schema.ts';
import type { ListenerConfig } from '../listener/listener-config.ts';
import type { RouteTable } from '../router/route.ts';
import type { ClusterConfig, EndpointAssignment } from '../upstream/cluster-config.ts';
import type { ClusterSource } from '../upstream/cluster-registry.ts';
import type { LoadedBootstrap } from './bootstrap.ts';
import { compileCluster } from './cluster.ts';
import type { CompileContext } from './compile-context.ts';
import { compileAssignment } from './endpoints.ts';
import { FileReader, type Resource, sourcePath } from './file-snapshot.ts';
import { compileListener } from './listener.ts';
import { compileRoutes } from './route.ts';
import { findSubscriptions } from './subscriptions.ts';

/** A resource as config_dump shows it. */
export interface DumpEntry {
  readonly name: string;
  readonly version: string;
  readonly resource: unknown;
  readonly hash: string;
  readonly lastUpdated: number;
  readonly isStatic: boolean;
  /** Why the last update of it was refused; the one shown still serves. */
  readonly error: { readonly details: string; readonly at: number; readonly failed: unknown } | undefined;
}

interface Entry<T> extends DumpEntry {
  readonly compiled: T;
}

/** Everything one round of reading gave, complete, before any of it is applied. */
interface Round {
  readonly clusters: Map<string, Entry<ClusterSource>>;
  readonly listeners: Map<string, Entry<ListenerConfig>>;
  readonly routes: Map<string, Entry<RouteTable>>;
  readonly endpoints: Map<string, Entry<() => EndpointAssignment>>;
  readonly faults: { readonly subject: string; readonly message: string }[];
  /** Watched directories with the paths read through them. */
  readonly watchedDirectories: Map<string, Set<string>>;
  readonly watchedFiles: Set<string>;
}

/**
 * The configuration in force. `load` reads all files as one snapshot, decodes what changed, compiles it and only then hands it over; a
 * resource that is refused keeps its last good form, and the others go on.
 */
export class RuntimeConfig {
  readonly #bootstrap: LoadedBootstrap;
  readonly #ctx: CompileContext;
  readonly #log: Logger;
  readonly #files = new FileReader();
  #current: Round = emptyRound();
  #version = 0;
  #refusedUpdates = 0;

  constructor(bootstrap: LoadedBootstrap, ctx: CompileContext) {
    this.#bootstrap = bootstrap;
    this.#ctx = ctx;
    this.#log = ctx.log.scope('config');
  }

  get current(): Readonly<Round> {
    return this.#current;
  }

  get refusedUpdates(): number {
    return this.#refusedUpdates;
  }

  /** The table of an RDS name. */
  routes(name: string): RouteTable | undefined {
    return this.#current.routes.get(name)?.compiled;
  }

  /** Reads and compiles everything. Returns what was wrong; nothing is applied yet. */
  read(): Round {
    const round = emptyRound();
    this.#files.begin();
    this.#clusters(round);
    this.#listeners(round);
    this.#files.end();
    return round;
  }

  /** Takes a round over: endpoints and clusters first, then routes, then listeners; what is gone goes last. */
  async apply(round: Round): Promise<void> {
    this.#version++;
    const { clusters, listeners } = this.#ctx;
    clusters.updateEndpoints(
      new Map(
        [...round.endpoints].map(([name, entry]) => [name, { hash: entry.hash, assignment: entry.compiled }]),
      ),
    );
    clusters.updateClusters([...round.clusters.values()].map((entry) => entry.compiled));
    this.#current = round;
    const faults = await listeners.update([...round.listeners.values()].map((entry) => entry.compiled));
    for (const { name, message } of faults) round.faults.push({ subject: `listener ${name}`, message });
    for (const { subject, message } of round.faults) {
      this.#refusedUpdates++;
      this.#log.warn('configuration refused', { subject, reason: message });
    }
    this.#log.debug('configuration applied', {
      version: this.#version,
      listeners: round.listeners.size,
      clusters: round.clusters.size,
    });
  }

  // --- clusters and endpoints ---

  #clusters(round: Round): void {
    for (const resource of this.#bootstrap.staticClusters) this.#cluster(resource, round, true, '');
    const source = this.#bootstrap.message.dynamic_resources?.cds_config;
    if (source !== undefined) {
      const file = this.#file(sourcePath(source), Cluster.typeName, 'CDS', round);
      if (file === undefined) {
        keepDynamic(this.#current.clusters, round.clusters);
        keepDynamic(this.#current.endpoints, round.endpoints);
      }
      for (const resource of file?.resources ?? []) {
        if (round.clusters.get(resource.name)?.isStatic === true) continue;
        this.#cluster(resource, round, false, file?.version ?? '');
      }
    }
    for (const entry of [...round.clusters.values()]) this.#endpoints(entry, round);
  }

  #cluster(resource: Resource, round: Round, isStatic: boolean, version: string): void {
    this.#entry(resource, round, this.#current.clusters, round.clusters, isStatic, version, 'cluster', () => {
      const subscription = findSubscriptions(resource.json).eager;
      let compiled: ClusterConfig | undefined;
      const compile = () => {
        compiled ??= compileCluster(decodeAs(Cluster, resource.json), this.#ctx, !isStatic);
        return compiled;
      };
      // Decoding tells what is wrong with it now; the rest waits until a request needs it.
      if (isStatic || subscription) compile();
      else checkOnce(resource);
      return { name: resource.name, hash: resource.hash, compile, eager: subscription };
    });
  }

  #endpoints(cluster: Entry<ClusterSource>, round: Round): void {
    const { eds } = findSubscriptions(cluster.resource);
    if (eds === undefined) return;
    const name = eds.serviceName || cluster.name;
    if (round.endpoints.has(name)) return;
    const file = this.#file(
      eds.source,
      ClusterLoadAssignment.typeName,
      `EDS of cluster ${cluster.name}`,
      round,
    );
    const resource = file?.resources.find((candidate) => candidate.name === name);
    if (resource === undefined) {
      const before = this.#current.endpoints.get(name);
      if (before !== undefined) round.endpoints.set(name, before);
      if (file !== undefined)
        round.faults.push({ subject: `endpoints ${name}`, message: `not in ${eds.source.path}` });
      return;
    }
    this.#entry(
      resource,
      round,
      this.#current.endpoints,
      round.endpoints,
      false,
      file?.version ?? '',
      'endpoints',
      () => {
        const assignment = compileAssignment(decodeAs(ClusterLoadAssignment, resource.json), false);
        return () => assignment;
      },
    );
  }

  // --- listeners and routes ---

  #listeners(round: Round): void {
    for (const resource of this.#bootstrap.staticListeners) this.#listener(resource, round, true, '');
    const source = this.#bootstrap.message.dynamic_resources?.lds_config;
    if (source === undefined) return;
    const file = this.#file(sourcePath(source), Listener.typeName, 'LDS', round);
    if (file === undefined) {
      keepDynamic(this.#current.listeners, round.listeners);
      keepDynamic(this.#current.routes, round.routes);
    }
    for (const resource of file?.resources ?? []) this.#listener(resource, round, false, file?.version ?? '');
  }

  #listener(resource: Resource, round: Round, isStatic: boolean, version: string): void {
    const name = resource.name;
    this.#entry(
      { ...resource, name },
      round,
      this.#current.listeners,
      round.listeners,
      isStatic,
      version,
      'listener',
      () => compileListener(decodeAs(Listener, resource.json), resource.json, resource.hash, this.#ctx),
    );
    const kept = round.listeners.get(name);
    for (const rds of findSubscriptions(kept?.resource ?? resource.json).rds) this.#route(rds, round);
  }

  #route(
    rds: { readonly name: string; readonly source: { path: string; watched: string | undefined } },
    round: Round,
  ): void {
    if (round.routes.has(rds.name)) return;
    const file = this.#file(rds.source, RouteConfiguration.typeName, `RDS ${rds.name}`, round);
    const resource = file?.resources.find((candidate) => candidate.name === rds.name);
    if (resource === undefined) {
      const before = this.#current.routes.get(rds.name);
      if (before !== undefined) round.routes.set(rds.name, before);
      if (file !== undefined)
        round.faults.push({ subject: `routes ${rds.name}`, message: `not in ${rds.source.path}` });
      return;
    }
    this.#entry(
      resource,
      round,
      this.#current.routes,
      round.routes,
      false,
      file?.version ?? '',
      'routes',
      () => {
        const { table, issues } = compileRoutes(
          decodeAs(RouteConfiguration, resource.json),
          this.#ctx,
          this.#ctx.filterEnvironment('rds'),
        );
        if (table === undefined) throw new IssueList(issues);
        return table;
      },
    );
  }

  // --- what they share ---

  #file(
    source: { readonly path: string; readonly watched: string | undefined },
    typeName: string,
    subject: string,
    round: Round,
  ) {
    if (source.watched !== undefined) {
      const paths = round.watchedDirectories.get(source.watched);
      if (paths === undefined) round.watchedDirectories.set(source.watched, new Set([source.path]));
      else paths.add(source.path);
    } else round.watchedFiles.add(source.path);
    const { file, issues } = this.#files.read(source.path, typeName);
    for (const issue of issues) round.faults.push({ subject, message: formatIssue(issue) });
    return file;
  }

  /** Compiles a resource unless it is the one that serves already; a fault keeps the old one with the reason. */
  #entry<T>(
    resource: Resource,
    round: Round,
    before: ReadonlyMap<string, Entry<T>>,
    after: Map<string, Entry<T>>,
    isStatic: boolean,
    version: string,
    kind: string,
    compile: () => T,
  ): void {
    const known = before.get(resource.name);
    if (known?.hash === resource.hash) {
      after.set(
        resource.name,
        known.error === undefined && known.version === version
          ? known
          : { ...known, version, error: undefined },
      );
      return;
    }
    if (after.has(resource.name)) {
      round.faults.push({ subject: `${kind} ${resource.name}`, message: 'stands twice' });
      return;
    }
    try {
      const compiled = compile();
      after.set(resource.name, {
        name: resource.name,
        version,
        resource: resource.json,
        hash: resource.hash,
        lastUpdated: Date.now(),
        isStatic,
        error: undefined,
        compiled,
      });
    } catch (thrown) {
      const details = faultText(thrown);
      round.faults.push({ subject: `${kind} ${resource.name}`, message: details });
      if (known !== undefined)
        after.set(resource.name, { ...known, error: { details, at: Date.now(), failed: resource.json } });
    }
  }
}

class IssueList extends Error {
  constructor(issues: readonly Issue[]) {
    super(issues.map(formatIssue).join('; '));
  }
}

function faultText(thrown: unknown): string {
  if (thrown instanceof ConfigFault) return formatIssue(error('Invalid', thrown.path, thrown.message));
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function decodeAs<T>(type: Message<T>, json: unknown): T {
  const { value, issues } = decode(type, json);
  if (value === undefined) throw new IssueList(issues);
  return value;
}

const checked = new WeakSet<object>();

function checkOnce(resource: Resource): void {
  if (checked.has(resource.json as object)) return;
  decodeAs(Cluster, resource.json);
  checked.add(resource.json as object);
}

function keepDynamic<T>(before: ReadonlyMap<string, Entry<T>>, after: Map<string, Entry<T>>): void {
  for (const [name, entry] of before) if (!entry.isStatic && !after.has(name)) after.set(name, entry);
}

function emptyRound(): Round {
  return {
    clusters: new Map(),
    listeners: new Map(),
    routes: new Map(),
    endpoints: new Map(),
    faults: [],
    watchedDirectories: new Map(),
    watchedFiles: new Set(),
  };
}
