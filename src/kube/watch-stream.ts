import type { Readable } from 'node:stream';
import type { WatchEvent } from './client.ts';
import { apiErrorOf } from './status-error.ts';

/**
 * Reads newline-separated watch events until the stream ends. An ERROR event (410 Gone above all) rejects with the Status it carries.
 */
export function readWatchStream(stream: Readable, onEvent: (event: WatchEvent) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = '';
    const take = (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') deliver(line, onEvent);
    };
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      try {
        take(chunk);
      } catch (failure) {
        reject(failure);
        stream.destroy();
      }
    });
    stream.once('end', resolve);
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('connection closed in the middle of a watch')));
  });
}

function deliver(line: string, onEvent: (event: WatchEvent) => void): void {
  const event = JSON.parse(line) as WatchEvent;
  if (event.type !== 'ERROR') {
    onEvent(event);
    return;
  }
  const status = event.object as unknown as { code?: number };
  throw apiErrorOf(status.code ?? 500, JSON.stringify(status), 'watch');
}
