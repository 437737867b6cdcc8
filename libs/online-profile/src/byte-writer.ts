const START_BYTES = 1_024;

/** Bytes written one behind the other; numbers big-endian. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(START_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written so far; valid until more is. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room for `count` bytes. @returns where they begin. */
  skip(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    return start;
  }

  /** An unsigned number of 1 to 6 bytes; `at`: over what is there. */
  uint(value: number, size: number, at = this.skip(size)): void {
    this.#bytes.writeUIntBE(value, at, size);
  }

  double(value: number): void {
    const at = this.skip(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  bytes(bytes: Uint8Array): void {
    // Making room may move everything.
    const at = this.skip(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** @param length of the text in UTF-8. */
  text(text: string, length: number): void {
    const at = this.skip(length);
    this.#bytes.write(text, at, length, 'utf8');
  }
}
