import { CUID_BYTES_MAX, isWellFormed } from '@tessera/tag-catalog';
import { RECORD_BYTES, hasTail, pack } from './packed-cuid';

/** Cuids worked on at a time: what is known of them fits the second-level cache together with the places they lead to. */
export const BATCH_CUIDS = 1_024;

const TEXT_BYTES_MAX = BATCH_CUIDS * CUID_BYTES_MAX;
/** Words are read across the end of a text. It also keeps a text that is not ASCII from being cut to the length of one that is. */
const SLACK_BYTES = 2 * RECORD_BYTES;

/** HalfSipHash's constants, those of its form with 64 bits of output among them. */
const INITIAL_2 = 0x6c796765;
const INITIAL_3 = 0x74656462;
const LONG_OUTPUT = 0xee;
const SECOND_HALF = 0xdd;
const FINAL_ROUNDS = 3;
/** A record is hashed with its kind behind it. */
const HASHED_RECORD_LENGTH = RECORD_BYTES + 1;

/**
 * Up to 1,024 cuids, packed ({@link pack}) and hashed: HalfSipHash-1-3 with 64 bits of output (Aumasson and Bernstein; the 32-bit sibling
 * of SipHash). Keyed, so that nobody outside can choose cuids that all fall into one place of a table.
 */
export class CuidBatch {
  /** Records, four words each. */
  readonly words = new Int32Array(4 * BATCH_CUIDS);
  readonly kinds = new Uint8Array(BATCH_CUIDS);
  /** Both halves of the hashes. */
  readonly hashes0 = new Int32Array(BATCH_CUIDS);
  readonly hashes1 = new Int32Array(BATCH_CUIDS);
  /** UTF-8, and where each text begins. Texts that came packed are not there. */
  readonly text = Buffer.allocUnsafeSlow(TEXT_BYTES_MAX + SLACK_BYTES);
  readonly textAt = new Int32Array(BATCH_CUIDS);
  readonly #textView = new DataView(this.text.buffer);
  readonly #wordView = new DataView(this.words.buffer);
  readonly #lengths = new Uint8Array(BATCH_CUIDS);
  readonly #encoder = new TextEncoder();
  readonly #key0: number;
  readonly #key1: number;

  /** @param seed a safe integer, at least 0. */
  constructor(seed: number) {
    this.#key0 = seed | 0;
    this.#key1 = Math.floor(seed / 2 ** 32) | 0;
  }

  /** Memory in use. */
  get byteLength(): number {
    return this.text.length + this.words.byteLength + BATCH_CUIDS * 14;
  }

  /** @throws RangeError unless the cuid is 1 to 128 bytes of well-formed UTF-8. */
  loadOne(cuid: string): void {
    this.#packText(0, 0, this.#encode(cuid, 0));
    this.#hash(0);
  }

  /**
   * Loads `cuids[start]` up to `cuids[end − 1]`, at most 1,024.
   * @throws RangeError as {@link loadOne} does.
   */
  load(cuids: readonly string[], start: number, end: number): void {
    const count = end - start;
    if (!this.#encodeAscii(cuids, start, count)) this.#encodeEach(cuids, start, count);
    for (let index = 0, at = 0; index < count; index++) {
      const length = this.#lengths[index]!;
      this.#packText(index, at, length);
      at += length;
    }
    for (let index = 0; index < count; index++) this.#hash(index);
  }

  /** Hashes what was put into `words`, `kinds` and, of long texts, `text` and `textAt`. */
  hash(count: number): void {
    for (let index = 0; index < count; index++) this.#hash(index);
  }

  /** Overwrites every cuid that it ever held. */
  wipe(): void {
    this.text.fill(0);
    this.words.fill(0);
  }

  #packText(index: number, at: number, length: number): void {
    this.kinds[index] = pack(this.#textView, at, length, this.words, 4 * index);
    this.textAt[index] = at;
  }

  /** Writes all of them with one call; false if that does not do: one is not ASCII, empty or too long. */
  #encodeAscii(cuids: readonly string[], start: number, count: number): boolean {
    const lengths = this.#lengths;
    let all = '';
    for (let index = 0; index < count; index++) {
      const cuid = cuids[start + index]!;
      const { length } = cuid;
      if (length === 0 || length > CUID_BYTES_MAX) return false;
      lengths[index] = length;
      all += cuid;
    }
    // A character that is not ASCII has more bytes than UTF-16 units.
    return this.text.write(all, 0, 'utf8') === all.length;
  }

  #encodeEach(cuids: readonly string[], start: number, count: number): void {
    for (let index = 0, at = 0; index < count; index++) {
      const length = this.#encode(cuids[start + index]!, at);
      this.#lengths[index] = length;
      at += length;
    }
  }

  /** Writes one text; its bytes. */
  #encode(cuid: string, at: number): number {
    const { length } = cuid;
    const { text } = this;
    if (length <= CUID_BYTES_MAX && length > 0) {
      let seen = 0;
      for (let index = 0; index < length; index++) {
        const code = cuid.charCodeAt(index);
        seen |= code;
        text[at + index] = code;
      }
      if (seen < 0x80) return length;
    }
    const { read, written } = this.#encoder.encodeInto(cuid, text.subarray(at, at + CUID_BYTES_MAX));
    if (written === 0 || read < length || !isWellFormed(cuid)) {
      throw new RangeError(
        `a cuid is 1 to ${CUID_BYTES_MAX} bytes of well-formed UTF-8, this one is not: ${JSON.stringify(cuid.slice(0, 40))}`,
      );
    }
    return written;
  }

  #hash(index: number): void {
    const kind = this.kinds[index]!;
    if (!hasTail(kind)) {
      this.#hashMessage(index, this.#wordView, RECORD_BYTES * index, 4, kind | (HASHED_RECORD_LENGTH << 24));
      return;
    }
    const at = this.textAt[index]!;
    const whole = kind >>> 2;
    const rest = this.#textView.getInt32(at + 4 * whole, true) & ((1 << (8 * (kind & 3))) - 1);
    this.#hashMessage(index, this.#textView, at, whole, rest | (kind << 24));
  }

  /** @param last the bytes behind the whole words, with the length in bytes on top. */
  #hashMessage(index: number, message: DataView, at: number, whole: number, last: number): void {
    let v0 = this.#key0;
    let v1 = this.#key1 ^ LONG_OUTPUT;
    let v2 = INITIAL_2 ^ this.#key0;
    let v3 = INITIAL_3 ^ this.#key1;
    for (let step = 0; step <= whole + 2 * FINAL_ROUNDS; step++) {
      let word = 0;
      if (step < whole) word = message.getInt32(at + 4 * step, true);
      else if (step === whole) word = last;
      else if (step === whole + 1) v2 ^= LONG_OUTPUT;
      else if (step === whole + 1 + FINAL_ROUNDS) {
        this.hashes0[index] = v1 ^ v3;
        v1 ^= SECOND_HALF;
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
    this.hashes1[index] = v1 ^ v3;
  }
}
