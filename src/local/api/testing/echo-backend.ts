import { once } from 'node:events';
import { connect } from 'node:net';
import type { NodeBackend } from '../node-backend.ts';

/** A node whose containers run one program: `cat` copies stdin, `echo` its arguments, `fail N` exits with N, `size` prints the terminal's size. */
export function echoBackend(target: { port: number }): NodeBackend {
  return {
    async logs(pod, container, options, out, signal) {
      out.write(`log of ${pod.name}/${container}\n`);
      if (options.follow) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    async exec(_pod, _container, [program, ...args], streams) {
      if (program === 'echo') streams.stdout?.write(`${args.join(' ')}\n`);
      if (program === 'warn') streams.stderr?.write(`${args.join(' ')}\n`);
      if (program === 'fail') return { exitCode: Number(args[0]) };
      if (program === 'size') {
        await new Promise<void>((resolve) =>
          streams.onResize(({ width, height }) => {
            streams.stdout?.write(`${width}x${height}\n`);
            resolve();
          }),
        );
      }
      if (program === 'cat' && streams.stdin) {
        streams.stdin.on('data', (data: Buffer) => streams.stdout?.write(data));
        await once(streams.stdin, 'end');
      }
      return { exitCode: 0 };
    },
    attach: () => Promise.reject(new Error('nothing to attach to')),
    async connect() {
      const socket = connect(target.port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
  };
}
