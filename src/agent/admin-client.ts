import { request } from 'node:http';

export interface AdminResponse {
  readonly status: number;
  readonly body: string;
}

/** Calls the proxy's admin page on loopback. Rejects when nothing listens or the answer takes longer than `timeoutMs`. */
export function callAdmin(
  port: number,
  method: string,
  path: string,
  timeoutMs = 2000,
): Promise<AdminResponse> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, method, path, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', reject);
    });
    call.on('timeout', () =>
      call.destroy(new Error(`the proxy's admin page on port ${port} did not answer within ${timeoutMs} ms`)),
    );
    call.on('error', reject);
    call.end();
  });
}
