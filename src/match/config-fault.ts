/**
 * A semantic fault of a configuration, found while compiling it: a pattern that does not compile, a range that is no range. It never
 * crosses a folder's outer functions: those return issues, or are documented to throw it with a user's message.
 */
export class ConfigFault extends Error {
  /** Path inside the message that was compiled. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
    this.name = 'ConfigFault';
  }
}

/** Runs `compile`, putting `prefix` before the path of a fault it throws. */
export function within<T>(prefix: string, compile: () => T): T {
  try {
    return compile();
  } catch (thrown) {
    if (!(thrown instanceof ConfigFault)) throw thrown;
    const path =
      thrown.path === '' ? prefix : `${prefix}${thrown.path.startsWith('[') ? '' : '.'}${thrown.path}`;
    throw new ConfigFault(path, thrown.message);
  }
}
