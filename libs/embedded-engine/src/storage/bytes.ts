const INITIAL_BYTES = 4096;

/** Appends little-endian binary data to a growing buffer. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, sharing memory with this writer: write no more afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  /** Unsigned LEB128 of a safe integer ≥ 0. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  /** A safe integer of either sign: v × 4, or −v × 4 + 1 for a negative one, as `varint` where that is safe; else 2, then a double. */
  signed(value: number): void {
    if (value >= -0x3fffffffffff && value <= 0x3fffffffffff) {
      this.varint(value >= 0 ? value * 4 : -value * 4 + 1);
    } else {
      this.varint(2);
      this.f64(value);
    }
  }

  /** Length in bytes as varint, then UTF-8. */
  text(value: string): void {
    const bytesMax = value.length * 3;
    this.#reserve(bytesMax + 5);
    if (bytesMax < 0x80) {
      const written = this.#buffer.write(value, this.#length + 1, 'utf8');
      this.#buffer[this.#length] = written;
      this.#length += written + 1;
      return;
    }
    this.varint(Buffer.byteLength(value, 'utf8'));
    this.#length += this.#buffer.write(value, this.#length, 'utf8');
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Length as u32, then the bytes. */
  block(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  /** Pads with zeros to a multiple of `bytes` from the start. */
  align(bytes: number): void {
    while (this.#length % bytes !== 0) {
      this.u8(0);
    }
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
  }
}

/** Reads what `ByteWriter` wrote. Every read is bounds-checked: a RangeError means damaged data. */
export class ByteReader {
  #position = 0;

  constructor(readonly buffer: Buffer) {}

  get done(): boolean {
    return this.#position >= this.buffer.length;
  }

  u8(): number {
    const value = this.buffer.readUInt8(this.#position);
    this.#position += 1;
    return value;
  }

  u32(): number {
    const value = this.buffer.readUInt32LE(this.#position);
    this.#position += 4;
    return value;
  }

  f64(): number {
    const value = this.buffer.readDoubleLE(this.#position);
    this.#position += 8;
    return value;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        return value;
      }
      factor *= 0x80;
    }
  }

  signed(): number {
    const tagged = this.varint();
    if (tagged % 4 === 2) {
      return this.f64();
    }
    return tagged % 4 === 1 ? -Math.floor(tagged / 4) : tagged / 4;
  }

  text(): string {
    const length = this.varint();
    const start = this.#take(length);
    return this.buffer.toString('utf8', start, start + length);
  }

  raw(length: number): Buffer {
    const start = this.#take(length);
    return this.buffer.subarray(start, start + length);
  }

  block(): Buffer {
    return this.raw(this.u32());
  }

  align(bytes: number): void {
    while (this.#position % bytes !== 0) {
      this.#position++;
    }
  }

  #take(length: number): number {
    const start = this.#position;
    if (start + length > this.buffer.length) {
      throw new RangeError(`Data ends at byte ${this.buffer.length}, ${start + length} needed: damaged.`);
    }
    this.#position = start + length;
    return start;
  }
}
