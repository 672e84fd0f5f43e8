import type { FieldSink } from './decoder.ts';
import { FieldKind, invalidValue } from './field-kind.ts';

/** What a header block is decoded for; decides which pseudo-headers it may have. */
export type BlockPurpose = 'request' | 'response' | 'trailers';

/** Limits on one decoded header block (Envoy: max_request_headers_kb, max_headers_count). */
export interface HeaderLimits {
  /** Names and values together, decoded, cookie crumbs included. */
  maxBytes: number;
  /** Fields, pseudo-headers included. */
  maxFields: number;
}

/**
 * Takes the fields of one header block as they are decoded, sorts out pseudo-headers, joins cookie crumbs and checks what RFC 9113 §8
 * asks for. Past a limit it only counts, so that a small block of references to a large entry costs no memory (CVE-2026-47774). One
 * instance serves a connection, reset for each block.
 */
export class HeaderBlock implements FieldSink {
  /** `[name, value, …]`, ready for a HeaderMap. */
  fields: string[] = [];
  method = '';
  scheme = '';
  authority = '';
  path = '';
  protocol = '';
  status = '';
  /** Value of content-length, or -1. */
  contentLength = -1;
  /** First thing that is malformed, or empty. */
  malformed = '';
  tooLarge = false;

  readonly #limits: HeaderLimits;
  #purpose: BlockPurpose = 'request';
  #bytes = 0;
  #count = 0;
  #host: string | undefined;
  #regular = false;
  #cookieAt = -1;
  /** Bit per pseudo-header kind seen. */
  #pseudo = 0;

  constructor(limits: HeaderLimits) {
    this.#limits = limits;
  }

  reset(purpose: BlockPurpose): void {
    this.fields = [];
    this.method = this.scheme = this.authority = this.path = this.protocol = this.status = '';
    this.contentLength = -1;
    this.malformed = '';
    this.tooLarge = false;
    this.#purpose = purpose;
    this.#bytes = this.#count = this.#pseudo = 0;
    this.#host = undefined;
    this.#regular = false;
    this.#cookieAt = -1;
  }

  add(name: string, value: string, kind: number): void {
    this.#bytes += name.length + value.length;
    if (++this.#count > this.#limits.maxFields || this.#bytes > this.#limits.maxBytes) {
      this.tooLarge = true;
      return;
    }
    if (kind === FieldKind.ordinary) {
      this.#regular = true;
      this.fields.push(name, value);
    } else if (kind >= invalidValue) {
      this.#refuse(`invalid value of ${printable(name)}`);
    } else if (kind <= FieldKind.status) {
      this.#addPseudo(name, value, kind);
    } else {
      this.#regular = true;
      this.#addSpecial(name, value, kind);
    }
  }

  #refuse(what: string): void {
    if (this.malformed === '') this.malformed = what;
  }

  #addPseudo(name: string, value: string, kind: number): void {
    const bit = 1 << kind;
    const allowed =
      this.#purpose === 'request' ? requestPseudo : this.#purpose === 'response' ? responsePseudo : 0;
    if ((allowed & bit) === 0) return this.#refuse(`${name} does not belong into ${this.#purpose}`);
    if (this.#regular) return this.#refuse(`${name} after a regular field`);
    if ((this.#pseudo & bit) !== 0) return this.#refuse(`${name} twice`);
    this.#pseudo |= bit;
    if (kind === FieldKind.method) this.method = value;
    else if (kind === FieldKind.path) this.path = value;
    else if (kind === FieldKind.authority) this.authority = value;
    else if (kind === FieldKind.scheme) this.scheme = lowerCaseScheme(value);
    else if (kind === FieldKind.status) this.status = value;
    else this.protocol = value.toLowerCase();
  }

  #addSpecial(name: string, value: string, kind: number): void {
    const { fields } = this;
    if (kind === FieldKind.cookie) {
      if (this.#cookieAt < 0) {
        this.#cookieAt = fields.length + 1;
        fields.push(name, value);
      } else fields[this.#cookieAt] += `; ${value}`;
    } else if (kind === FieldKind.contentLength) {
      const length = value.length > 0 && value.length < 16 ? Number(value) : Number.NaN;
      if (this.contentLength >= 0 || Number.isNaN(length)) return this.#refuse('invalid content-length');
      this.contentLength = length;
      fields.push(name, value);
    } else if (kind === FieldKind.te) {
      if (value.toLowerCase() !== 'trailers') return this.#refuse('te other than trailers');
      fields.push(name, value);
    } else if (kind === FieldKind.host) {
      if (this.#purpose !== 'request') fields.push(name, value);
      else if (this.#host !== undefined && this.#host !== value) return this.#refuse('two host fields');
      else this.#host = value;
    } else {
      this.#refuse(
        kind === FieldKind.forbidden
          ? `connection-specific field ${name}`
          : `invalid field name ${printable(name)}`,
      );
    }
  }

  /** After the last field of a request: required pseudo-headers, host against :authority. */
  finishRequest(): void {
    if (this.#host !== undefined) {
      if ((this.#pseudo & (1 << FieldKind.authority)) === 0) this.authority = this.#host;
      else if (this.#host !== this.authority) this.#refuse('host differs from :authority');
    }
    if (this.method === 'CONNECT' && this.protocol === '') {
      if ((this.#pseudo & connectForbidden) !== 0) this.#refuse('CONNECT with :path or :scheme');
      if (this.authority === '') this.#refuse('CONNECT without :authority');
      return;
    }
    if ((this.#pseudo & requestRequired) !== requestRequired) this.#refuse('missing pseudo-header');
    if (this.protocol !== '' && this.method !== 'CONNECT') this.#refuse(':protocol without CONNECT');
    if (this.path.charCodeAt(0) !== slash && !(this.path === '*' && this.method === 'OPTIONS')) {
      this.#refuse('invalid :path');
    }
  }

  /** After the last field of a response: the status as a number, 0 when malformed. */
  finishResponse(): number {
    if (this.status.length !== 3) this.#refuse('invalid :status');
    const status = Number(this.status);
    if (status < 100) this.#refuse('invalid :status');
    return this.malformed === '' ? status : 0;
  }
}

const slash = 0x2f;
const responsePseudo = 1 << FieldKind.status;
const connectForbidden = (1 << FieldKind.path) | (1 << FieldKind.scheme);
const requestRequired = (1 << FieldKind.method) | connectForbidden;
const requestPseudo = requestRequired | (1 << FieldKind.authority) | (1 << FieldKind.protocol);

/** Schemes compare without case (CVE-2023-35944). */
function lowerCaseScheme(value: string): string {
  return value === 'http' || value === 'https' ? value : value.toLowerCase();
}

/** A name fit for a log line. */
function printable(name: string): string {
  return name.slice(0, 64).replace(/[^\x21-\x7e]/g, '?');
}
