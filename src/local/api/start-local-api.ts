import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/log.ts';
import { toYaml } from '../../base/yaml.ts';
import type { Resource } from '../../kube/client.ts';
import {
  createCertificateAuthority,
  issueServerCertificate,
  type KeyPair,
} from '../../pki/certificate-authority.ts';
import { WebhookAdmission } from './admission/webhook-admission.ts';
import { ServiceAllocator } from './allocation/service-allocator.ts';
import { Authenticator, newSigningKey } from './auth/authenticator.ts';
import { Authorizer } from './auth/authorizer.ts';
import { seedCluster } from './bootstrap/seed-cluster.ts';
import { InProcessClient } from './client.ts';
import { DefinitionController } from './controllers/definitions.ts';
import { GarbageCollector } from './controllers/garbage-collector.ts';
import { NamespaceController } from './controllers/namespaces.ts';
import { adminUser } from './controllers/system-user.ts';
import type { ApiCore } from './core.ts';
import { HttpServer } from './http/server.ts';
import type { LocalApi, LocalApiOptions } from './local-api.ts';
import { OpenApiDocuments } from './openapi/documents.ts';
import { builtinResources } from './resources/builtin.ts';
import { ResourceRegistry } from './resources/registry.ts';
import { keyOf } from './resources/resource.ts';
import { viewOf } from './resources/version.ts';
import { Journal } from './store/journal.ts';
import { Store } from './store/store.ts';
import { PodStreams } from './stream/stream-handler.ts';

/** What must stay the same over restarts so that clients' credentials stay good. */
interface Identity {
  readonly authority: KeyPair;
  readonly adminToken: string;
  readonly signingKey: string;
}

/** Starts a local API server; resolves when it serves. */
export async function startLocalApi(
  options: LocalApiOptions = {},
  { clock = systemClock, log = silentLogger }: { clock?: Clock; log?: Logger } = {},
): Promise<LocalApi> {
  const host = options.host ?? '127.0.0.1';
  const cidr = options.serviceCidr ?? '10.96.0.0/16';
  const identity = await loadIdentity(options.dataDir, clock);
  const journal = options.dataDir === undefined ? undefined : new Journal(options.dataDir);
  const store = new Store({
    startRevision: journal === undefined ? freshRevision(clock) : 0,
    ...(journal === undefined ? {} : { journal }),
  });
  const registry = new ResourceRegistry(builtinResources());
  const admission = new WebhookAdmission(store, registry, log);
  const core: ApiCore = {
    store,
    registry,
    clock,
    admission,
    allocator: new ServiceAllocator(store, cidr),
    authenticator: new Authenticator(store, clock, identity.adminToken, identity.signingKey),
    authorizer: new Authorizer(store),
  };
  await startControllers(core, identity.authority.certificate, log);
  const hosts = [host, '127.0.0.1', 'localhost', ...clusterNames, core.allocator.apiServerAddress];
  const serving = await issueServerCertificate(
    identity.authority,
    { commonName: 'kube-apiserver', hosts: [...new Set([...hosts, ...(options.alternativeNames ?? [])])] },
    clock.now(),
  );
  const streams = new PodStreams(core);
  const server = new HttpServer(core, new OpenApiDocuments(registry), streams, serving);
  const port = await server.listen(host, options.port ?? 0);
  const url = `https://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  return localApi({ core, admission, streams, server, url, identity });
}

const clusterNames = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** Above every revision an earlier run (which forgot everything) may have given out: old resourceVersions then count as expired. */
function freshRevision(clock: Clock): number {
  return Math.floor(clock.now() / 1000) * 1000;
}

async function startControllers(core: ApiCore, caCertificate: string, log: Logger): Promise<void> {
  const garbage = new GarbageCollector(core, log.scope('gc'));
  new DefinitionController(core, log.scope('crd'), (table) => garbage.forget(table)).start();
  garbage.start();
  new NamespaceController(core, caCertificate, log.scope('namespaces')).start();
  await seedCluster(core);
}

interface Parts {
  readonly core: ApiCore;
  readonly admission: WebhookAdmission;
  readonly streams: PodStreams;
  readonly server: HttpServer;
  readonly url: string;
  readonly identity: Identity;
}

function localApi({ core, admission, streams, server, url, identity }: Parts): LocalApi {
  const { certificate } = identity.authority;
  const find = (resource: Resource) => core.registry.find(resource.group, resource.version, resource.plural);
  return {
    url,
    caCertificate: certificate,
    kubeconfig: kubeconfigOf(url, certificate, identity.adminToken),
    client: (fieldManager = 'lateen-local') => new InProcessClient(core, adminUser, fieldManager),
    read(resource, name, namespace) {
      const found = find(resource);
      const entry =
        found && core.store.table(found.table).get(keyOf(found.namespaced ? namespace : undefined, name));
      return entry && found ? viewOf(found, entry.object) : undefined;
    },
    readAll(resource, namespace) {
      const found = find(resource);
      if (found === undefined) return [];
      return core.store
        .table(found.table)
        .list(namespace)
        .map((entry) => viewOf(found, entry.object));
    },
    subscribe(resource, onChange, options = {}) {
      const found = find(resource);
      const table = core.store.table(found?.table ?? `${resource.group}/${resource.plural}`);
      const view = (object: Parameters<typeof viewOf>[1]) =>
        found === undefined ? object : viewOf(found, object);
      for (const entry of table.list(options.namespace))
        onChange({ type: 'ADDED', object: view(entry.object) });
      return table.listen(({ type, entry, previous }) => {
        if (options.namespace !== undefined && !entry.key.startsWith(`${options.namespace}/`)) return;
        const before = previous === undefined ? {} : { previous: view(previous.object) };
        onChange({ type, object: view(entry.object), ...before });
      });
    },
    resourceOf: (apiVersion, kind) => core.registry.byKind(apiVersion, kind),
    issueToken: async (namespace, account, options) => core.authenticator.issue(namespace, account, options),
    setNodeBackend(backend) {
      streams.backend = backend;
    },
    setServiceResolver(resolve) {
      admission.setServiceResolver(resolve);
      streams.resolveService = resolve;
    },
    async close() {
      await server.close();
      core.store.close();
    },
  };
}

function kubeconfigOf(url: string, certificate: string, token: string): string {
  return toYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'lateen',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(certificate).toString('base64') },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'lateen', context: { cluster: 'lateen', user: 'admin' } }],
    'current-context': 'lateen',
  });
}

async function loadIdentity(dataDir: string | undefined, clock: Clock): Promise<Identity> {
  if (dataDir === undefined) return newIdentity(clock);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'identity.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Identity;
  const identity = await newIdentity(clock);
  writeFileSync(file, JSON.stringify(identity), { mode: 0o600 });
  return identity;
}

async function newIdentity(clock: Clock): Promise<Identity> {
  return {
    authority: await createCertificateAuthority('lateen-local-ca', clock.now()),
    adminToken: randomBytes(24).toString('hex'),
    signingKey: newSigningKey(),
  };
}
