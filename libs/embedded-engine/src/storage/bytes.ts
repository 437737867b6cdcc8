// Taken once: a look-up of a global a number is measurable.
const { floor } = Math;
const INITIAL_BYTES = 4096;
/** Texts up to this many characters are written and compared character by character: a native call costs more. */
const SHORT_TEXT = 64;

/** Appends little-endian binary data to a growing buffer. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  /** @param bytes expected: no growing, and no copy of what was written, up to so many. */
  constructor(bytes: number = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

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
    const buffer = this.#buffer;
    const at = this.#length;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    this.#length = at + 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  /** Unsigned LEB128 of a safe integer ≥ 0. */
  varint(value: number): void {
    this.#reserve(8);
    const buffer = this.#buffer;
    let at = this.#length;
    let rest = value;
    while (rest > 0x7fffffff) {
      buffer[at++] = (rest % 0x80) | 0x80;
      rest = floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.#length = at;
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
    const { length } = value;
    this.#reserve(length * 3 + 5);
    const start = this.#length + 1;
    if (length <= SHORT_TEXT && this.#writeAscii(value, start)) {
      this.#buffer[this.#length] = length;
      this.#length = start + length;
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

  /** False, with the bytes behind `start` spoilt, if a character is none of ASCII's. */
  #writeAscii(value: string, start: number): boolean {
    const buffer = this.#buffer;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) {
        return false;
      }
      buffer[start + index] = unit;
    }
    return true;
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
  #position: number;

  constructor(
    readonly buffer: Buffer,
    position = 0,
  ) {
    this.#position = position;
  }

  /** Of the next byte read. */
  get position(): number {
    return this.#position;
  }

  get done(): boolean {
    return this.#position >= this.buffer.length;
  }

  u8(): number {
    const value = this.buffer[this.#position];
    if (value === undefined) {
      this.#take(1);
      return 0;
    }
    this.#position++;
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
    let byte = this.u8();
    if (byte < 0x80) {
      return byte;
    }
    let value = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    for (let factor = 2 ** 28; ; factor *= 0x80) {
      byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        return value;
      }
    }
  }

  signed(): number {
    const tagged = this.varint();
    if (tagged <= 0x7fffffff && (tagged & 2) === 0) {
      return (tagged & 1) === 0 ? tagged >>> 2 : -(tagged >>> 2);
    }
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

  /** Passes over so many bytes. @returns where they begin. */
  skip(length: number): number {
    return this.#take(length);
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
