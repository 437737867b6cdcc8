/** Every 32-bit number has been handed out. */
export class GuidsExhaustedError extends Error {
  override readonly name = 'GuidsExhaustedError';
  readonly retriable = false;

  constructor(readonly guidMax: number) {
    super(
      `no guid left: all ${guidMax} have been handed out, and a guid is never used twice; known users can still be written`,
    );
  }
}
