import type { Bitmap } from './bitmap';

const HANDLE_MAX = 0x7fff_ffff;

/**
 * Bitmaps of the statements that run now. In DuckDB a BITMAP is the number of one of these, so that joins and sorts move four bytes
 * and not the bitmap. A handle lives as long as any statement that began before it was given out.
 */
export class Handles {
  readonly #bitmaps = new Map<number, Bitmap>();
  /** The first handle that each running statement can have. */
  readonly #running = new Map<symbol, number>();
  #next = 1;

  put(bitmap: Bitmap): number {
    const handle = this.#next;
    if (handle > HANDLE_MAX) throw new Error('out of handles of bitmaps: some statement never ends');
    this.#next++;
    this.#bitmaps.set(handle, bitmap);
    return handle;
  }

  get(handle: number): Bitmap {
    const bitmap = this.#bitmaps.get(handle);
    if (bitmap === undefined)
      throw new Error(`no bitmap has the handle ${handle}: it was stored, or its statement is over`);
    return bitmap;
  }

  /** Runs a statement of which every handle is forgotten behind it. */
  async during<T>(statement: () => Promise<T>): Promise<T> {
    const key = Symbol('statement');
    this.#running.set(key, this.#next);
    try {
      return await statement();
    } finally {
      this.#running.delete(key);
      this.#forget();
    }
  }

  #forget(): void {
    if (this.#running.size === 0) {
      this.#bitmaps.clear();
      this.#next = 1;
      return;
    }
    const least = Math.min(...this.#running.values());
    // In the order in which they were given out.
    for (const handle of this.#bitmaps.keys()) {
      if (handle >= least) return;
      this.#bitmaps.delete(handle);
    }
  }
}
