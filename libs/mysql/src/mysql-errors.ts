/** The tables were made by a newer release. A retry does not help. */
export class DatabaseTooNewError extends Error {
  override readonly name = 'DatabaseTooNewError';
  constructor(found: number, known: number) {
    super(
      `the tables in MySQL are of version ${found}, this release knows up to ${known}; use the release that made them, or a newer one`,
    );
  }
}

/** MySQL gave no answer in time; the connection was given up. */
export class DatabaseTimeoutError extends Error {
  override readonly name = 'DatabaseTimeoutError';
  constructor(timeoutMs: number) {
    super(`MySQL gave no answer within ${timeoutMs / 1_000} s`);
  }
}

/** The answer to a commit was lost: the changes count, or they do not. */
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError';
}

const NO_SUCH_TABLE = 1146;
const DEADLOCK = 1213;

export function isNoSuchTable(error: unknown): boolean {
  return errnoOf(error) === NO_SUCH_TABLE;
}

/** MySQL has undone the whole transaction. */
export function isDeadlock(error: unknown): boolean {
  return errnoOf(error) === DEADLOCK;
}

function errnoOf(error: unknown): unknown {
  return error instanceof Error && 'errno' in error ? error.errno : undefined;
}
