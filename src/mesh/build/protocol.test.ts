import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portProtocol } from './protocol.ts';

test('appProtocol beats the port name, the name beats detection, server-first ports are not detected', () => {
  const rows: [Parameters<typeof portProtocol>[0], string][] = [
    [{ name: 'http', port: 80 }, 'http'],
    [{ name: 'http-web', port: 80 }, 'http'],
    [{ name: 'httpbin', port: 80 }, 'auto'],
    [{ name: 'HTTP2-x', port: 80 }, 'http2'],
    [{ name: 'grpc', port: 80 }, 'grpc'],
    [{ name: 'grpc-web', port: 80 }, 'grpc-web'],
    [{ name: 'grpc-web-x', port: 80 }, 'grpc-web'],
    [{ name: 'mysql', port: 3306 }, 'tcp'],
    [{ name: 'tls-x', port: 443 }, 'tls'],
    [{ name: 'https', port: 443 }, 'https'],
    [{ name: 'web', port: 80, appProtocol: 'http' }, 'http'],
    [{ name: 'tcp', port: 80, appProtocol: 'grpc' }, 'grpc'],
    [{ name: 'web', port: 80, appProtocol: 'kubernetes.io/h2c' }, 'http2'],
    [{ name: 'http', port: 80, appProtocol: 'example.com/custom' }, 'http'],
    [{ name: 'web', port: 3306 }, 'tcp'],
    [{ name: 'smtp', port: 25 }, 'tcp'],
    [{ port: 8080 }, 'auto'],
    [{ name: 'http', port: 80, protocol: 'UDP' }, 'udp'],
  ];
  for (const [port, protocol] of rows) assert.equal(portProtocol(port), protocol, JSON.stringify(port));
});
