import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseYaml } from '../../../base/yaml.ts';
import type { ApiCore } from '../core.ts';
import type { UserInfo } from '../local-api.ts';
import { type ApiObject, asObject, at, type Fields } from '../object.ts';
import { decodeProtobuf } from '../protobuf/decode-object.ts';
import { patchContentTypes, readApplyBody, unsupportedPatch } from '../request/patch.ts';
import { listEntries } from '../request/read.ts';
import type { ApiRequest, RequestBody } from '../request/request.ts';
import * as verbs from '../request/verbs.ts';
import { isTrue } from '../request/watch.ts';
import type { Written } from '../request/write.ts';
import type { ApiResource } from '../resources/resource.ts';
import { viewOf } from '../resources/version.ts';
import { badRequest, forbidden, methodNotSupported, StatusError } from '../status.ts';
import { partialMetadata, tableOf } from '../table/render.ts';
import { negotiate, type Representation } from './negotiate.ts';
import type { ResourcePath } from './path.ts';
import { sendJson, sendText, setWarnings } from './reply.ts';
import { streamWatch } from './watch-stream.ts';

const maxBodyBytes = 3 * 1024 * 1024;

export interface HttpCall {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: ResourcePath;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly user: UserInfo;
}

/** Subresources that stream or leave the API server, handled elsewhere. */
export const streamedSubresources = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/** Serves one call on a resource: the HTTP side of request/verbs.ts. */
export async function serveResource(core: ApiCore, call: HttpCall): Promise<void> {
  const { req, path, query, user } = call;
  const request: ApiRequest = {
    resource: path.resource,
    ...(path.namespace === undefined ? {} : { namespace: path.namespace }),
    ...(path.name === undefined ? {} : { name: path.name }),
    ...(path.subresource === undefined ? {} : { subresource: path.subresource }),
    user,
    query,
    userAgent: req.headers['user-agent'] ?? '',
    warnings: path.resource.deprecation === undefined ? [] : [path.resource.deprecation],
  };
  const verb = verbOf(req.method ?? '', path, query);
  if (!supports(path, verb)) throw methodNotSupported();
  authorize(core, request, verb);
  const isReview = !path.resource.verbs.includes('get');
  const form = negotiate(req.headers.accept, query, { transforms: !isReview });
  await run(core, call, request, verb, form);
}

type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

function verbOf(method: string, path: ResourcePath, query: HttpCall['query']): Verb {
  const watching = path.watch || isTrue(query['watch']);
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (watching) return 'watch';
      return path.name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return path.name === undefined ? 'deletecollection' : 'delete';
    default:
      throw methodNotSupported();
  }
}

function supports(path: ResourcePath, verb: Verb): boolean {
  const { resource, name, subresource } = path;
  if (subresource === undefined) {
    const needsName = ['get', 'update', 'patch', 'delete'].includes(verb);
    if (needsName && name === undefined) return false;
    const { namespaced } = resource;
    if (namespaced && path.namespace === undefined && !['list', 'watch'].includes(verb)) {
      return verb === 'create' && !resource.verbs.includes('get');
    }
    return resource.verbs.includes(verb);
  }
  if (['binding', 'eviction', 'token'].includes(subresource)) return verb === 'create';
  if (subresource === 'finalize') return verb === 'update';
  return ['get', 'update', 'patch'].includes(verb);
}

function authorize(core: ApiCore, request: ApiRequest, verb: Verb): void {
  const { resource, subresource, namespace, user } = request;
  const name = request.name ?? selectedName(request.query['fieldSelector']);
  const what = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const allowed = core.authorizer.allows(user, {
    verb,
    group: resource.group,
    resource: what,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  });
  if (allowed) return;
  const where =
    namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  throw forbidden(
    resource,
    name ?? '',
    `User ${JSON.stringify(user.username)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(resource.group)} ${where}`,
  );
}

/** A list or watch of exactly one name is authorized as a request for that object, as kube-apiserver's RequestInfo has it. */
function selectedName(fieldSelector: string | undefined): string | undefined {
  return /^metadata\.name={1,2}([^,!=]+)$/.exec(fieldSelector ?? '')?.[1];
}

async function run(
  core: ApiCore,
  call: HttpCall,
  request: ApiRequest,
  verb: Verb,
  form: Representation,
): Promise<void> {
  const { req, res } = call;
  const name = request.name ?? '';
  switch (verb) {
    case 'watch':
      streamWatch(core, request, form, res);
      return;
    case 'list':
      return sendList(core, request, form, res);
    case 'get':
      return sendWritten(core, request, form, res, 200, verbs.get(core, request, name));
    case 'create': {
      const body = await readBody(req);
      const answer =
        request.subresource === 'token'
          ? { code: 201, written: { object: issueToken(core, request, body), created: true } }
          : await verbs.post(core, request, body);
      return sendWritten(core, request, form, res, answer.code, answer.written);
    }
    case 'update': {
      const answer = await verbs.put(core, request, name, await readBody(req));
      return sendWritten(core, request, form, res, answer.code, answer.written);
    }
    case 'patch': {
      const answer = await runPatch(core, request, req);
      return sendWritten(core, request, form, res, answer.code, answer.written);
    }
    case 'delete': {
      const { removed, answer } = await verbs.remove(core, request, name, (await readBody(req, true)).value);
      if (answer === undefined)
        return sendWritten(core, request, form, res, 200, { object: removed.object, created: false });
      return sendJson(res, 200, answer, form);
    }
    case 'deletecollection': {
      const items = await verbs.removeCollection(core, request, (await readBody(req, true)).value);
      const head = verbs.listHead(request, { revision: core.store.revision });
      return sendJson(res, 200, { ...head, items }, form);
    }
  }
}

