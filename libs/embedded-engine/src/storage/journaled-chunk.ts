import { Chunk } from './chunk-tracker';

/** Changes that are noted before the chunk is captured rather than note more: reverting them takes about a millisecond. */
const NOTES_MIN = 4096;
/** By how much chunks differ in that, so that those that change evenly are not captured all at once. */
const NOTES_SPREAD_BITS = 13;
const NOTES_INITIAL = 64;

// Taken once: a look-up of a global is measurable.
const { imul } = Math;
let made = 0;

/**
 * A chunk of values by position. While a checkpoint waits for it, a change at one position is noted with what was there before instead of
 * serialising the whole chunk on the spot: intake that touches all chunks at once costs nothing but notes, and the checkpoint takes
 * the chunks one by one.
 */
export abstract class JournaledChunk extends Chunk {
  /** Numbers that hold all that the chunk stores of one position. */
  protected abstract readonly cells: number;
  readonly #notesMax = NOTES_MIN + (imul(++made, 0x9e3779b1) >>> (32 - NOTES_SPREAD_BITS));
  #positions = new Uint32Array(0);
  #before = new Float64Array(0);
  #count = 0;

  /** As `beforeWrite`, where nothing but what is stored of one position will change. */
  beforeWriteAt(position: number): void {
    if (this.awaitsCapture && this.#count < this.#notesMax) {
      this.#note(position);
      this.markDirty();
    } else {
      this.beforeWrite();
    }
  }

  /** Writes what the chunk stores of a position to `out`, from `at` on. */
  protected abstract readCells(position: number, out: Float64Array, at: number): void;
  /** Puts it back. Nothing is noted, and what is derived from the values (an index, counts) is left alone. */
  protected abstract writeCells(position: number, from: Float64Array, at: number): void;

  override serializeAsBegun(): Buffer {
    if (this.#count === 0) {
      return this.serialize();
    }
    const now = new Float64Array(this.#count * this.cells);
    for (let index = 0; index < this.#count; index++) {
      this.readCells(this.#positions[index]!, now, index * this.cells);
    }
    for (let index = this.#count - 1; index >= 0; index--) {
      this.writeCells(this.#positions[index]!, this.#before, index * this.cells);
    }
    const bytes = this.serialize();
    for (let index = 0; index < this.#count; index++) {
      this.writeCells(this.#positions[index]!, now, index * this.cells);
    }
    this.forgetBegin();
    return bytes;
  }

  override forgetBegin(): void {
    this.#count = 0;
    this.#positions = new Uint32Array(0);
    this.#before = new Float64Array(0);
  }

  #note(position: number): void {
    if (this.#count === this.#positions.length) {
      const notes = Math.max(NOTES_INITIAL, this.#count * 2);
      const positions = new Uint32Array(notes);
      positions.set(this.#positions);
      this.#positions = positions;
      const before = new Float64Array(notes * this.cells);
      before.set(this.#before);
      this.#before = before;
    }
    this.#positions[this.#count] = position;
    this.readCells(position, this.#before, this.#count * this.cells);
    this.#count++;
  }
}
