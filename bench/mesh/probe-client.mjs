// Runs inside an application container: for each number on stdin, asks the service through the sidecar until it answers with that number,
// then prints the number and when (milliseconds since the epoch). One kept-alive connection, one request at a time.
import http from 'node:http';
import { createInterface } from 'node:readline';

const url = process.argv.at(-1);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const now = () => performance.timeOrigin + performance.now();

function ask() {
  return new Promise((resolve) => {
    const call = http.get(url, { agent }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve(body));
    });
    call.on('error', () => resolve(''));
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const deadline = Date.now() + 10_000;
  let seen = '';
  while (seen !== line && Date.now() < deadline) {
    seen = await ask();
    if (seen !== line) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  process.stdout.write(`${line} ${seen === line ? now().toFixed(2) : 'timeout'}\n`);
}
process.exit(0);
