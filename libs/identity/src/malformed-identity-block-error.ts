/** A stored block of cuids is not what was written, or not the next one: a retry does not help. */
export class MalformedIdentityBlockError extends Error {
  override readonly name = 'MalformedIdentityBlockError';
  readonly retriable = false;

  constructor(
    readonly block: number,
    readonly reason: string,
  ) {
    super(`identity block ${block} can't be loaded: ${reason}`);
  }
}
