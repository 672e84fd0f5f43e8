export type {
  LocalApi,
  LocalApiOptions,
  ObjectChange,
  ServiceAccountToken,
  TokenOptions,
  UserInfo,
} from './local-api.ts';
export type {
  ExitStatus,
  LogOptions,
  NodeBackend,
  PodRef,
  ProcessStreams,
  ResolveService,
} from './node-backend.ts';
export type { ApiObject, Meta, Owner } from './object.ts';
export { startLocalApi } from './start-local-api.ts';
export { StatusError } from './status.ts';
