import { lazy, map, message, repeated } from '../message.ts';
import { enumeration, onlyTrue, optionalUint32 } from '../scalar.ts';
import { type Infer, type Message, required } from '../schema.ts';
import { CidrRange, extension, type TypedExtensionConfig } from './core.ts';
import { FilterStateMatcher, MetadataMatcher, PathMatcher, StringMatcher } from './matcher.ts';
import { Int32Range } from './percent.ts';
import { HeaderMatcher } from './route-match.ts';

/** envoy.config.rbac.v3. */
const ns = 'envoy.config.rbac.v3';

const SourcedMetadata = message(`${ns}.SourcedMetadata`, {
  metadata_matcher: required(MetadataMatcher),
  metadata_source: enumeration('MetadataSource', ['DYNAMIC', 'ROUTE']),
});
export type SourcedMetadata = Infer<typeof SourcedMetadata>;

export interface Permission {
  readonly and_rules: { readonly rules: readonly Permission[] } | undefined;
  readonly or_rules: { readonly rules: readonly Permission[] } | undefined;
  readonly any: true | undefined;
  readonly header: HeaderMatcher | undefined;
  readonly url_path: Infer<typeof PathMatcher> | undefined;
  readonly destination_ip: CidrRange | undefined;
  readonly destination_port: number | undefined;
  readonly destination_port_range: Int32Range | undefined;
  readonly metadata: MetadataMatcher | undefined;
  readonly not_rule: Permission | undefined;
  readonly requested_server_name: StringMatcher | undefined;
  readonly uri_template: TypedExtensionConfig | undefined;
  readonly sourced_metadata: SourcedMetadata | undefined;
}
const permission = lazy((): Message<Permission> => Permission);
const PermissionSet = message(`${ns}.Permission.Set`, { rules: repeated(permission, { min: 1 }) });
export const Permission: Message<Permission> = message(
  `${ns}.Permission`,
  {
    and_rules: PermissionSet,
    or_rules: PermissionSet,
    any: onlyTrue(),
    header: HeaderMatcher,
    url_path: PathMatcher,
    destination_ip: CidrRange,
    destination_port: optionalUint32({ lte: 65535 }),
    destination_port_range: Int32Range,
    metadata: MetadataMatcher,
    not_rule: permission,
    requested_server_name: StringMatcher,
    uri_template: extension('path_match'),
    sourced_metadata: SourcedMetadata,
  },
  {
    oneofs: [
      {
        fields: [
          'and_rules',
          'or_rules',
          'any',
          'header',
          'url_path',
          'destination_ip',
          'destination_port',
          'destination_port_range',
          'metadata',
          'not_rule',
          'requested_server_name',
          'uri_template',
          'sourced_metadata',
        ],
        required: true,
      },
    ],
    unsupported: { matcher: 'no permission extensions are there' },
  },
);

export interface Principal {
  readonly and_ids: { readonly ids: readonly Principal[] } | undefined;
  readonly or_ids: { readonly ids: readonly Principal[] } | undefined;
  readonly any: true | undefined;
  readonly authenticated: { readonly principal_name: StringMatcher | undefined } | undefined;
  readonly source_ip: CidrRange | undefined;
  readonly direct_remote_ip: CidrRange | undefined;
  readonly remote_ip: CidrRange | undefined;
  readonly header: HeaderMatcher | undefined;
  readonly url_path: Infer<typeof PathMatcher> | undefined;
  readonly metadata: MetadataMatcher | undefined;
  readonly filter_state: FilterStateMatcher | undefined;
  readonly not_id: Principal | undefined;
  readonly sourced_metadata: SourcedMetadata | undefined;
}
const principal = lazy((): Message<Principal> => Principal);
const PrincipalSet = message(`${ns}.Principal.Set`, { ids: repeated(principal, { min: 1 }) });
export const Principal: Message<Principal> = message(
  `${ns}.Principal`,
  {
    and_ids: PrincipalSet,
    or_ids: PrincipalSet,
    any: onlyTrue(),
    authenticated: message(`${ns}.Principal.Authenticated`, { principal_name: StringMatcher }),
    source_ip: CidrRange,
    direct_remote_ip: CidrRange,
    remote_ip: CidrRange,
    header: HeaderMatcher,
    url_path: PathMatcher,
    metadata: MetadataMatcher,
    filter_state: FilterStateMatcher,
    not_id: principal,
    sourced_metadata: SourcedMetadata,
  },
  {
    oneofs: [
      {
        fields: [
          'and_ids',
          'or_ids',
          'any',
          'authenticated',
          'source_ip',
          'direct_remote_ip',
          'remote_ip',
          'header',
          'url_path',
          'metadata',
          'filter_state',
          'not_id',
          'sourced_metadata',
        ],
        required: true,
      },
    ],
    unsupported: { custom: 'no principal extensions are there' },
  },
);

export const Policy = message(
  `${ns}.Policy`,
  { permissions: repeated(permission, { min: 1 }), principals: repeated(principal, { min: 1 }) },
  {
    unsupported: {
      condition: 'CEL conditions are not there',
      checked_condition: 'CEL conditions are not there',
      cel_config: 'CEL conditions are not there',
    },
  },
);
export type Policy = Infer<typeof Policy>;

export const Rbac = message(
  `${ns}.RBAC`,
  { action: enumeration('Action', ['ALLOW', 'DENY', 'LOG']), policies: map(Policy) },
  { unsupported: { audit_logging_options: 'decisions are counted and stand in dynamic metadata' } },
);
export type Rbac = Infer<typeof Rbac>;
