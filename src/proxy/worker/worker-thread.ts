import type { MessagePort } from 'node:worker_threads';
import type { Logger, LogLevels } from '../../base/log.ts';
import { loadBootstrap } from '../config/bootstrap.ts';
import { imageOf } from '../stats/transfer.ts';
import { DataPlane } from './data-plane.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';

/** The inside of a worker thread: a data plane of its own that takes orders from the main thread. Resolves when told to close. */
export async function serveWorker(
  start: WorkerStart,
  port: MessagePort,
  log: Logger,
  levels: LogLevels,
): Promise<void> {
  const { bootstrap } = await loadBootstrap(start.bootstrapPath);
  if (bootstrap === undefined) throw new Error(`cannot load ${start.bootstrapPath}`);
  const plane = new DataPlane(bootstrap, { log, drainTimeMs: start.drainTimeMs, primary: false });
  const closed = Promise.withResolvers<void>();
  const send = (message: FromWorker) => port.postMessage(message);
  port.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'stats':
        return send({ type: 'stats', id: message.id, image: imageOf(plane.stats, plane.meshMetrics) });
      case 'connections':
        return send({ type: 'connections', id: message.id, count: plane.listeners.connections });
      case 'drain':
        if (message.options.closeSockets && !message.options.inboundOnly) plane.stopWatching();
        return plane.listeners.drainAll(message.options);
      case 'reset-counters':
        return plane.resetCounters();
      case 'reopen-logs':
        return plane.reopenLogs();
      case 'log-levels':
        for (const level of message.levels) levels.set(level);
        return;
      case 'close':
        plane.close();
        return closed.resolve();
    }
  });
  const faults = await plane.start();
  send({ type: 'ready', faults: faults.map(({ subject, message }) => `${subject}: ${message}`) });
  await closed.promise;
  port.close();
}
