import type { KubeClient, Resource } from '../../kube/client.ts';
import type { NodeBackend, ResolveService } from './node-backend.ts';
import type { ApiObject } from './object.ts';

/** Who makes a call; authorization and admission see it. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Record<string, string[]>;
}

/** A change as in-process watchers get it. `previous` is the object before a MODIFIED or DELETED. */
export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Readonly<ApiObject>;
  readonly previous?: Readonly<ApiObject>;
}

export interface ServiceAccountToken {
  readonly token: string;
  /** RFC 3339. */
  readonly expirationTimestamp: string;
}

export interface TokenOptions {
  readonly audiences?: readonly string[];
  /** Seconds, 3600 unless told. */
  readonly expirationSeconds?: number;
  /** The pod the token belongs to; its claims name it. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

/**
 * The local API server as the rest of the local cluster sees it: an in-process client with the semantics of HTTPS (validation,
 * admission, conflicts), cheap reads and subscriptions straight on the store, and what a node agent needs beyond the API's verbs.
 */
export interface LocalApi {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** PEM of the CA that signed the server's certificate; what goes into `kube-root-ca.crt`. */
  readonly caCertificate: string;
  /** A kubeconfig of the cluster administrator, YAML text. */
  readonly kubeconfig: string;

  /** A client of the administrator; `fieldManager` is what its writes are recorded under. */
  client(fieldManager?: string): KubeClient;

  /** The present object, frozen; undefined when there is none. Synchronous, no copy. */
  read(resource: Resource, name: string, namespace?: string): Readonly<ApiObject> | undefined;
  /** All present objects of a kind (of one namespace), frozen, ordered by namespace and name. */
  readAll(resource: Resource, namespace?: string): readonly Readonly<ApiObject>[];
  /**
   * Calls back with ADDED for each present object, at once, and then with every change, in order, in the turn of the write. Nothing is
   * ever missed, so there is no relist. The callback must not throw and should only mark work (a queue key). Returns the unsubscribe function.
   */
  subscribe(
    resource: Resource,
    onChange: (change: ObjectChange) => void,
    options?: { namespace?: string },
  ): () => void;
  /** The resource that serves a kind (`apps/v1`, `Deployment`), custom ones included. */
  resourceOf(apiVersion: string, kind: string): Resource | undefined;

  /** A token for a pod's ServiceAccount, as TokenRequest gives it. Rejects with NotFound when the account is missing. */
  issueToken(namespace: string, serviceAccount: string, options?: TokenOptions): Promise<ServiceAccountToken>;

  /** Plugs in the node agent behind pods/log, exec, attach, portforward and proxy. */
  setNodeBackend(backend: NodeBackend): void;
  /** Plugs in how `clientConfig.service` of webhooks is reached. */
  setServiceResolver(resolve: ResolveService): void;

  /** Ends watches and connections and closes the port and the journal. */
  close(): Promise<void>;
}

export interface LocalApiOptions {
  /** 0 takes a free port. */
  readonly port?: number;
  /** Address to listen on, 127.0.0.1 unless told. */
  readonly host?: string;
  /** More DNS names or addresses for the certificate (the bridge address pods use). */
  readonly alternativeNames?: readonly string[];
  /** Folder of the journal and the keys; without it everything is gone at the end. */
  readonly dataDir?: string;
  /** First address range of Services, `10.96.0.0/16` unless told. */
  readonly serviceCidr?: string;
}
