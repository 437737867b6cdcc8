/** This machine can't run the service; the message says what would help. */
export class MissingServiceError extends Error {
  override readonly name = 'MissingServiceError';
}
