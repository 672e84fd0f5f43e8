import { as, duration, flag, list, record, rules, type Schema, text } from '../schema/schema.ts';
import { labelSelector, onlyOneOf, targetRef, targetRefs } from '../schema/selector.schema.ts';

const filled = (description: string, itemDescription = ''): Schema =>
  list(text(itemDescription, { minLength: 1 }), description);

const jwksUri = text(
  'Where the keys of the issuer are published, http:// or https://. Not together with jwks.',
  {
    minLength: 1,
    maxLength: 2048,
    fallback: 'found through the OpenID configuration of the issuer',
    ...rules(['url(self).getScheme() in ["http", "https"]', 'must begin with http:// or https://']),
  },
);

const jwtRule = record(
  'JWTRule',
  'An issuer whose tokens are accepted. A request with a token that is invalid is refused; one without a token passes, unless an AuthorizationPolicy asks for a request principal.',
  {
    issuer: text('The `iss` of the tokens.', { minLength: 1 }),
    audiences: filled('Accepted `aud` values.'),
    jwksUri,
    jwks_uri: jwksUri,
    jwks: text('The keys themselves, as a JSON Web Key Set.'),
    fromHeaders: list(
      record(
        'JWTHeader',
        'A header with a token.',
        {
          name: text('Name of the header.', { minLength: 1 }),
          prefix: text('What stands before the token: `Bearer `.'),
        },
        { required: ['name'] },
      ),
      'Headers that carry the token.',
      { fallback: 'Authorization: Bearer, and the query parameter access_token' },
    ),
    fromParams: filled('Query parameters that carry the token.'),
    fromCookies: filled('Cookies that carry the token.'),
    outputPayloadToHeader: text('Header in which the payload is passed on, in base64url.'),
    forwardOriginalToken: flag('Whether the token is passed on.', { fallback: 'false' }),
    outputClaimToHeaders: list(
      record(
        'ClaimToHeader',
        'A claim and the header it is passed on in.',
        {
          header: text('Name of the header.', { minLength: 1, pattern: '^[-_A-Za-z0-9]+$' }),
          claim: text('Name of the claim; `a.b` looks into nested claims.', { minLength: 1 }),
        },
        { required: ['header', 'claim'] },
      ),
      'Claims passed on as headers.',
    ),
    timeout: duration('Time limit for fetching the keys.', { fallback: '5s' }),
    spaceDelimitedClaims: list(
      text('', { minLength: 1 }),
      'Claims, besides scope and permission, that hold words separated by spaces.',
      {
        maxItems: 64,
      },
    ),
  },
  {
    ...rules(onlyOneOf('jwksUri', 'jwks_uri', 'jwks')),
    'x-lateen-aliases': { jwks_uri: 'jwksUri' },
  },
);

export const requestAuthentication: Schema = record(
  'RequestAuthenticationSpec',
  'Which JSON Web Tokens workloads accept.',
  {
    selector: as(labelSelector, 'Workloads this applies to.', {
      fallback: 'all of the namespace; in the root namespace, all of the mesh',
    }),
    targetRef: as(targetRef, 'Former form of targetRefs.'),
    targetRefs,
    jwtRules: list(jwtRule, 'Issuers whose tokens are accepted.', { maxItems: 4096 }),
  },
  rules(onlyOneOf('selector', 'targetRef', 'targetRefs')),
);
