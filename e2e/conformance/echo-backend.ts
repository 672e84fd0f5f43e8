import { createServer } from 'node:http';

/** An HTTP/1.1 backend in a process of its own: answers every request with its method, path and body. Argument: the port. */
const server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    if (request.url?.startsWith('/large/')) {
      const bytes = Number(request.url.slice('/large/'.length));
      response.writeHead(200, { 'content-length': String(bytes) });
      const chunk = Buffer.alloc(64 * 1024, 0x61);
      let left = bytes;
      const more = () => {
        while (left > 0) {
          const piece = chunk.subarray(0, Math.min(left, chunk.length));
          left -= piece.length;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
      return;
    }
    response.end(`${request.method} ${request.url} ${body.toString('latin1')}\n`);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
