/** Where a connection comes from or goes to: an IP socket address or a Unix socket. Immutable; compare by `text`. */
export class Address {
  /** Canonical IP text, or '' for a Unix socket. */
  readonly ip: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Path of a Unix socket (abstract ones start with `@`), or ''. */
  readonly path: string;
  /** `1.2.3.4:80`, `[::1]:80` or the path: how Envoy prints it. */
  readonly text: string;

  private constructor(ip: string, port: number, path: string) {
    this.ip = ip;
    this.port = port;
    this.path = path;
    this.text = path !== '' ? path : ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
  }

  static ip(ip: string, port: number): Address {
    return new Address(ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip, port, '');
  }

  static pipe(path: string): Address {
    return new Address('', 0, path);
  }

  equals(other: Address): boolean {
    return this.text === other.text;
  }
}
