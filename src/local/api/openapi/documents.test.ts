import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { ResourceRegistry } from '../resources/registry.ts';
import { OpenApiDocuments } from './documents.ts';

/** Type and body of the answer for `/openapi/v2` with this Accept header. */
function version2(accept: string): { type: unknown; body: string } {
  const request = new IncomingMessage(new Socket());
  request.headers.accept = accept;
  const response = new ServerResponse(request);
  let body = '';
  response.end = ((chunk: Buffer) => {
    body = chunk.toString();
    return response;
  }) as typeof response.end;
  new OpenApiDocuments(new ResourceRegistry([])).serve(
    request,
    response,
    '/openapi/v2',
    new URLSearchParams(),
  );
  return { type: response.getHeader('content-type'), body };
}

test('version 2 is JSON, and protobuf for those who ask for that', () => {
  const json = version2('application/json');
  assert.equal(json.type, 'application/json');
  assert.equal(JSON.parse(json.body).swagger, '2.0');
  // Field 1, length-delimited, three bytes.
  const protobuf = (spelling: string) => `application/com.github.proto-openapi.spec.${spelling}+protobuf`;
  for (const spelling of ['v2@v1.0', 'v2.v1.0'])
    assert.deepEqual(version2(protobuf(spelling)), { type: protobuf('v2.v1.0'), body: '\n\u00032.0' });
});
