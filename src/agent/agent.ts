import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Clock, Timer } from '../base/clock.ts';
import { sleep, systemClock } from '../base/clock.ts';
import { errorMessage, type Logger } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { callAdmin } from './admin-client.ts';
import { ApiSource } from './api-source.ts';
import type { AppProbe } from './app-probe.ts';
import { bootstrap } from './bootstrap.ts';
import { Assembler, type CompleteConfig, type ConfigSource } from './config-source.ts';
import { DirectorySource } from './directory-source.ts';
import { GenerationStore } from './generation-store.ts';
import type { AgentSettings, ProxyIdentity } from './identity.ts';
import { createStatusServer } from './status-server.ts';
import { type ProxyCommand, Supervisor } from './supervisor.ts';

export interface AgentOptions {
  readonly identity: ProxyIdentity;
  readonly settings: AgentSettings;
  /** Folder for bootstrap.json and xds/. */
  readonly configFolder: string;
  /** The Kubernetes API, or a folder with the same content. */
  readonly source: { readonly client: KubeClient } | { readonly folder: string };
  /** The proxy to run on the bootstrap file. */
  readonly proxy: (bootstrapFile: string) => ProxyCommand;
  readonly appProbes: Readonly<Record<string, AppProbe>>;
  readonly scrape: { readonly port: number; readonly path: string } | undefined;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** How long a failed write of configuration (disk full) waits before it is tried again. */
const writeRetryMs = 1000;
/** Superseded generations are removed this long after a change, so that the removal takes no time from the change itself. */
const removalDelayMs = 2000;

/** The agent of one proxy: fetches its configuration, keeps it on disk and keeps the proxy running on it. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #clock: Clock;
  readonly #store: GenerationStore;
  readonly #supervisor: Supervisor;
  readonly #assembler: Assembler;
  readonly #source: ConfigSource;
  readonly #bootstrapFile: string;
  #status: Server | undefined;
  #applied = 0;
  #failedWrites = 0;
  #removal: Timer | undefined;
  #draining = false;
  #quit: () => void = () => undefined;
  /** Resolves when somebody asked the agent to end (`/quitquitquit`). */
  readonly quitRequested = new Promise<void>((resolve) => {
    this.#quit = resolve;
  });

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#store = new GenerationStore(join(options.configFolder, 'xds'));
    this.#bootstrapFile = join(options.configFolder, 'bootstrap.json');
    this.#supervisor = new Supervisor(options.proxy(this.#bootstrapFile), options.log, this.#clock);
    const { assembler, source } = this.#makeSource();
    this.#assembler = assembler;
    this.#source = source;
  }

  #makeSource(): { assembler: Assembler; source: ConfigSource } {
    const { source, identity, log } = this.#options;
    const onComplete = (config: CompleteConfig) => this.#apply(config);
    if ('folder' in source) {
      const assembler = new Assembler({ onComplete, log });
      return { assembler, source: new DirectorySource(source.folder, assembler, log) };
    }
    const assembler = new Assembler({ onComplete, onScope: (scope) => api.follow(scope), log });
    const { namespace, configName } = identity;
    const api = new ApiSource({ client: source.client, namespace, configName, assembler, log });
    return { assembler, source: api };
  }

  /** Serves the status page, starts the proxy at once when a last good configuration lies on disk, and begins to watch. */
  async start(): Promise<void> {
    const { settings, identity, appProbes, scrape, log } = this.#options;
    this.#status = createStatusServer({
      port: settings.statusPort,
      adminPort: settings.adminPort,
      podIp: identity.ip,
      appProbes,
      scrape,
      notReady: () => this.#notReady(),
      metrics: () => this.#metrics(),
      onQuit: () => this.#quit(),
    });
    await listen(this.#status, settings.statusPort);
    if (this.#store.hasConfiguration) {
      log.info('serving the last good configuration until a newer one arrives', {
        folder: this.#store.folder,
      });
      this.#writeBootstrap({ cluster: identity.configName, metadata: {} });
      this.#supervisor.start();
    }
    this.#source.start();
  }

  #apply(config: CompleteConfig): void {
    const { log } = this.#options;
    try {
      const changed = this.#store.write(config.resources);
      if (changed) this.#removeOldLater();
      if (!this.#supervisor.running && this.#supervisor.restarts === 0) {
        this.#writeBootstrap(config.own.node);
        this.#supervisor.start();
      }
      this.#applied = config.own.generation;
      if (changed) log.debug('a new configuration is on disk', { generation: config.own.generation });
    } catch (thrown) {
      this.#failedWrites += 1;
      log.error(
        'the configuration could not be written; the last good one keeps serving and the write is tried again',
        {
          folder: this.#store.folder,
          error: errorMessage(thrown),
        },
      );
      this.#clock.after(writeRetryMs, () => this.#apply(config));
    }
  }

  #removeOldLater(): void {
    this.#removal ??= this.#clock.after(removalDelayMs, () => {
      this.#removal = undefined;
      this.#store.removeOld();
    });
  }

  #writeBootstrap(node: { cluster: string; metadata: Readonly<Record<string, unknown>> }): void {
    const { identity, settings, configFolder } = this.#options;
    mkdirSync(configFolder, { recursive: true });
    const content = bootstrap({ identity, settings, xdsFolder: this.#store.folder, node });
    writeFileSync(this.#bootstrapFile, JSON.stringify(content));
    chmodSync(this.#bootstrapFile, 0o644);
  }

  #notReady(): string | undefined {
    if (this.#draining) return 'the proxy is draining';
    if (!this.#store.hasConfiguration)
      return `config not received: missing ${this.#assembler.missing.join(', ')}`;
    return this.#supervisor.running ? undefined : 'the proxy is not running';
  }

  #metrics(): string {
    const lines: [string, string, number][] = [
      ['istio_agent_proxy_restarts_total', 'counter', this.#supervisor.restarts],
      ['istio_agent_config_generation', 'gauge', this.#applied],
      ['istio_agent_config_write_failures_total', 'counter', this.#failedWrites],
    ];
    return lines.map(([name, type, value]) => `# TYPE ${name} ${type}\n${name} ${value}\n`).join('');
  }

  /**
   * Istio's way out: inbound drains, outbound keeps working; after the drain time (or as soon as no connection is left, when asked for)
   * the proxy is told to end.
   */
  async stop(): Promise<void> {
    const { settings, log } = this.#options;
    this.#draining = true;
    this.#source.stop();
    if (this.#supervisor.running) {
      const drain = '/drain_listeners?inboundonly&graceful&skip_exit';
      await callAdmin(settings.adminPort, 'POST', drain).catch((thrown) =>
        log.warn('drain was refused', { error: errorMessage(thrown) }),
      );
      if (settings.exitOnZeroActiveConnections) await this.#waitForZeroConnections();
      else await sleepAlive(this.#clock, settings.terminationDrainMs);
    }
    await this.#supervisor.stop('SIGTERM', 5000);
    this.#status?.close();
    this.#status?.closeAllConnections();
  }

  async #waitForZeroConnections(): Promise<void> {
    const { settings } = this.#options;
    await sleepAlive(this.#clock, settings.minimumDrainMs);
    for (;;) {
      const answer = await callAdmin(settings.adminPort, 'GET', '/stats?filter=downstream_cx_active$').catch(
        () => undefined,
      );
      if (answer === undefined) return;
      const active = [...answer.body.matchAll(/^(\S+): (\d+)$/gm)].filter(
        ([, name]) => !/admin|:15021|:15090|_15021|_15090/.test(name as string),
      );
      if (active.reduce((sum, [, , count]) => sum + Number(count), 0) === 0) return;
      await sleepAlive(this.#clock, 1000);
    }
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '::', ipv6Only: false }, () => resolve());
  });
}

/** The clock's timers do not keep the process alive; waiting for the drain must. */
async function sleepAlive(clock: Clock, ms: number): Promise<void> {
  const keepAlive = setInterval(() => undefined, 60_000);
  await sleep(clock, ms);
  clearInterval(keepAlive);
}
