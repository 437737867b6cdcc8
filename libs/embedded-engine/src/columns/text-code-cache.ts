// Taken once: a look-up of a global a byte is measurable.
const { imul } = Math;
const SLOTS = 2048;
/** Longer texts are not kept. */
const BYTES_MAX = 32;

/** Codes of short texts met lately, found by their UTF-8 bytes; each text has one place, which the latest takes. */
export class TextCodeCache {
  #bytes: Uint8Array | null = null;
  /** Code + 1 of each place, 0 for free: codes stay below 2^32 − 1. */
  #codes = new Uint32Array(0);
  #lengths = new Uint8Array(0);
  #slot = 0;

  /** −1: not known here. */
  find(bytes: Uint8Array, start: number, length: number): number {
    const kept = this.#bytes;
    if (kept === null || length > BYTES_MAX) {
      return -1;
    }
    let hash = length;
    for (let index = 0; index < length; index++) {
      hash = imul(hash ^ bytes[start + index]!, 0x01000193);
    }
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    this.#slot = slot;
    if (this.#lengths[slot] !== length || this.#codes[slot] === 0) {
      return -1;
    }
    const at = slot * BYTES_MAX;
    for (let index = 0; index < length; index++) {
      if (kept[at + index] !== bytes[start + index]) {
        return -1;
      }
    }
    return this.#codes[slot]! - 1;
  }

  /** Keeps the code of a text. */
  put(bytes: Uint8Array, start: number, length: number, code: number): void {
    if (length > BYTES_MAX) {
      return;
    }
    if (this.#bytes === null) {
      this.#bytes = new Uint8Array(SLOTS * BYTES_MAX);
      this.#codes = new Uint32Array(SLOTS);
      this.#lengths = new Uint8Array(SLOTS);
    }
    // Leaves the text's place in `#slot`.
    this.find(bytes, start, length);
    this.#lengths[this.#slot] = length;
    this.#codes[this.#slot] = code + 1;
    for (let index = 0; index < length; index++) {
      this.#bytes[this.#slot * BYTES_MAX + index] = bytes[start + index]!;
    }
  }

  /** Forgets everything: codes may have got another text. */
  clear(): void {
    this.#codes.fill(0);
  }
}
