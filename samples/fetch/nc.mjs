// netcat for machines and images that have none: nc.mjs [-z] [-v] [-w SECONDS] HOST PORT joins stdin and stdout to a TCP connection.
import { connect } from 'node:net';

const args = process.argv.slice(2);
const flags = new Set();
let timeoutMs = 0;
const rest = [];
for (let i = 0; i < args.length; i++) {
  if (args[i] === '-w') timeoutMs = Number(args[++i]) * 1000;
  else if (/^-w\d+$/.test(args[i])) timeoutMs = Number(args[i].slice(2)) * 1000;
  else if (/^-[a-zA-Z]+$/.test(args[i])) for (const letter of args[i].slice(1)) flags.add(letter);
  else rest.push(args[i]);
}
const [host, port] = rest;
if (port === undefined) {
  process.stderr.write('usage: nc [-z] [-v] [-w SECONDS] HOST PORT\n');
  process.exit(1);
}
const socket = connect({ host, port: Number(port), allowHalfOpen: true });
if (timeoutMs > 0) socket.setTimeout(timeoutMs, () => process.exit(socket.connecting ? 1 : 0));
socket.on('error', (error) => {
  process.stderr.write(`nc: ${host} ${port}: ${error.message}\n`);
  process.exit(1);
});
socket.on('connect', () => {
  if (flags.has('v')) process.stderr.write(`${host} ${port} open\n`);
  if (flags.has('z')) process.exit(0);
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
});
socket.on('end', () => process.exit(0));
