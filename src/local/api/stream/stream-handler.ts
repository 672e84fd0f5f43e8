import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { type Duplex, Writable } from 'node:stream';
import type { ApiCore } from '../core.ts';
import type { StreamCall, StreamHandler } from '../http/server.ts';
import type { LogOptions, NodeBackend, PodRef, ResolveService } from '../node-backend.ts';
import { type ApiObject, asList, at, type Fields } from '../object.ts';
import { badRequest, forbidden, notFound, StatusError } from '../status.ts';
import { servePortForward } from './port-forward.ts';
import { serveCommand } from './remote-command.ts';

/** pods/log, exec, attach, portforward and proxy: looks the pod up, checks the caller, and passes the call to the node agent. */
export class PodStreams implements StreamHandler {
  backend: NodeBackend | undefined;
  resolveService: ResolveService = async () => undefined;
  readonly #core: ApiCore;

  constructor(core: ApiCore) {
    this.#core = core;
  }

  async request(req: IncomingMessage, res: ServerResponse, call: StreamCall): Promise<void> {
    this.#authorize(call, (req.method ?? 'GET') === 'GET' ? 'get' : 'create');
    const { subresource } = call.path;
    if (subresource === 'log') return this.#log(res, call);
    if (subresource === 'proxy') return this.#proxy(req, res, call);
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr, and use an Upgrade request');
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, call: StreamCall): void {
    this.#authorize(call, 'create');
    const backend = this.#backend();
    const pod = this.#pod(call);
    const ref = refOf(pod);
    const { query } = call;
    if (call.path.subresource === 'portforward') {
      const ports = query
        .getAll('ports')
        .flatMap((text) => text.split(','))
        .map(Number);
      return servePortForward(req, socket, head, ports, (port) => backend.connect(ref, port));
    }
    const container = containerOf(pod, query.get('container'));
    const flag = (name: string) => query.get(name) === 'true' || query.get(name) === '1';
    const options = {
      stdin: flag('stdin'),
      stdout: flag('stdout'),
      stderr: flag('stderr'),
      tty: flag('tty'),
    };
    if (call.path.subresource === 'attach') {
      return serveCommand(req, socket, head, options, (streams) => backend.attach(ref, container, streams));
    }
    if (call.path.subresource !== 'exec') throw badRequest('this resource does not take an Upgrade request');
    const command = query.getAll('command');
    if (command.length === 0) throw badRequest('you must specify at least one command for the container');
    serveCommand(req, socket, head, options, (streams) => backend.exec(ref, container, command, streams));
  }

  async #log(res: ServerResponse, call: StreamCall): Promise<void> {
    const backend = this.#backend();
    const pod = this.#pod(call);
    const container = containerOf(pod, call.query.get('container'));
    const abort = new AbortController();
    res.on('close', () => abort.abort());
    const begin = () => {
      if (!res.headersSent) res.writeHead(200, { 'Content-Type': 'text/plain' });
    };
    const out = new Writable({
      write(chunk: Buffer, _encoding, done) {
        begin();
        if (res.destroyed) done();
        else res.write(chunk, () => done());
      },
    });
    const options = logOptions(call.query, this.#core.clock.now());
    // A follower must see that it is connected before the first line comes.
    if (options.follow) {
      begin();
      res.flushHeaders();
    }
    await backend.logs(refOf(pod), container, options, out, abort.signal);
    begin();
    res.end();
  }

