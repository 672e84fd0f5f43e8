// Lets connections made on a unix socket come out inside a network namespace: each begins with a port number and a line end, is
// answered with "ok" or the reason, and is then that TCP connection. Ends when unused for a minute.
import { connect, createServer } from 'node:net';

const path = process.argv[2];
const idleMs = 60_000;
let open = 0;
let idle = setTimeout(() => process.exit(0), idleMs);

const server = createServer({ allowHalfOpen: true }, (client) => {
  clearTimeout(idle);
  open++;
  client.on('error', () => client.destroy());
  client.on('close', () => {
    open--;
    if (open === 0) idle = setTimeout(() => process.exit(0), idleMs);
  });
  let head = Buffer.alloc(0);
  const onData = (chunk) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(10);
    if (end < 0) return;
    client.off('data', onData);
    client.pause();
    const rest = head.subarray(end + 1);
    if (rest.length > 0) client.unshift(rest);
    splice(client, Number(head.toString('latin1', 0, end)));
  };
  client.on('data', onData);
});

function splice(client, port) {
  const upstream = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  upstream.once('connect', () => {
    client.write('ok\n');
    client.pipe(upstream);
    upstream.pipe(client);
  });
  upstream.once('error', (error) => {
    client.end(`${error.message}\n`);
    upstream.destroy();
  });
  client.once('close', () => upstream.destroy());
  upstream.once('close', () => client.destroySoon());
}

server.listen(path, () => process.stdout.write('listening\n'));
