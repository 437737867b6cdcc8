/** A line without its terminator, or the news that there was one over the limit. */
export type Line = Buffer | 'tooLarge';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts a stream of bytes at line feeds (a carriage return before one belongs to it). Keeps at most one line's bytes: of a
 * line that is too long the rest is skipped without being kept, and it is reported once, in its place.
 * Lines may be views into the chunk pushed: use them before the next push.
 */
export class LineSplitter {
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #skipping = false;

  constructor(private readonly lineBytesMax: number) {}

  /** Every line that ends in this chunk, empty ones included, in order. */
  *push(chunk: Buffer): Generator<Line, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield this.#finish(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line, if the stream did not end with a line feed. */
  *end(): Generator<Line, void, undefined> {
    if (this.#skipping || this.#keptBytes > 0) yield this.#finish(NOTHING);
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0 || this.#skipping) return;
    this.#keptBytes += piece.length;
    // One byte more than the limit may still turn out to be the carriage return.
    if (this.#keptBytes > this.lineBytesMax + 1) {
      this.#skipping = true;
      this.#kept = [];
    } else {
      this.#kept.push(Buffer.from(piece));
    }
  }

  #finish(lastPiece: Buffer): Line {
    const skipped = this.#skipping;
    const line = this.#kept.length === 0 ? lastPiece : Buffer.concat([...this.#kept, lastPiece]);
    this.#kept = [];
    this.#keptBytes = 0;
    this.#skipping = false;
    if (skipped) return 'tooLarge';
    const trimmed = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
    return trimmed.length > this.lineBytesMax ? 'tooLarge' : trimmed;
  }
}

/** True for a line of nothing but blanks: it holds no message. */
export function isBlank(line: Buffer): boolean {
  for (const byte of line) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== CARRIAGE_RETURN) return false;
  }
  return true;
}
