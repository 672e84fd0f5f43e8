import { loadLibrary } from '../render/library.ts';
import type { CliCommand } from './command.ts';

/** `istioctl profile list` */
export const command: CliCommand = {
  async run(context) {
    const names = [...loadLibrary().profiles.keys()].sort();
    context.out(`Istio configuration profiles:\n${names.map((name) => `    ${name}\n`).join('')}`);
    return 0;
  },
};
