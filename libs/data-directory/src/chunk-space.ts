import { SpaceMap } from './space-map';
import type { Extent } from './value-file';

/** At least so much of the file must be free space at its end before it is cut off. */
const TRIM_SHARE = 0.6;
const TRIM_PAGES_MIN = 16_384;

interface Retired {
  readonly epoch: number;
  readonly extents: readonly Extent[];
}

/**
 * Which space of the value file may be written to. Space that a commit freed is used again only when nobody can be reading it any
 * more: no read of this process that began before the commit, and no other process that holds a snapshot of the database.
 */
export class ChunkSpace {
  #map: SpaceMap;
  #retired: Retired[] = [];
  /** Number of commits. */
  #epoch = 0;
  /** Epochs in which the reads under way began. */
  readonly #reads = new Map<symbol, number>();

  /**
   * @param used by chunks. @param end pages in the file.
   * @param hasOtherReaders whether another process holds a snapshot, of whatever age.
   */
  constructor(
    used: readonly Extent[],
    end: number,
    private readonly hasOtherReaders: () => boolean,
  ) {
    this.#map = new SpaceMap(used, end);
    if (this.#map.freePages > 0 && hasOtherReaders()) {
      // What is free now may be in use in a snapshot that was taken before this process began.
      const free = this.#map.allocateAll();
      this.#retired.push({ epoch: 0, extents: free });
    }
  }

  /** Pages that the file may have. */
  get end(): number {
    return this.#map.end;
  }

  get freePages(): number {
    return this.#map.freePages;
  }

  allocate(pages: number): Extent[] {
    return this.#map.allocate(pages);
  }

  /** What was allocated and never visible. */
  release(extents: readonly Extent[]): void {
    this.#map.release(extents);
  }

  /** What a commit that is on disk freed. */
  retire(extents: readonly Extent[]): void {
    this.#epoch++;
    if (extents.length > 0) this.#retired.push({ epoch: this.#epoch, extents });
    this.reclaim();
  }

  /** Frees what nobody can be reading any more. */
  reclaim(): void {
    if (this.#retired.length === 0 || this.hasOtherReaders()) return;
    const oldest = Math.min(...this.#reads.values());
    const free = this.#retired.filter(({ epoch }) => epoch <= oldest);
    if (free.length === 0) return;
    this.#retired = this.#retired.filter(({ epoch }) => epoch > oldest);
    this.#map.release(free.flatMap(({ extents }) => extents));
  }

  /** Starts afresh from what is in use; `staged` is allocated, but visible to nobody. */
  rebuild(used: readonly Extent[], staged: readonly Extent[]): void {
    const taken = new Set(used.map(({ first }) => first));
    const retired = this.#retired.flatMap(({ extents }) => extents).filter(({ first }) => !taken.has(first));
    this.#map = new SpaceMap([...used, ...staged, ...retired], this.#map.end);
  }

  /** @returns a token for {@link endRead}. */
  beginRead(): symbol {
    const token = Symbol('read');
    this.#reads.set(token, this.#epoch);
    return token;
  }

  endRead(token: symbol): void {
    this.#reads.delete(token);
  }

  /**
   * How many pages the file is to be cut to, null to leave it. What is cut off is no longer given out.
   * @param eagerly whatever is free at the end.
   */
  trim(eagerly: boolean): number | null {
    const tail = this.#map.tailPages;
    if (tail === 0 || (!eagerly && (tail < TRIM_PAGES_MIN || tail < this.#map.end * TRIM_SHARE))) return null;
    return this.#map.trim();
  }
}
