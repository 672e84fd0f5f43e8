import type { UserInfo } from '../local-api.ts';

/** The identity of one of the server's own controllers. */
export function systemUser(controller: string): UserInfo {
  return {
    username: `system:serviceaccount:kube-system:${controller}`,
    groups: ['system:masters', 'system:serviceaccounts', 'system:authenticated'],
  };
}

export const adminUser: UserInfo = {
  username: 'admin',
  groups: ['system:masters', 'system:authenticated'],
};

export const anonymousUser: UserInfo = {
  username: 'system:anonymous',
  groups: ['system:unauthenticated'],
};
