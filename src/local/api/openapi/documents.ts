import type { IncomingMessage, ServerResponse } from 'node:http';
import { sha256Hex } from '../../../base/hash.ts';
import { groupsOf } from '../discovery/discovery.ts';
import { sendText } from '../http/reply.ts';
import type { Fields } from '../object.ts';
import type { ResourceRegistry } from '../resources/registry.ts';
import type { ApiResource } from '../resources/resource.ts';
import type { Schema } from '../schema/schema.ts';
import { pathNotFound } from '../status.ts';
import { resourcePaths } from './paths.ts';
import { type PublishTarget, publishSchema } from './publish-schema.ts';

/** What clients that know only the protobuf form of version 2 ask for: kubectl, when it is given a List. */
const protobufTypes = /^application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/;
/** The valid one of its two spellings, which answers carry. */
const protobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/**
 * The protobuf form: a document (gnostic's `openapi.v2.Document`) of field 1, `swagger: "2.0"`, and no definitions. Such clients skip
 * their own checks of kinds without a definition, and the server's, which are strict, decide.
 */
const protobufDocument = '\u000a\u00032.0';

interface Cached {
  readonly text: string;
  readonly hash: string;
}

/** `/openapi/v2` and `/openapi/v3`, made from the served resources on demand and kept until they change. */
export class OpenApiDocuments {
  readonly #registry: ResourceRegistry;
  readonly #cache = new Map<string, Cached>();
  #generation = -1;

  constructor(registry: ResourceRegistry) {
    this.#registry = registry;
  }

  serve(req: IncomingMessage, res: ServerResponse, path: string, _query: URLSearchParams): void {
    if (path === '/openapi/v2') {
      res.setHeader('Vary', 'Accept');
      if (protobufTypes.test(req.headers.accept ?? ''))
        return sendText(res, 200, protobufDocument, protobufType);
    }
    const document = this.#document(path);
    if (document === undefined) throw pathNotFound();
    const etag = `"${document.hash}"`;
    res.setHeader('Etag', etag);
    res.setHeader('Cache-Control', path === '/openapi/v3' ? 'no-cache, private' : 'public, immutable');
    if (req.headers['if-none-match'] === etag) {
      res.writeHead(304);
      res.end();
      return;
    }
    sendText(res, 200, document.text);
  }

  #document(path: string): Cached | undefined {
    if (this.#generation !== this.#registry.generation) {
      this.#cache.clear();
      this.#generation = this.#registry.generation;
    }
    let cached = this.#cache.get(path);
    if (cached !== undefined) return cached;
    const value = this.#make(path);
    if (value === undefined) return undefined;
    const text = JSON.stringify(value);
    cached = { text, hash: sha256Hex(text, 32).toUpperCase() };
    this.#cache.set(path, cached);
    return cached;
  }

  #make(path: string): Fields | undefined {
    if (path === '/openapi/v2') return this.#version2();
    if (path === '/openapi/v3') return this.#index();
    const match = /^\/openapi\/v3\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path);
    if (match === null) return undefined;
    const resources = this.#of(match[1] ?? '', match[2] as string);
    return resources.length === 0 ? undefined : version3(resources);
  }

  #of(group: string, version: string): ApiResource[] {
    return this.#registry.all().filter((one) => one.group === group && one.version === version);
  }

  #index(): Fields {
    const paths: Fields = {};
    for (const { name, versions } of groupsOf(this.#registry)) {
      for (const version of versions) {
        const path = name === '' ? `api/${version}` : `apis/${name}/${version}`;
        const document = this.#document(`/openapi/v3/${path}`);
        paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${document?.hash}` };
      }
    }
    return { paths };
  }

  #version2(): Fields {
    const collected = collector('#/definitions/', false);
    const paths: Fields = {};
    for (const resource of this.#registry.all()) {
      Object.assign(paths, resourcePaths(resource, collected.root(resource), false));
    }
    return {
      swagger: '2.0',
      info: { title: 'Kubernetes', version: 'v1.36.3' },
      paths,
      definitions: collected.definitions(),
    };
  }
}

function version3(resources: readonly ApiResource[]): Fields {
  const collected = collector('#/components/schemas/', true);
  const paths: Fields = {};
  for (const resource of resources) {
    Object.assign(paths, resourcePaths(resource, collected.root(resource), true));
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.3' },
    paths,
    components: { schemas: collected.definitions() },
  };
}

/** Gathers the types that a document uses, each published once. */
function collector(prefix: string, v3: boolean) {
  const definitions: Fields = {};
  const pending: Schema[] = [];
  const seen = new Set<string>();
  const target: PublishTarget = {
    prefix,
    v3,
    use: (schema) => {
      if (seen.has(schema.name as string)) return;
      seen.add(schema.name as string);
      pending.push(schema);
    },
  };
  const root = (resource: ApiResource): string => {
    const name = resource.schema.name ?? customName(resource);
    definitions[name] = {
      ...publishSchema(resource.schema, target, true),
      'x-kubernetes-group-version-kind': [
        { group: resource.group, kind: resource.kind, version: resource.version },
      ],
    };
    seen.add(name);
    return `${prefix}${name}`;
  };
  return {
    root,
    definitions: () => {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        definitions[next.name as string] ??= publishSchema(
          { ...next, default: undefined } as Schema,
          target,
          true,
        );
      }
      return definitions;
    },
  };
}

/** Custom kinds are published under their group with its labels turned round: `com.example.v1.Widget`. */
function customName(resource: ApiResource): string {
  return `${resource.group.split('.').reverse().join('.')}.${resource.version}.${resource.kind}`;
}
