import { toYaml } from '../base/yaml.ts';
import type { CliCommand } from './command.ts';
import { profileSpec } from './profile-dump.ts';
import { textDiff } from './text-diff.ts';

/** `istioctl profile diff a b` */
export const command: CliCommand = {
  args: '<profile1> <profile2>',
  flags: [{ flags: '-d, --manifests <path>', description: 'not supported', hidden: true }],
  async run(context, args, options) {
    const [first, second] = await Promise.all(
      args.slice(0, 2).map((name) => profileSpec(context, name, options)),
    );
    const diff = textDiff(toYaml(first), toYaml(second));
    context.out(diff === '' ? 'Profiles are identical\n' : `The difference between profiles:\n${diff}\n`);
    return diff === '' ? 0 : 1;
  },
};
