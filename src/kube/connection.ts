import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { loadKubeconfig } from './kubeconfig.ts';

/** Where an API server is and how to prove who we are. */
export interface Connection {
  /** Base URL without a trailing slash. */
  readonly server: string;
  readonly tls: TlsMaterial;
  /** Headers for each request; asked every time, since tokens rotate. */
  headers(): Promise<Record<string, string>> | Record<string, string>;
  /** Namespace of the kubeconfig context or of our own pod. */
  readonly namespace: string;
}

export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConnectionOptions {
  /** Path of a kubeconfig; beats everything else. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** `process.env` of the composition root: KUBECONFIG, KUBERNETES_SERVICE_HOST and _PORT. */
  readonly env?: Environment;
  /** Folder with `token`, `ca.crt` and `namespace`, when not the pod's usual one. */
  readonly serviceAccountFolder?: string;
  readonly clock?: Clock;
}

const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the cluster: the given kubeconfig, then $KUBECONFIG, then the pod's service account, then ~/.kube/config.
 * Throws with the places it looked at when there is none.
 */
export async function connect(options: ConnectionOptions = {}): Promise<Connection> {
  const env = options.env ?? {};
  const files = options.kubeconfig ?? env['KUBECONFIG'];
  if (files !== undefined && files !== '')
    return loadKubeconfig(files.split(':').filter(Boolean), options.context);
  const folder = options.serviceAccountFolder ?? serviceAccountFolder;
  if (env['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(join(folder, 'token'))) {
    return inCluster(env, options.clock, folder);
  }
  const home = join(env['HOME'] ?? homedir(), '.kube/config');
  if (existsSync(home)) return loadKubeconfig([home], options.context);
  throw new Error(
    `no cluster: give --kubeconfig, set KUBECONFIG, write ${home}, or run in a pod with a service account`,
  );
}

const tokenLifetimeMs = 60_000;

/** The connection of a pod: kubelet rewrites the token file, so it is read again each minute. */
export function inCluster(
  env: Environment,
  clock: Clock = systemClock,
  folder = serviceAccountFolder,
): Connection {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? 'kubernetes.default.svc';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const namespaceFile = join(folder, 'namespace');
  let token = '';
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: { ca: readFileSync(join(folder, 'ca.crt')) },
    namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : 'default',
    headers() {
      if (clock.monotonic() - readAt > tokenLifetimeMs) {
        token = readFileSync(join(folder, 'token'), 'utf8').trim();
        readAt = clock.monotonic();
      }
      return { authorization: `Bearer ${token}` };
    },
  };
}
