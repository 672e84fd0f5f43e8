import type { ManifestOptions } from '../operator/manifest.ts';
import { type Flag, type Options, textOption, UsageError } from './command.ts';

/** Flags of the `operator` commands. */
export const operatorFlags: readonly Flag[] = [
  { flags: '--hub <registry>', description: 'The hub for the operator controller image' },
  { flags: '--tag <tag>', description: 'The tag for the operator controller image' },
  {
    flags: '--operatorNamespace <namespace>',
    description: 'The namespace the operator controller is installed into',
    fallback: 'istio-operator',
  },
  {
    flags: '--watchedNamespaces <namespaces>',
    description: 'The namespace the operator controller watches; all when empty',
  },
  {
    flags: '--imagePullSecrets <names>',
    description: 'Comma-separated names of secrets to pull the operator image with',
  },
  { flags: '-f, --filename <file>', description: 'IstioOperator to apply once the operator runs' },
  {
    flags: '-r, --revision <name>',
    description: 'accepted: one operator serves all revisions',
    hidden: true,
  },
  { flags: '-d, --manifests <path>', description: 'not supported', hidden: true },
];

export function manifestOptions(options: Options, istioNamespace: string): ManifestOptions {
  const watched = textOption(options, 'watchedNamespaces');
  if (watched.includes(','))
    throw new UsageError('--watchedNamespaces takes one namespace; leave it out to watch all');
  const hub = textOption(options, 'hub');
  const tag = textOption(options, 'tag');
  return {
    operatorNamespace: textOption(options, 'operatorNamespace', 'istio-operator'),
    istioNamespace,
    watchNamespace: watched,
    imagePullSecrets: textOption(options, 'imagePullSecrets').split(',').filter(Boolean),
    ...(hub !== '' && { hub }),
    ...(tag !== '' && { tag }),
  };
}
