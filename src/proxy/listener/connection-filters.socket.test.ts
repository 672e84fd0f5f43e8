import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Address } from '../network/address.ts';
import type { ConnectionHandler, DownstreamConnection, NetworkFilter } from '../network/network-filter.ts';
import { Connection, ConnectionInfo } from './connection.ts';
import type { FilterChainConfig } from './listener-config.ts';

/** What reached the end of a chain of these filters when a client sent two pieces. */
async function deliver(filters: NetworkFilter[]): Promise<string> {
  let received = '';
  const handler: ConnectionHandler = {
    onData(chunk) {
      received += chunk.toString();
    },
    onEnd() {},
    onClose() {},
    onWritable() {},
    drain() {},
    active: 0,
  };
  const chain = {
    bufferLimitBytes: 65_536,
    filters: filters.map((filter) => ({ name: 'f', create: () => filter })),
    terminal: { name: 't', start: () => handler },
    onFault: (thrown: unknown) => assert.ifError(thrown),
  } as unknown as FilterChainConfig;
  const server = createServer((socket) => {
    const address = Address.ip('127.0.0.1', 1);
    new Connection(socket, new ConnectionInfo(address, address), chain, () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as { port: number }).port, '127.0.0.1');
  client.on('error', () => {});
  client.write('one ');
  await pause(50);
  client.write('two');
  await pause(100);
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  return received;
}

const refusing: NetworkFilter = {
  onData(connection) {
    connection.close('no');
    return 'stop';
  },
};

function waiting(ms: number): NetworkFilter {
  let asked = false;
  return {
    onData(connection: DownstreamConnection) {
      if (asked) return 'continue';
      asked = true;
      setTimeout(() => connection.continueReading(), ms);
      return 'stop';
    },
  };
}

test('nothing of a refused connection reaches the end of the chain', async () => {
  assert.equal(await deliver([refusing]), '');
});

test('a filter after one that waited still sees the bytes that waited', async () => {
  assert.equal(await deliver([waiting(10), refusing]), '');
  assert.equal(await deliver([waiting(10), waiting(10)]), 'one two');
  assert.equal(await deliver([waiting(80)]), 'one two');
});
