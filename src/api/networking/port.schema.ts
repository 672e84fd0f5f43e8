import { record, rules, type Schema, text, uint32 } from '../schema/schema.ts';

const protocolWords =
  'Protocol spoken on the port: HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, MONGO, TCP, TLS, MYSQL or REDIS; any case.';

/** A port of a service that a route or policy points at. */
export const portSelector: Schema = record(
  'PortSelector',
  'A service port, named by its number. Not needed when the service has only one port.',
  { number: uint32('Port number of the service.') },
);

/** A port on which a sidecar or a gateway listens, as Gateway and Sidecar write it. */
export const listenerPort: Schema = record('Port', 'The port to listen on.', {
  number: uint32('Port number, 1 to 65535; 0 goes with a Unix domain socket.'),
  protocol: text(protocolWords),
  name: text('Name of the port, a DNS label, unique in its object.'),
  targetPort: uint32('Not used here.'),
});

/** CEL rule of a number that must be a real port. */
export const realPort = rules(['0 < self && self <= 65535', 'must be a port number, 1 to 65535']);

/** A port of a ServiceEntry. */
export const servicePort: Schema = record(
  'ServicePort',
  'A port of the service.',
  {
    number: uint32('Port number clients call.', realPort),
    protocol: text(`${protocolWords} TLS routes by SNI without terminating.`, {
      maxLength: 256,
      fallback: 'TCP',
    }),
    name: text('Name of the port; endpoints map port names to numbers.', { maxLength: 256 }),
    targetPort: uint32('Port number at the endpoints.', { ...realPort, fallback: 'the value of number' }),
  },
  { required: ['number', 'name'] },
);
