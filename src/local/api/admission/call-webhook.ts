import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { ResolveService } from '../node-backend.ts';
import { asList, asObject, type Fields } from '../object.ts';
import type { WriteParameters } from '../request/request.ts';
import type { Subject } from './match-webhook.ts';
import type { Webhook } from './webhook.ts';

/** What a webhook decided. */
export interface Verdict {
  readonly allowed: boolean;
  readonly status: Fields | undefined;
  /** RFC 6902 operations. */
  readonly patch: unknown;
  readonly warnings: readonly string[];
}

/** Sends the AdmissionReview; rejects with a plain Error when the webhook cannot be reached or does not answer as it must. */
export async function callWebhook(
  webhook: Webhook,
  subject: Subject,
  parameters: WriteParameters,
  resolve: ResolveService,
): Promise<Verdict> {
  const uid = randomUUID();
  const review = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: reviewRequest(uid, subject, parameters),
  };
  const answer = asObject(JSON.parse(await post(webhook, JSON.stringify(review), resolve)));
  const response = asObject(answer?.['response']);
  if (response === undefined) throw new Error('webhook response did not contain a response');
  if (response['uid'] !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'])}`);
  return {
    allowed: response['allowed'] === true,
    status: asObject(response['status']),
    patch: readPatch(response),
    warnings: asList(response['warnings']) as string[],
  };
}

function readPatch(response: Fields): unknown {
  const patch = response['patch'];
  if (typeof patch !== 'string' || patch === '') return undefined;
  if (response['patchType'] !== 'JSONPatch')
    throw new Error('webhook returned response.patch but not response.patchType');
  return JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
}

/** The `request` of an AdmissionReview. */
export function reviewRequest(uid: string, subject: Subject, parameters: WriteParameters): Fields {
  const { request, operation, object, old } = subject;
  const { resource, subresource, namespace, user } = request;
  const { group, version } = resource;
  const kind = { group, version, kind: resource.kind };
  const what = { group, version, resource: resource.plural };
  const name = request.name ?? object?.metadata.name ?? old?.metadata.name;
  return {
    uid,
    kind,
    resource: what,
    ...(subresource === undefined ? {} : { subResource: subresource }),
    requestKind: kind,
    requestResource: what,
    ...(subresource === undefined ? {} : { requestSubResource: subresource }),
    ...(name ? { name } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    operation,
    userInfo: {
      username: user.username,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      groups: user.groups,
    },
    object: object ?? null,
    oldObject: old ?? null,
    dryRun: parameters.dryRun,
    options: {
      kind: `${operation === 'CREATE' ? 'Create' : operation === 'DELETE' ? 'Delete' : 'Update'}Options`,
      apiVersion: 'meta.k8s.io/v1',
    },
  };
}

interface Destination {
  readonly url: URL;
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}

async function destinationOf(webhook: Webhook, resolve: ResolveService): Promise<Destination> {
  const { url, service } = webhook.client;
  if (service === undefined) {
    const parsed = new URL(url ?? '');
    const port = Number(parsed.port || (parsed.protocol === 'http:' ? 80 : 443));
    return { url: parsed, host: parsed.hostname.replace(/^\[|\]$/g, ''), port, serverName: parsed.hostname };
  }
  const { namespace, name, path, port } = service;
  const found = await resolve(namespace, name, port);
  if (found === undefined) {
    throw new Error(
      `no endpoints available for service ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)}`,
    );
  }
  const serverName = `${name}.${namespace}.svc`;
  return {
    url: new URL(path, `https://${serverName}:${port}`),
    host: found.host,
    port: found.port,
    serverName,
  };
}

const maxAnswerBytes = 4 * 1024 * 1024;

async function post(webhook: Webhook, body: string, resolve: ResolveService): Promise<string> {
  const { url, host, port, serverName } = await destinationOf(webhook, resolve);
  const query = url.search === '' ? '?' : `${url.search}&`;
  const options: https.RequestOptions = {
    method: 'POST',
    host,
    port,
    path: `${url.pathname}${query}timeout=${webhook.timeoutMs / 1000}s`,
    servername: /^[\d.:]+$/.test(serverName) ? '' : serverName,
    ...(webhook.client.caBundle === undefined ? {} : { ca: webhook.client.caBundle }),
    headers: {
      Host: url.host,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      Accept: 'application/json',
    },
    signal: AbortSignal.timeout(webhook.timeoutMs),
    agent: url.protocol === 'http:' ? plainAgent : agentFor(webhook),
  };
  return new Promise((done, fail) => {
    const request = (url.protocol === 'http:' ? http : https).request(options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxAnswerBytes) request.destroy(new Error('the answer is larger than 4 MiB'));
        chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode !== 200)
          fail(new Error(`the server answered ${response.statusCode}: ${text.slice(0, 200)}`));
        else done(text);
      });
    });
    request.on('error', (error) => {
      const timedOut = error.name === 'AbortError' || error.name === 'TimeoutError';
      fail(timedOut ? new Error('context deadline exceeded') : error);
    });
    request.end(body);
  });
}

const plainAgent = new http.Agent({ keepAlive: true });
const agents = new Map<string, https.Agent>();

/** Connections are kept per configuration's CA: what one CA vouched for is not reused under another. */
function agentFor(webhook: Webhook): https.Agent {
  const key = webhook.client.caBundle ?? '';
  let agent = agents.get(key);
  if (agent === undefined) {
    if (agents.size > 100) agents.clear();
    agent = new https.Agent({ keepAlive: true, maxSockets: 16, timeout: 30_000 });
    agents.set(key, agent);
  }
  return agent;
}
