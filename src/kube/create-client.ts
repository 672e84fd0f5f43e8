import type { ConnectionOptions } from './connection.ts';
import { connect } from './connection.ts';
import type { HttpClientOptions } from './http-client.ts';
import { HttpKubeClient } from './http-client.ts';

export type ClientOptions = ConnectionOptions &
  HttpClientOptions & {
    /** `--as` of istioctl. */
    readonly as?: string;
  };

/** A client for the cluster that `connect` finds, and the namespace its kubeconfig context or pod is in. */
export async function createClient(
  options: ClientOptions = {},
): Promise<HttpKubeClient & { readonly defaultNamespace: string }> {
  const connection = await connect(options);
  const headers = { ...options.headers, ...(options.as !== undefined && { 'impersonate-user': options.as }) };
  const client = new HttpKubeClient(connection, { ...options, headers });
  return Object.assign(client, { defaultNamespace: connection.namespace });
}
