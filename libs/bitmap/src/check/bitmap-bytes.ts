import { MalformedBitmapError } from '../malformed-bitmap-error';
import { assembleContainerChecks } from './assemble-container-checks';

/** What is used of it: its types come with those of browsers alone. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: ContainerChecks };
};

/** What the module exports. */
interface ContainerChecks {
  readonly memory: { readonly buffer: ArrayBuffer };
  countBits(at: number, end: number): number;
  areAscending(at: number, end: number): number;
  sumRuns(at: number, end: number): number;
}

/** More than the longest container, 262,140 bytes of runs that can't all be right; a bitmap of a whole StarRocks segment is half. */
const MEMORY_BYTES = 1024 * 1024;
const checks = new WebAssembly.Instance(new WebAssembly.Module(assembleContainerChecks(MEMORY_BYTES))).exports;
const memory = Buffer.from(checks.memory.buffer);
const memoryView = new DataView(checks.memory.buffer);

/**
 * Bytes of a bitmap while they are checked and read, which is done before anybody else's: the checks see them through a piece of memory
 * that is there once. Offsets are those in `bytes`.
 */
export class BitmapBytes {
  /** Which of the bytes are in the memory of the checks. */
  #from = 0;
  #to = 0;

  private constructor(
    readonly bytes: Uint8Array,
    readonly view: DataView,
    /** Where they end in `bytes`. */
    readonly end: number,
  ) {
    if (bytes === memory) this.#to = end;
  }

  static of(bytes: Uint8Array): BitmapBytes {
    return new BitmapBytes(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length);
  }

  /**
   * Put into the memory of the checks, if there is room: memory of their own would cost more than the decoding.
   * @throws MalformedBitmapError
   */
  static ofBase64(text: string): BitmapBytes {
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    const length = (text.length / 4) * 3 - padding;
    const isLong = length > MEMORY_BYTES;
    const bytes = isLong ? Buffer.allocUnsafeSlow(Math.ceil(length)) : memory;
    // Characters that don't belong into base64 are left out, or end it: then there are fewer bytes.
    const written = bytes.write(text, 'base64');
    if (written !== length)
      throw new MalformedBitmapError(`${text.length} characters are no base64: ${written} bytes`, written);
    return isLong ? BitmapBytes.of(bytes) : new BitmapBytes(memory, memoryView, written);
  }

  /** @throws MalformedBitmapError unless there are so many bytes from `at` on. */
  demand(at: number, count: number, what: string): void {
    if (at + count > this.end) throw new MalformedBitmapError(`${what} cut off at the end, ${this.end} bytes`, at);
  }

  /** How many bits are set in these bytes, a multiple of 64. */
  countBits(at: number, end: number): number {
    const from = this.#place(at, end);
    return checks.countBits(from, from + end - at);
  }

  /** Whether each u16 is above the one before. */
  areAscending(at: number, end: number): boolean {
    const from = this.#place(at, end);
    return checks.areAscending(from, from + end - at) === 1;
  }

  /**
   * Of runs, at least one: u16 first value, u16 values behind it.
   * @returns how many values they have behind their first ones; −1: they overlap, touch, are in no order, or end above 65,535.
   */
  sumRuns(at: number, end: number): number {
    const from = this.#place(at, end);
    return checks.sumRuns(from, from + end - at);
  }

  /** @returns where the bytes from `at` to `end` begin in the memory of the checks. */
  #place(at: number, end: number): number {
    if (at < this.#from || end > this.#to) {
      this.#from = at;
      this.#to = Math.min(this.end, at + MEMORY_BYTES);
      memory.set(this.bytes.subarray(at, this.#to));
    }
    return at - this.#from;
  }
}
