import type { CliCommand } from './command.ts';

/** One command of istioctl: where it stands in the tree and where its code is, which is loaded only when the command is used. */
export interface CommandRow {
  /** `manifest generate` */
  readonly path: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly hidden?: boolean;
  readonly load: () => Promise<{ command: CliCommand }>;
}

/** Commands that only hold others. */
export const groups: readonly { path: string; summary: string; aliases?: readonly string[] }[] = [
  { path: 'manifest', summary: 'Commands related to Istio manifests' },
  { path: 'operator', summary: 'Commands related to the Istio operator controller' },
  { path: 'profile', summary: 'Commands related to Istio configuration profiles' },
];

const install = () => import('./install.ts');

export const commandTable: readonly CommandRow[] = [
  {
    path: 'install',
    aliases: ['apply'],
    summary: 'Applies an Istio manifest, installing or reconfiguring Istio on a cluster.',
    load: install,
  },
  {
    path: 'kube-inject',
    summary: 'Inject the sidecar into Kubernetes pod resources',
    load: () => import('./kube-inject.ts'),
  },
  { path: 'manifest apply', summary: 'Applies an Istio manifest, as `istioctl install` does', load: install },
  {
    path: 'manifest diff',
    summary: 'Compare two manifests, or a manifest with the cluster',
    load: () => import('./manifest-diff.ts'),
  },
  {
    path: 'manifest generate',
    summary: 'Generates an Istio install manifest',
    load: () => import('./manifest-generate.ts'),
  },
  {
    path: 'manifest install',
    summary: 'Applies an Istio manifest, as `istioctl install` does',
    load: install,
  },
  {
    path: 'operator dump',
    summary: 'Dumps the Istio operator controller manifest',
    load: () => import('./operator-dump.ts'),
  },
  {
    path: 'operator init',
    summary: 'Installs the Istio operator controller in the cluster',
    load: () => import('./operator-init.ts'),
  },
  {
    path: 'operator remove',
    summary: 'Removes the Istio operator controller from the cluster',
    load: () => import('./operator-remove.ts'),
  },
  {
    path: 'profile diff',
    summary: 'Diffs two Istio configuration profiles',
    load: () => import('./profile-diff.ts'),
  },
  {
    path: 'profile dump',
    summary: 'Dumps an Istio configuration profile',
    load: () => import('./profile-dump.ts'),
  },
  {
    path: 'profile list',
    summary: 'Lists available Istio configuration profiles',
    load: () => import('./profile-list.ts'),
  },
  { path: 'uninstall', summary: 'Uninstall Istio from a cluster', load: () => import('./uninstall.ts') },
  {
    path: 'validate',
    aliases: ['v'],
    summary: 'Validate Istio policy and rules files',
    load: () => import('./validate.ts'),
  },
  {
    path: 'verify-install',
    summary: 'Verifies Istio Installation Status',
    load: () => import('./verify-install.ts'),
  },
  { path: 'version', summary: 'Prints out build version information', load: () => import('./version.ts') },
];
