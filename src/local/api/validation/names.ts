import { type FieldError, invalid, tooLong } from '../field-error.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const labelPattern = new RegExp(`^${label}$`);
const subdomainPattern = new RegExp(`^${subdomain}$`);
const dns1035Pattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const namePart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const portNamePattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

const subdomainText = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`;
const labelText = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`;
const dns1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const namePartText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

export type NameRule = 'subdomain' | 'label' | 'dns1035' | 'path';

/** Why a name is not allowed, in Kubernetes' words; empty when it is. */
export function nameFaults(rule: NameRule, name: string): string[] {
  switch (rule) {
    case 'label':
      return faults(name, 63, labelPattern, labelText);
    case 'dns1035':
      return faults(name, 63, dns1035Pattern, dns1035Text);
    case 'path':
      if (name === '.' || name === '..') return [`may not be '${name}'`];
      return ['/', '%'].filter((one) => name.includes(one)).map((one) => `may not contain '${one}'`);
    case 'subdomain':
      return faults(name, 253, subdomainPattern, subdomainText);
  }
}

function faults(value: string, maxLength: number, pattern: RegExp, text: string): string[] {
  const found: string[] = [];
  if (value.length > maxLength) found.push(`must be no more than ${maxLength} bytes`);
  if (!pattern.test(value)) found.push(text);
  return found;
}

/** Faults of a label key or another qualified name (`example.com/name`). */
export function qualifiedNameFaults(key: string): string[] {
  const parts = key.split('/');
  const found: string[] = [];
  const name = parts.at(-1) as string;
  if (parts.length > 2) {
    return [
      `a qualified name ${namePartText.replace('name part must', 'must')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    if (prefix === '') found.push('prefix part must be non-empty');
    else if (!subdomainPattern.test(prefix)) found.push(`prefix part ${subdomainText}`);
  }
  if (name === '') found.push('name part must be non-empty');
  else if (name.length > 63) found.push('name part must be no more than 63 bytes');
  if (!namePart.test(name)) found.push(namePartText);
  return found;
}

export function checkLabels(
  labels: Readonly<Record<string, string>> | undefined,
  field: string,
  errors: FieldError[],
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const fault of qualifiedNameFaults(key)) errors.push(invalid(field, key, fault));
    if (value.length > 63) errors.push(invalid(field, value, 'must be no more than 63 bytes'));
    if (!labelValue.test(value)) errors.push(invalid(field, value, labelValueText));
  }
}

export function checkAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  field: string,
  errors: FieldError[],
): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const fault of qualifiedNameFaults(key.toLowerCase())) errors.push(invalid(field, key, fault));
    size += key.length + value.length;
  }
  if (size > 256 * 1024) errors.push(tooLong(field, 256 * 1024));
}

/** Faults of a port's name (IANA service name). */
export function portNameFaults(name: string): string[] {
  const found: string[] = [];
  if (name.length > 15) found.push('must be no more than 15 characters');
  if (!portNamePattern.test(name)) {
    found.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) found.push('must contain at least one letter (a-z)');
  if (name.includes('--')) found.push('must not contain consecutive hyphens');
  return found;
}
