import { isCidr, isIpAddress } from '../rules/host-name.ts';
import { item, type Report } from '../schema/report.ts';

type Check = (report: Report, path: string, values: readonly string[]) => void;

/** A check of each value of a list that returns what is wrong with it. */
function each(code: string, fault: (value: string) => string | undefined): Check {
  return (report, path, values) => {
    values.forEach((value, index) => {
      const found = value === '' ? 'a value may not be empty' : fault(value);
      if (found !== undefined) report.error(value === '' ? 'EmptyValue' : code, item(path, index), found);
    });
  };
}

export const checkFilled = each('EmptyValue', () => undefined);

export const checkAddresses = each('InvalidAddress', (value) => {
  const sound = value.includes('/') ? isCidr(value) : isIpAddress(value);
  return sound ? undefined : `${JSON.stringify(value)} is neither an IP address nor a subnet`;
});

/** Port numbers as text; 0 is allowed. */
export const checkPorts = each('InvalidPort', (value) =>
  /^\d+$/.test(value) && Number(value) <= 65535 ? undefined : `${JSON.stringify(value)} is not a port number`,
);

const maxAccounts = 16;
const maxAccountLength = 320;

const checkAccountForm = each('InvalidServiceAccount', (value) => {
  if (value.includes('*')) return 'wildcards are not supported; name the account';
  if (value.length > maxAccountLength)
    return `has ${value.length} characters; at most ${maxAccountLength} are allowed`;
  return /^(?:[^/]+\/)?[^/]+$/.test(value)
    ? undefined
    : `${JSON.stringify(value)} must have the form account or namespace/account`;
});

export const checkServiceAccounts: Check = (report, path, values) => {
  if (values.length > maxAccounts)
    report.error('TooMany', path, `has ${values.length} entries; at most ${maxAccounts} are allowed`);
  checkAccountForm(report, path, values);
};

/** One `*` at the beginning or at the end. */
function wildcardFault(value: string): string | undefined {
  const stars = value.split('*').length - 1;
  if (stars > 1) return `${JSON.stringify(value)} may hold one "*" only`;
  if (stars === 1 && !value.startsWith('*') && !value.endsWith('*'))
    return `${JSON.stringify(value)} may hold "*" at its beginning or end only`;
  return undefined;
}

export const checkWildcards = each('InvalidWildcard', wildcardFault);

export const checkTrustDomains = each(
  'InvalidTrustDomain',
  (value) =>
    wildcardFault(value) ??
    (value.includes('/') ? `${JSON.stringify(value)} may not hold a slash` : undefined),
);

const segment = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

/** Paths with `{*}` (one segment) and `{**}` (any rest, at the end). */
export const checkPathTemplates = each('InvalidPath', (value) => {
  const templated = value.includes('{*}') || value.includes('{**}');
  let ended = false;
  for (const part of value.replace(/^\/+|\/+$/g, '').split('/')) {
    if (part === '{*}' || part === '{**}') {
      if (ended) return `${JSON.stringify(value)}: {**} must be the last template`;
      ended = part === '{**}';
    } else if (/[{}]/.test(part))
      return `${JSON.stringify(value)}: "{" and "}" are allowed only as {*} or {**}, each a whole segment`;
    else if (templated && !segment.test(part))
      return `${JSON.stringify(value)}: segment ${JSON.stringify(part)} holds a character that is not allowed beside templates`;
  }
  return undefined;
});
