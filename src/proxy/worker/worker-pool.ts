import { Worker } from 'node:worker_threads';
import type { Logger } from '../../base/log.ts';
import type { StatsImage } from '../stats/transfer.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';

const answerLimitMs = 2000;

/** The worker threads beside the main one. Each binds the listeners itself (SO_REUSEPORT); a worker that dies is started again. */
export class WorkerPool {
  readonly #entry: string;
  readonly #start: WorkerStart;
  readonly #log: Logger;
  readonly #workers = new Set<Worker>();
  readonly #answers = new Map<number, (message: FromWorker) => void>();
  #lastId = 0;
  #closing = false;

  /** `entry` is the program's own file: a worker runs it again and finds `start` as its workerData. */
  constructor(entry: string, start: WorkerStart, log: Logger) {
    this.#entry = entry;
    this.#start = start;
    this.#log = log;
  }

  /** Starts `count` workers and waits until all serve. */
  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#spawn()));
  }

  #spawn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.#entry, { argv: ['proxy'], workerData: this.#start });
      this.#workers.add(worker);
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'ready') resolve();
        else this.#answers.get(message.id)?.(message);
      });
      worker.on('error', (error) => {
        this.#log.error('a worker thread failed', { error: error.stack ?? error.message });
        reject(error);
      });
      worker.on('exit', () => {
        this.#workers.delete(worker);
        if (this.#closing) return;
        this.#log.warn('a worker thread ended and is started again');
        this.#spawn().catch(() => {});
      });
    });
  }

  #ask(worker: Worker, make: (id: number) => ToWorker): Promise<FromWorker | undefined> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const done = (message: FromWorker | undefined) => {
        this.#answers.delete(id);
        clearTimeout(timer);
        resolve(message);
      };
      const timer = setTimeout(() => done(undefined), answerLimitMs);
      this.#answers.set(id, done);
      worker.postMessage(make(id));
    });
  }

  async images(): Promise<StatsImage[]> {
    const answers = await Promise.all(
      [...this.#workers].map((w) => this.#ask(w, (id) => ({ type: 'stats', id }))),
    );
    return answers.flatMap((answer) => (answer?.type === 'stats' ? [answer.image] : []));
  }

  async connections(): Promise<number> {
    const answers = await Promise.all(
      [...this.#workers].map((w) => this.#ask(w, (id) => ({ type: 'connections', id }))),
    );
    return answers.reduce((sum, answer) => sum + (answer?.type === 'connections' ? answer.count : 0), 0);
  }

  broadcast(message: ToWorker): void {
    for (const worker of this.#workers) worker.postMessage(message);
  }

  /** Asks all to close and ends those that do not. */
  async close(): Promise<void> {
    this.#closing = true;
    this.broadcast({ type: 'close' });
    const deadline = Date.now() + 1000;
    while (this.#workers.size > 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 10));
    for (const worker of this.#workers) await worker.terminate();
  }
}
