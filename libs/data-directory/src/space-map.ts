import type { Extent } from './value-file';

/** A value is put together from several extents only if each has at least this many pages (64 KiB), the last one apart. */
const PIECE_PAGES_MIN = 16;

interface Space {
  first: number;
  /** 0: used up; taken out with the next {@link SpaceMap.release}. */
  pages: number;
}

/**
 * Which pages of the value file are free. Space is taken from the front of the file, so that its end gets free; a value for
 * which there is no space in one piece is cut into several before the file grows.
 */
export class SpaceMap {
  /** By position; no two of them touch. */
  #free: Space[] = [];
  #end: number;
  /** No free space has more pages. */
  #largestMax = 0;

  /**
   * @param used in any order. @param end pages in the file; what lies behind does not exist.
   * @throws RangeError if two of the extents overlap.
   */
  constructor(used: readonly Extent[], end: number) {
    const sorted = [...used].sort((left, right) => left.first - right.first);
    let at = 0;
    for (const { first, pages } of sorted) {
      if (first < at) throw new RangeError(`pages ${first} to ${at - 1} are used twice`);
      if (first > at) this.#free.push({ first: at, pages: first - at });
      at = first + pages;
    }
    if (end > at) this.#free.push({ first: at, pages: end - at });
    this.#end = Math.max(at, end);
    this.#largestMax = Infinity;
  }

  /** Pages up to the end of the last extent that was ever given out, or of the file. */
  get end(): number {
    return this.#end;
  }

  get freePages(): number {
    return this.#free.reduce((sum, { pages }) => sum + pages, 0);
  }

  /** @param pages at least 1. */
  allocate(pages: number): Extent[] {
    const whole = this.#findWhole(pages);
    if (whole !== undefined) return [take(whole, pages)];
    const extents: Extent[] = [];
    let missing = pages;
    if (pages > PIECE_PAGES_MIN) {
      for (const space of this.#free) {
        if (missing === 0) break;
        if (space.pages < Math.min(PIECE_PAGES_MIN, missing)) continue;
        const piece = take(space, Math.min(space.pages, missing));
        extents.push(piece);
        missing -= piece.pages;
      }
    }
    if (missing > 0) {
      extents.push({ first: this.#end, pages: missing });
      this.#end += missing;
    }
    return extents;
  }

  /** All that is free. */
  allocateAll(): Extent[] {
    const extents = this.#free.filter(({ pages }) => pages > 0).map(({ first, pages }) => ({ first, pages }));
    this.#free = [];
    return extents;
  }

  /** Gives back what was allocated. */
  release(extents: readonly Extent[]): void {
    const spaces: Space[] = this.#free.filter(({ pages }) => pages > 0);
    for (const { first, pages } of extents) spaces.push({ first, pages });
    spaces.sort((left, right) => left.first - right.first);
    this.#free = [];
    for (const space of spaces) {
      const last = this.#free.at(-1);
      if (last === undefined || last.first + last.pages < space.first) {
        this.#free.push(space);
        continue;
      }
      if (last.first + last.pages > space.first) throw new RangeError(`page ${space.first} was given back twice`);
      last.pages += space.pages;
    }
    this.#largestMax = Infinity;
  }

  /** Free pages at the end of the file. */
  get tailPages(): number {
    const last = this.#free.at(-1);
    return last !== undefined && last.first + last.pages === this.#end ? last.pages : 0;
  }

  /** Forgets the free pages at the end. @returns how many pages the file is to have. */
  trim(): number {
    const tail = this.tailPages;
    if (tail > 0) this.#free.pop();
    this.#end -= tail;
    return this.#end;
  }

  #findWhole(pages: number): Space | undefined {
    if (pages > this.#largestMax) return undefined;
    let largest = 0;
    for (const space of this.#free) {
      if (space.pages >= pages) return space;
      if (space.pages > largest) largest = space.pages;
    }
    this.#largestMax = largest;
    return undefined;
  }
}

function take(space: Space, pages: number): Extent {
  const extent = { first: space.first, pages };
  space.first += pages;
  space.pages -= pages;
  return extent;
}