  /** `pods/NAME:PORT/proxy/PATH` and `services/NAME:PORT/proxy/PATH`: an HTTP request into the pod. */
  async #proxy(req: IncomingMessage, res: ServerResponse, call: StreamCall): Promise<void> {
    const { path } = call;
    const [name = '', port] = splitPort(path.name ?? '');
    const socket =
      path.resource.plural === 'services'
        ? await this.#serviceSocket(path.namespace ?? '', name, port)
        : await this.#podSocket(call, name, port);
    await forward(req, res, socket, `/${path.rest ?? ''}${call.query.size === 0 ? '' : `?${call.query}`}`);
  }

  #podSocket(call: StreamCall, name: string, port: string | undefined): Promise<Duplex> {
    const pod = this.#pod({ ...call, path: { ...call.path, name } });
    const [container] = asList(at(pod, 'spec', 'containers')) as Fields[];
    const first = (asList(container?.['ports']) as Fields[])[0]?.['containerPort'];
    return this.#backend().connect(refOf(pod), Number(port ?? first ?? 80));
  }

  async #serviceSocket(namespace: string, name: string, port: string | undefined): Promise<Duplex> {
    const service = this.#core.store.table('/services').get(`${namespace}/${name}`)?.object;
    if (service === undefined) throw notFound({ group: '', plural: 'services' }, name);
    const ports = asList(at(service, 'spec', 'ports')) as Fields[];
    const wanted = ports.find(
      (one) => port === undefined || one['name'] === port || String(one['port']) === port,
    );
    const found = wanted && (await this.resolveService(namespace, name, Number(wanted['port'])));
    if (found === undefined) {
      throw new StatusError(
        503,
        'ServiceUnavailable',
        `no endpoints available for service ${JSON.stringify(name)}`,
      );
    }
    return connectTcp(found.port, found.host);
  }

  #pod({ path }: StreamCall): Readonly<ApiObject> {
    const pod = this.#core.store.table('/pods').get(`${path.namespace}/${path.name}`)?.object;
    if (pod === undefined) throw notFound({ group: '', plural: 'pods' }, path.name ?? '');
    return pod;
  }

  #backend(): NodeBackend {
    if (this.backend !== undefined) return this.backend;
    throw new StatusError(
      501,
      'NotImplemented',
      'this API server runs without a node (--api-only): there are no containers to reach',
    );
  }

  #authorize({ path, user }: StreamCall, verb: string): void {
    const resource = `${path.resource.plural}/${path.subresource}`;
    const { namespace, name } = path;
    const allowed = this.#core.authorizer.allows(user, {
      verb,
      group: '',
      resource,
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
    });
    if (allowed) return;
    const who = `User ${JSON.stringify(user.username)} cannot ${verb} resource ${JSON.stringify(resource)}`;
    throw forbidden(
      path.resource,
      name ?? '',
      `${who} in API group "" in the namespace ${JSON.stringify(namespace)}`,
    );
  }
}

function refOf(pod: Readonly<ApiObject>): PodRef {
  const { namespace = '', name, uid = '' } = pod.metadata;
  return { namespace, name, uid };
}

function splitPort(name: string): [string, string | undefined] {
  const parts = name.replace(/^https?:/, '').split(':');
  return [parts[0] ?? '', parts[1]];
}

/** The container asked for, or the default one; a 400 when there is a choice and nobody made it. */
function containerOf(pod: Readonly<ApiObject>, wanted: string | null): string {
  const names = (field: string) =>
    (asList(at(pod, 'spec', field)) as Fields[]).map((one) => String(one['name']));
  const containers = names('containers');
  const all = [...containers, ...names('initContainers'), ...names('ephemeralContainers')];
  if (wanted !== null && wanted !== '') {
    if (all.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
  }
  const preferred = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (preferred !== undefined && containers.includes(preferred)) return preferred;
  if (containers.length === 1) return containers[0] as string;
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${containers.join(' ')}]`,
  );
}

function logOptions(query: URLSearchParams, now: number): LogOptions {
  const flag = (name: string) => query.get(name) === 'true';
  const number = (name: string) => (query.get(name) === null ? undefined : Number(query.get(name)));
  const seconds = number('sinceSeconds');
  const since = query.get('sinceTime');
  const sinceMs =
    since !== null ? Date.parse(since) : seconds === undefined ? undefined : now - seconds * 1000;
  const tailLines = number('tailLines');
  const limitBytes = number('limitBytes');
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}

/** Sends the request through a socket that is already connected and the answer back. */
function forward(req: IncomingMessage, res: ServerResponse, socket: Duplex, path: string): Promise<void> {
  const { authorization: _token, ...headers } = req.headers;
  return new Promise((resolve) => {
    const failed = (error: Error) => {
      if (!res.headersSent) res.writeHead(502, { 'Content-Type': 'text/plain' });
      res.end(`error trying to reach the pod: ${error.message}\n`);
      resolve();
    };
    socket.on('error', failed);
    const out = http.request(
      {
        method: req.method,
        path,
        headers: { ...headers, connection: 'close' },
        createConnection: () => socket as never,
      },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res).on('close', resolve);
      },
    );
    out.on('error', failed);
    req.pipe(out);
  });
}
