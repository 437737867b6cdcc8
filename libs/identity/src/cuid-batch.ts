import { CUID_BYTES_MAX, isWellFormed } from '@tessera/tag-catalog';
import { pack } from './packed-cuid';

/** Cuids worked on at a time: what is known of them fits the second-level cache together with the places they lead to. */
export const BATCH_CUIDS = 1_024;

// Constants of this file: a look at another module's costs in a hot loop.
const RECORD_BYTES = 16;
const KIND_HEX = 129;
const TEXT_BYTES_MAX = BATCH_CUIDS * CUID_BYTES_MAX;
/** Words are read across the end of a text. It also keeps a text that is not ASCII from being cut to the length of one that is. */
const SLACK_BYTES = 2 * RECORD_BYTES;

/** HalfSipHash's constants. */
const INITIAL_2 = 0x6c796765;
const INITIAL_3 = 0x74656462;
const FINAL = 0xff;
const FINAL_ROUNDS = 3;
/** A record is hashed with its kind behind it: 17 bytes. Their number stands on top of the last word. */
const HASHED_RECORD_TOP = 17 << 24;

/**
 * Up to 1,024 cuids, packed ({@link pack}) and hashed with HalfSipHash-1-3 (Aumasson and Bernstein; the 32-bit sibling of SipHash).
 * Keyed, so that nobody outside can choose cuids that all fall into one place of a table (docs/decisions/0011-packed-cuids.md).
 */
export class CuidBatch {
  /** Records, four words each. */
  readonly words = new Int32Array(4 * BATCH_CUIDS);
  readonly kinds = new Uint8Array(BATCH_CUIDS);
  /** The hashes: HalfSipHash's 32 bits, and as many from the other half of its last state. */
  readonly hashes0 = new Int32Array(BATCH_CUIDS);
  readonly hashes1 = new Int32Array(BATCH_CUIDS);
  /** UTF-8, and where each text begins. Texts that came packed are not there. */
  readonly text = Buffer.allocUnsafeSlow(TEXT_BYTES_MAX + SLACK_BYTES);
  readonly textAt = new Int32Array(BATCH_CUIDS);
  readonly #textView = new DataView(this.text.buffer);
  readonly #message = new Int32Array(CUID_BYTES_MAX / 4 + 1);
  readonly #lengths = new Uint8Array(BATCH_CUIDS);
  readonly #encoder = new TextEncoder();
  readonly #key = new Int32Array(2);

  /** @param seed a safe integer, at least 0. */
  constructor(seed: number) {
    this.#key[0] = seed;
    this.#key[1] = Math.floor(seed / 2 ** 32);
  }

  /** Memory in use. */
  get byteLength(): number {
    return this.text.length + this.words.byteLength + BATCH_CUIDS * 14;
  }

  /** @throws RangeError unless the cuid is 1 to 128 bytes of well-formed UTF-8. */
  loadOne(cuid: string): void {
    this.#packText(0, 0, this.#encode(cuid, 0));
    this.hash(1);
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
    this.hash(count);
  }

  /** Hashes what was put into `words`, `kinds` and, of long texts, `text` and `textAt`. */
  hash(count: number): void {
    const { kinds, hashes0, hashes1 } = this;
    const key0 = this.#key[0]!;
    const key1 = this.#key[1]!;
    for (let index = 0; index < count; index++) {
      const kind = kinds[index]!;
      let message = this.words;
      let from = 4 * index;
      let whole = 4;
      let last = kind | HASHED_RECORD_TOP;
      if (kind > RECORD_BYTES && kind < KIND_HEX) {
        this.#readMessage(index, kind);
        message = this.#message;
        from = 0;
        whole = kind >>> 2;
        last = message[whole]!;
      }
      let v0 = key0;
      let v1 = key1;
      let v2 = INITIAL_2 ^ key0;
      let v3 = INITIAL_3 ^ key1;
      for (let step = 0; step <= whole + FINAL_ROUNDS; step++) {
        let word = 0;
        if (step < whole) word = message[from + step]!;
        else if (step === whole) word = last;
        else if (step === whole + 1) v2 ^= FINAL;
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
      hashes0[index] = v1 ^ v3;
      hashes1[index] = v0 ^ v2;
    }
  }

  /** Writes the bytes of a text of 17 bytes and more as words, with zeros behind them; `into` has room for 32. */
  textWords(index: number, into: Int32Array): void {
    const length = this.kinds[index]!;
    const at = this.textAt[index]!;
    const whole = length >>> 2;
    for (let word = 0; word < whole; word++) into[word] = this.#textView.getInt32(at + 4 * word, true);
    const rest = length & 3;
    if (rest > 0) into[whole] = this.#textView.getInt32(at + 4 * whole, true) & ((1 << (8 * rest)) - 1);
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

  /** The words of a long text; the last one's upper bytes are its length. */
  #readMessage(index: number, length: number): void {
    const message = this.#message;
    const at = this.textAt[index]!;
    const whole = length >>> 2;
    for (let word = 0; word <= whole; word++) message[word] = this.#textView.getInt32(at + 4 * word, true);
    message[whole] = (message[whole]! & ((1 << (8 * (length & 3))) - 1)) | (length << 24);
  }
}
