// Answers each line with itself behind a prefix: tcp-echo.mjs 9000,9001 hello
import { createServer } from 'node:net';

const ports = (process.argv[2] ?? '9000').split(',').map(Number);
const prefix = process.argv[3] ?? 'echo';

for (const port of ports) {
  const server = createServer((socket) => {
    let pending = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop();
      for (const line of lines) socket.write(`${prefix} ${line}\n`);
    });
  });
  server.listen(port, () => process.stdout.write(`listening on port ${port}, prefix: ${prefix}\n`));
}
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
