import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parseYaml } from '../base/yaml.ts';
import type { Connection, TlsMaterial } from './connection.ts';

interface Named {
  name: string;
}
interface ClusterEntry {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
  'proxy-url'?: string;
}
interface UserEntry {
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  exec?: unknown;
  'auth-provider'?: unknown;
}
interface ContextEntry {
  cluster?: string;
  user?: string;
  namespace?: string;
}
interface Kubeconfig {
  clusters: (Named & { cluster: ClusterEntry })[];
  users: (Named & { user: UserEntry })[];
  contexts: (Named & { context: ContextEntry })[];
  currentContext: string;
}

/**
 * Reads and merges kubeconfig files as kubectl does (first wins). Certificates, tokens and passwords are handled here; a user with an exec
 * plugin or an auth provider is handed to @kubernetes/client-node, which is loaded only then (it costs tens of megabytes and half a second).
 */
export async function loadKubeconfig(files: readonly string[], contextName?: string): Promise<Connection> {
  const config = mergeFiles(files);
  const where = files.join(':');
  const name = contextName ?? config.currentContext;
  if (name === '') throw new Error(`${where}: no current-context; choose one with --context`);
  const context = config.contexts.find((entry) => entry.name === name)?.context;
  if (context === undefined) throw new Error(`${where}: there is no context "${name}"`);
  const cluster = config.clusters.find((entry) => entry.name === context.cluster)?.cluster;
  if (cluster?.server === undefined)
    throw new Error(
      `${where}: context "${name}" names a cluster "${context.cluster ?? ''}" that is not there`,
    );
  if (cluster['proxy-url'] !== undefined)
    throw new Error(`${where}: proxy-url of cluster "${context.cluster}" is not supported`);
  const user = config.users.find((entry) => entry.name === context.user)?.user ?? {};
  const server = cluster.server.replace(/\/+$/, '');
  const namespace = context.namespace ?? 'default';
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    const plugin = await pluginCredentials(files, name);
    return { server, namespace, tls: { ...serverTls(cluster), ...plugin.tls }, headers: plugin.headers };
  }
  return { server, namespace, tls: { ...serverTls(cluster), ...clientTls(user) }, headers: headersOf(user) };
}

function serverTls(cluster: ClusterEntry): TlsMaterial {
  const ca = inline(cluster['certificate-authority-data'], cluster['certificate-authority']);
  return {
    ...(ca && { ca }),
    ...(cluster['tls-server-name'] !== undefined && { servername: cluster['tls-server-name'] }),
    ...(cluster['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
  };
}

function clientTls(user: UserEntry): TlsMaterial {
  const cert = inline(user['client-certificate-data'], user['client-certificate']);
  const key = inline(user['client-key-data'], user['client-key']);
  return { ...(cert && { cert }), ...(key && { key }) };
}

function headersOf(user: UserEntry): Connection['headers'] {
  const { token, tokenFile, username, password } = user;
  if (tokenFile !== undefined)
    return () => ({ authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` });
  if (token !== undefined && token !== '') return () => ({ authorization: `Bearer ${token}` });
  if (username !== undefined) {
    const basic = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
    return () => ({ authorization: `Basic ${basic}` });
  }
  return () => ({});
}

function inline(data: string | undefined, file: string | undefined): Buffer | undefined {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64');
  return file === undefined || file === '' ? undefined : readFileSync(file);
}

function mergeFiles(files: readonly string[]): Kubeconfig {
  const merged: Kubeconfig = { clusters: [], users: [], contexts: [], currentContext: '' };
  for (const file of files) {
    const doc = (parseYaml(readFileSync(file, 'utf8')) ?? {}) as Record<string, unknown>;
    const folder = dirname(file);
    for (const key of ['clusters', 'users', 'contexts'] as const) {
      const entries = (doc[key] ?? []) as Named[];
      const known = merged[key] as Named[];
      for (const entry of entries)
        if (!known.some((k) => k.name === entry.name)) known.push(absolutePaths(entry, folder));
    }
    merged.currentContext ||= String(doc['current-context'] ?? '');
  }
  return merged;
}

const pathFields = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Relative file names in a kubeconfig count from the kubeconfig's own folder. */
function absolutePaths(entry: Named, folder: string): Named {
  const inner = entry as unknown as Record<string, Record<string, unknown>>;
  for (const part of [inner['cluster'], inner['user']]) {
    if (part === undefined || part === null) continue;
    for (const field of pathFields) {
      const value = part[field];
      if (typeof value === 'string' && value !== '' && !isAbsolute(value)) part[field] = join(folder, value);
    }
  }
  return entry;
}

async function pluginCredentials(
  files: readonly string[],
  context: string,
): Promise<{ tls: TlsMaterial; headers: Connection['headers'] }> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  for (const file of files) {
    const one = new KubeConfig();
    one.loadFromFile(file);
    config.mergeConfig(one);
  }
  config.setCurrentContext(context);
  const ask = async () => {
    const options: { headers?: Record<string, string>; cert?: string; key?: string } = {};
    await config.applyToHTTPSOptions(options);
    return options;
  };
  const { cert, key } = await ask();
  return {
    tls: { ...(cert && { cert }), ...(key && { key }) },
    headers: async () => (await ask()).headers ?? {},
  };
}
