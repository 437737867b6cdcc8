/** The engine can't answer this question, now or later. The message says which limit it passes, and what would help. */
export class UnanswerableError extends Error {
  override readonly name = 'UnanswerableError';
}
