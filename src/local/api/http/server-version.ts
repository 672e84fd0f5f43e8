import type { Fields } from '../object.ts';

/** `/version`: the Kubernetes release whose API this server speaks. */
export const serverVersion: Fields = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.3+lateen',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: `node ${process.versions.node}`,
  compiler: 'v8',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};