async function runPatch(core: ApiCore, request: ApiRequest, req: IncomingMessage): Promise<verbs.Answer> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const kind = patchContentTypes[type];
  if (kind === undefined) throw unsupportedPatch();
  const text = await readText(req);
  const value = kind === 'apply' ? readApplyBody(text) : parseJson(text);
  const isJson = kind !== 'apply' || text.trimStart().startsWith('{');
  return verbs.patch(core, request, request.name ?? '', kind, isJson ? { text, value } : { value });
}

function issueToken(core: ApiCore, request: ApiRequest, body: RequestBody): ApiObject {
  const review = asObject(body.value) ?? {};
  const spec = asObject(review['spec']) ?? {};
  const bound = asObject(spec['boundObjectRef']);
  const { token, expirationTimestamp } = core.authenticator.issue(
    request.namespace ?? '',
    request.name ?? '',
    {
      audiences: (spec['audiences'] as string[] | undefined) ?? [],
      expirationSeconds: Number(spec['expirationSeconds'] ?? 3600),
      ...(bound?.['kind'] === 'Pod'
        ? {
            pod: {
              name: String(bound['name']),
              uid: String(bound['uid'] ?? podUid(core, request, bound['name'])),
            },
          }
        : {}),
    },
  );
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: request.name ?? '', namespace: request.namespace ?? '' },
    spec: { audiences: core.authenticator.audiences, expirationSeconds: 3600, ...spec },
    status: { token, expirationTimestamp },
  };
}

function podUid(core: ApiCore, request: ApiRequest, name: unknown): unknown {
  return core.store.table('/pods').get(`${request.namespace}/${name}`)?.object.metadata.uid;
}

function sendWritten(
  core: ApiCore,
  request: ApiRequest,
  form: Representation,
  res: ServerResponse,
  code: number,
  { object, entry }: Written,
): void {
  setWarnings(res, request.warnings);
  if (
    form.kind === 'object' &&
    !form.yaml &&
    !form.pretty &&
    entry !== undefined &&
    entry.object === object
  ) {
    return sendText(res, code, entry.json);
  }
  sendJson(res, code, transformed(core, request, form, object), form);
}

function transformed(
  core: ApiCore,
  request: ApiRequest,
  form: Representation,
  object: Readonly<ApiObject>,
): unknown {
  if (form.kind === 'object' || object.kind === 'Status') return object;
  if (form.kind === 'partial') return partialMetadata(object);
  const meta = { resourceVersion: object.metadata.resourceVersion };
  return tableOf(request.resource, [object], meta, form.include, core.clock.now());
}

function sendList(core: ApiCore, request: ApiRequest, form: Representation, res: ServerResponse): void {
  const page = listEntries(core, request);
  const head = verbs.listHead(request, page);
  setWarnings(res, request.warnings);
  if (form.kind === 'object' && !form.yaml && !form.pretty) {
    const items = page.entries.map((entry) => {
      const object = viewOf(request.resource, entry.object);
      if (object !== entry.object) return JSON.stringify(itemOf(request.resource, object));
      return request.resource.custom ? entry.json : entry.itemJson;
    });
    return sendText(res, 200, `${JSON.stringify(head).slice(0, -1)},"items":[${items.join(',')}]}\n`);
  }
  const objects = page.entries.map((entry) => viewOf(request.resource, entry.object));
  if (form.kind === 'table') {
    const table = tableOf(
      request.resource,
      objects,
      asObject(head['metadata']) ?? {},
      form.include,
      core.clock.now(),
    );
    return sendJson(res, 200, table, form);
  }
  const partial = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' };
  const items =
    form.kind === 'partial'
      ? objects.map(partialMetadata)
      : objects.map((object) => itemOf(request.resource, object));
  sendJson(res, 200, { ...head, ...(form.kind === 'partial' ? partial : {}), items }, form);
}

/** An item of a list: built-in kinds leave apiVersion and kind to the list, as Kubernetes does. */
function itemOf(resource: ApiResource, object: Readonly<ApiObject>): Fields {
  if (resource.custom) return object as unknown as Fields;
  const { apiVersion: _version, kind: _kind, ...rest } = object;
  return rest;
}

/** Reads a JSON or YAML body. */
export async function readBody(req: IncomingMessage, optional = false): Promise<RequestBody> {
  const type = (req.headers['content-type'] ?? 'application/json').split(';')[0]?.trim();
  if (type === 'application/vnd.kubernetes.protobuf') return { value: decodeProtobuf(await readBytes(req)) };
  const text = await readText(req);
  if (text === '' && optional) return { value: undefined };
  if (type === 'application/yaml' || type === 'application/x-yaml') return { value: readApplyBody(text) };
  if (
    type !== 'application/json' &&
    type !== '*/*' &&
    type !== 'application/octet-stream' &&
    type !== 'application/x-www-form-urlencoded'
  ) {
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml',
    );
  }
  return { text, value: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (looksLikeYaml(text)) return parseYaml(text);
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
}

/** Callers that send YAML as JSON are understood, as Kubernetes understands them. */
function looksLikeYaml(text: string): boolean {
  try {
    return at(parseYaml(text), 'kind') !== undefined;
  } catch {
    return false;
  }
}

async function readText(req: IncomingMessage): Promise<string> {
  return (await readBytes(req)).toString('utf8');
}

async function readBytes(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) {
      throw new StatusError(
        413,
        'RequestEntityTooLarge',
        `Request entity too large: limit is ${maxBodyBytes}`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
