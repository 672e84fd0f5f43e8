import { checkAttachment, checkDuration } from '../rules/checks.ts';
import { isPlainHeaderName } from '../rules/header.ts';
import { item, type Report } from '../schema/report.ts';
import type { JWTRule, RequestAuthenticationSpec } from './types.gen.ts';

/** Rules of Istio's ValidateRequestAuthentication. */
export function validateRequestAuthentication(spec: RequestAuthenticationSpec, report: Report): void {
  checkAttachment(report, spec);
  spec.jwtRules?.forEach((rule, index) => {
    checkJwtRule(report, item('spec.jwtRules', index), rule);
  });
}

function checkJwtRule(report: Report, path: string, rule: JWTRule): void {
  if (!rule.issuer && !rule.jwksUri)
    report.error('MissingField', path, 'one of issuer and jwksUri is required');
  if (rule.jwksUri && rule.jwks)
    report.error('Conflict', `${path}.jwks`, 'only one of jwksUri and jwks may be set');
  if (rule.jwksUri) checkJwksUri(report, `${path}.jwksUri`, rule.jwksUri);
  if (rule.jwks) checkJwks(report, `${path}.jwks`, rule.jwks);
  rule.outputClaimToHeaders?.forEach((output, index) => {
    if (output.header && !isPlainHeaderName(output.header))
      report.error(
        'InvalidHeader',
        `${item(`${path}.outputClaimToHeaders`, index)}.header`,
        `${JSON.stringify(output.header)} is not a header name; letters, digits, "-" and "_" are allowed`,
      );
  });
  checkDuration(report, `${path}.timeout`, rule.timeout);
}

function checkJwksUri(report: Report, path: string, uri: string): void {
  if (!/^https?:\/\//i.test(uri))
    report.error('InvalidUrl', path, `${JSON.stringify(uri)} must begin with http:// or https://`);
  else if (!URL.canParse(uri)) report.error('InvalidUrl', path, `${JSON.stringify(uri)} is not a URL`);
}

const privateFields = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];
const requiredFields: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  oct: ['k'],
};

/** A JSON Web Key Set (RFC 7517), or a single key. */
function checkJwks(report: Report, path: string, text: string): void {
  const keys = parseKeys(text);
  if (typeof keys === 'string') return report.error('InvalidJwks', path, `not a JSON Web Key Set: ${keys}`);
  keys.forEach((key, index) => {
    const needed = requiredFields[String(key['kty'])];
    if (needed === undefined)
      report.error(
        'InvalidJwks',
        path,
        `key ${index} has kty ${JSON.stringify(key['kty'])}, which is none of RSA, EC, OKP and oct`,
      );
    else if (needed.some((field) => typeof key[field] !== 'string'))
      report.error('InvalidJwks', path, `key ${index} needs ${needed.join(' and ')}`);
    else if (privateFields.some((field) => key[field] !== undefined))
      report.warning(
        'PrivateKey',
        path,
        `key ${index} holds private key material; publish the public key only`,
      );
  });
}

function parseKeys(text: string): Record<string, unknown>[] | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  if (parsed === null || typeof parsed !== 'object') return 'not an object';
  const set = (parsed as { keys?: unknown }).keys;
  if (set === undefined) return [parsed as Record<string, unknown>];
  if (!Array.isArray(set)) return 'keys is not a list';
  return set.every((key) => key !== null && typeof key === 'object')
    ? (set as Record<string, unknown>[])
    : 'a key is not an object';
}
