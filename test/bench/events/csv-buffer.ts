const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const DIGIT_0 = 0x30;

/** Rows of whole numbers as CSV, put together byte by byte: several times faster than by strings. */
export class CsvBuffer {
  readonly #buffer: Buffer;
  #length = 0;

  /** @param bytesMax more than that is cut off without a word by the buffer: leave room. */
  constructor(bytesMax: number) {
    this.#buffer = Buffer.allocUnsafe(bytesMax);
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** @param value a safe integer, at least 0. */
  number(value: number): void {
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits += 1;
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at -= 1) {
      const tenth = Math.floor(rest / 10);
      this.#buffer[at] = DIGIT_0 + (rest - 10 * tenth);
      rest = tenth;
    }
    this.#buffer[this.#length + digits] = COMMA;
    this.#length += digits + 1;
  }

  /** The comma behind the last number becomes the end of the line. */
  endRow(): void {
    if (this.#length > this.#buffer.length) throw new RangeError(`The CSV is longer than ${this.#buffer.length} bytes`);
    this.#buffer[this.#length - 1] = LINE_FEED;
  }
}
