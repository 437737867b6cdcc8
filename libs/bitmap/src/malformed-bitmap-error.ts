/** The bytes are no roaring bitmap in the portable format. They were stored wrongly or damaged since: a retry does not help. */
export class MalformedBitmapError extends Error {
  override readonly name = 'MalformedBitmapError';
  readonly retriable = false;

  /**
   * @param reason what is wrong.
   * @param offset the byte at which it was seen.
   */
  constructor(
    readonly reason: string,
    readonly offset: number,
  ) {
    super(`malformed roaring bitmap at byte ${offset}: ${reason}`);
  }
}
