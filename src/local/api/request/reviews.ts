import type { ApiCore } from '../core.ts';
import { type ApiObject, asList, asObject, type Fields } from '../object.ts';
import type { ApiRequest } from './request.ts';

type Review = (core: ApiCore, object: ApiObject, request: ApiRequest) => Promise<ApiObject>;

/** Kinds that are questions: a POST is answered and nothing is stored. */
export const reviewKinds: Record<string, Review> = {
  TokenReview: reviewToken,
  SelfSubjectReview: async (_core, object, { user }) => ({
    ...object,
    status: { userInfo: { username: user.username, groups: [...user.groups] } },
  }),
  SubjectAccessReview: reviewAccess,
  LocalSubjectAccessReview: reviewAccess,
  SelfSubjectAccessReview: async (core, object, request) => {
    const spec = asObject(object.spec) ?? {};
    const { username, groups } = request.user;
    const decided = core.authorizer.review({ username, groups }, spec, request.namespace);
    return { ...object, status: decided };
  },
  SelfSubjectRulesReview: async (core, object, request) => {
    const namespace = asObject(object.spec)?.['namespace'];
    return { ...object, status: core.authorizer.rulesOf(request.user, String(namespace ?? 'default')) };
  },
};

async function reviewToken(core: ApiCore, object: ApiObject): Promise<ApiObject> {
  const spec = asObject(object.spec) ?? {};
  const audiences = asList(spec['audiences']) as string[];
  const user = core.authenticator.userOf(String(spec['token'] ?? ''), audiences);
  const status: Fields =
    user === undefined
      ? { user: {}, error: 'invalid bearer token' }
      : {
          authenticated: true,
          user: {
            username: user.username,
            ...(user.uid === undefined ? {} : { uid: user.uid }),
            groups: [...user.groups],
            ...(user.extra === undefined ? {} : { extra: user.extra }),
          },
          audiences: audiences.length > 0 ? audiences : core.authenticator.audiences,
        };
  return { ...object, status };
}

async function reviewAccess(core: ApiCore, object: ApiObject, request: ApiRequest): Promise<ApiObject> {
  const spec = asObject(object.spec) ?? {};
  const user = { username: String(spec['user'] ?? ''), groups: asList(spec['groups']) as string[] };
  return { ...object, status: core.authorizer.review(user, spec, request.namespace) };
}
