/** What a client of the stand-in is told: MySQL's or StarRocks' number, and a message. */
export class StarrocksError extends Error {
  constructor(
    message: string,
    readonly code = 1064,
  ) {
    super(message);
  }
}

/** What the grammar does not take, or what the stand-in does not know. */
export function syntaxError(message: string): StarrocksError {
  return new StarrocksError(`Getting syntax error. Detail message: ${message}.`);
}

/** What the grammar takes, and the analyzer does not. */
export function analyzeError(message: string): StarrocksError {
  return new StarrocksError(`Getting analyzing error. Detail message: ${message}.`);
}
