import { CUID_BYTES_MAX, isWellFormed } from '@tessera/tag-catalog';

const MIX_2 = 0x6c796765;
const MIX_3 = 0x74656462;

/**
 * Holds the UTF-8 bytes of one cuid at a time and hashes them: HalfSipHash-1-3 with 64 bits of output (Aumasson and Bernstein; the 32-bit
 * sibling of SipHash). Keyed, so that nobody outside can choose cuids that all fall into one place of a table.
 */
export class CuidHasher {
  /** The bytes held; the four behind `length` are 0. */
  readonly bytes = new Uint8Array(CUID_BYTES_MAX + 8);
  length = 0;
  /** Both halves of the last hash, as signed 32-bit integers. */
  readonly hashed = new Int32Array(2);
  readonly #words = new Int32Array(this.bytes.buffer);
  readonly #room = this.bytes.subarray(0, CUID_BYTES_MAX);
  readonly #encoder = new TextEncoder();
  readonly #key0: number;
  readonly #key1: number;

  /** @param seed a safe integer, at least 0. */
  constructor(seed: number) {
    this.#key0 = seed | 0;
    this.#key1 = Math.floor(seed / 2 ** 32) | 0;
  }

  /** @throws RangeError unless the cuid is 1 to 128 bytes of well-formed UTF-8. */
  load(cuid: string): void {
    const { length } = cuid;
    const bytes = this.bytes;
    if (length <= CUID_BYTES_MAX && length > 0) {
      let seen = 0;
      for (let at = 0; at < length; at++) {
        const code = cuid.charCodeAt(at);
        seen |= code;
        bytes[at] = code;
      }
      if (seen < 0x80) {
        this.#end(length);
        return;
      }
    }
    this.#loadEncoded(cuid);
  }

  loadBytes(source: Uint8Array, start: number, end: number): void {
    const bytes = this.bytes;
    for (let at = start, to = 0; at < end; at++, to++) bytes[to] = source[at]!;
    this.#end(end - start);
  }

  /** Puts the hash of the bytes held into `hashed`. */
  hash(): void {
    const { length } = this;
    const words = this.#words;
    let v0 = this.#key0;
    let v1 = this.#key1 ^ 0xee;
    let v2 = MIX_2 ^ this.#key0;
    let v3 = MIX_3 ^ this.#key1;
    const whole = length >>> 2;
    // The last word is the rest of the bytes with the length on top; then come three or, for the second half, six empty rounds.
    for (let step = 0; step <= whole + 6; step++) {
      let word = 0;
      if (step < whole) word = words[step]!;
      else if (step === whole) word = words[whole]! | (length << 24);
      else if (step === whole + 1) v2 ^= 0xee;
      else if (step === whole + 4) {
        this.hashed[0] = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    this.hashed[1] = v1 ^ v3;
  }

  #end(length: number): void {
    const bytes = this.bytes;
    this.length = length;
    bytes[length] = 0;
    bytes[length + 1] = 0;
    bytes[length + 2] = 0;
    bytes[length + 3] = 0;
  }

  #loadEncoded(cuid: string): void {
    const { read, written } = this.#encoder.encodeInto(cuid, this.#room);
    if (written === 0 || read < cuid.length || !isWellFormed(cuid)) {
      throw new RangeError(
        `a cuid is 1 to ${CUID_BYTES_MAX} bytes of well-formed UTF-8, this one is not: ${JSON.stringify(cuid.slice(0, 40))}`,
      );
    }
    this.#end(written);
  }
}
