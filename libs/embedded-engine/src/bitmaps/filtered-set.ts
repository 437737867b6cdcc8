import { RoaringBitmap32 } from '@tessera/bitmap';
import { copyOf, intersectionOf } from './arena';
import type { NumberColumn } from '../columns/number-vector';
import type { LazySet } from './lazy-set';
import { borrowed, type Operand, owned } from './operand';
import { passing, passingBelow, type PositionTest } from './position-test';

/** A bitmap of a known size, looked up when it is needed. */
export interface Piece {
  readonly size: number;
  /** Not to be changed. */
  readonly bitmap: RoaringBitmap32;
}

/** Everybody in `sure`, and those in the edges (bitmaps that lie outside it) who pass a test. */
export class EdgedSet implements LazySet {
  constructor(
    private readonly sure: LazySet,
    private readonly edges: readonly Piece[],
    private readonly test: PositionTest,
  ) {}

  get sizeMax(): number {
    return this.edges.reduce((sum, edge) => sum + edge.size, this.sure.sizeMax);
  }

  count(): number {
    return this.edges.reduce((sum, edge) => sum + passing(edge.bitmap, this.test).length, this.sure.count());
  }

  operand(): Operand {
    const sure = this.sure.operand();
    const members = sure.owned ? sure.bitmap : copyOf(sure.bitmap);
    for (const edge of this.edges) {
      members.orInPlace(new RoaringBitmap32(passing(edge.bitmap, this.test)));
    }
    return owned(members);
  }

  countIn(members: RoaringBitmap32): number {
    return this.edges.reduce((sum, edge) => sum + this.#passing(edge, members).length, this.sure.countIn(members));
  }

  retain(members: RoaringBitmap32): void {
    const kept = this.edges.map((edge) => new RoaringBitmap32(this.#passing(edge, members)));
    this.sure.retain(members);
    for (const bitmap of kept) {
      members.orInPlace(bitmap);
    }
  }

  remove(members: RoaringBitmap32): void {
    for (const edge of this.edges) {
      members.andNotInPlace(new RoaringBitmap32(this.#passing(edge, members)));
    }
    this.sure.remove(members);
  }

  #passing(edge: Piece, members: RoaringBitmap32): Uint32Array {
    return passing(intersectionOf(edge.bitmap, members), this.test);
  }
}

/** A bitmap, corrected by a few small ones: `plus` lie outside it and `minus` within, no two of either share a user. */
export class AdjustedSet implements LazySet {
  constructor(
    private readonly base: Piece,
    private readonly plus: readonly Piece[],
    private readonly minus: readonly Piece[],
  ) {}

  get sizeMax(): number {
    return this.count();
  }

  count(): number {
    return this.base.size + sumOf(this.plus, sizeOf) - sumOf(this.minus, sizeOf);
  }

  operand(): Operand {
    if (this.plus.length + this.minus.length === 0) {
      return borrowed(this.base.bitmap);
    }
    const members = copyOf(this.base.bitmap);
    for (const { bitmap } of this.plus) {
      members.orInPlace(bitmap);
    }
    for (const { bitmap } of this.minus) {
      members.andNotInPlace(bitmap);
    }
    return owned(members);
  }

  countIn(members: RoaringBitmap32): number {
    const among = ({ bitmap }: Piece): number => members.andCardinality(bitmap);
    return among(this.base) + sumOf(this.plus, among) - sumOf(this.minus, among);
  }

  retain(members: RoaringBitmap32): void {
    const hits = this.plus.map(({ bitmap }) => intersectionOf(bitmap, members));
    members.andInPlace(this.base.bitmap);
    for (const { bitmap } of this.minus) {
      members.andNotInPlace(bitmap);
    }
    for (const hit of hits) {
      members.orInPlace(hit);
    }
  }

  remove(members: RoaringBitmap32): void {
    const spared = this.minus.map(({ bitmap }) => intersectionOf(bitmap, members));
    members.andNotInPlace(this.base.bitmap);
    for (const { bitmap } of this.plus) {
      members.andNotInPlace(bitmap);
    }
    for (const bitmap of spared) {
      members.orInPlace(bitmap);
    }
  }
}

function sizeOf({ size }: Piece): number {
  return size;
}

function sumOf(pieces: readonly Piece[], valueOf: (piece: Piece) => number): number {
  let sum = 0;
  for (const piece of pieces) {
    sum += valueOf(piece);
  }
  return sum;
}

/** What an index says, except of the users whose values have changed since: of them the test decides. */
export class OverlaidSet implements LazySet {
  constructor(
    private readonly base: LazySet,
    private readonly changed: RoaringBitmap32,
    private readonly test: PositionTest,
  ) {}

  get sizeMax(): number {
    return this.base.sizeMax + this.changed.size;
  }

  count(): number {
    return this.base.count() - this.base.countIn(this.changed) + passing(this.changed, this.test).length;
  }

  operand(): Operand {
    const base = this.base.operand();
    const members = base.owned ? base.bitmap : copyOf(base.bitmap);
    members.andNotInPlace(this.changed);
    members.addMany(passing(this.changed, this.test));
    return owned(members);
  }

  countIn(members: RoaringBitmap32): number {
    const changed = intersectionOf(members, this.changed);
    const stale = changed.isEmpty ? 0 : this.base.countIn(changed);
    return this.base.countIn(members) - stale + passing(changed, this.test).length;
  }

  retain(members: RoaringBitmap32): void {
    const kept = new RoaringBitmap32(passing(intersectionOf(members, this.changed), this.test));
    members.andNotInPlace(this.changed);
    this.base.retain(members);
    members.orInPlace(kept);
  }

  remove(members: RoaringBitmap32): void {
    const changed = intersectionOf(members, this.changed);
    members.andNotInPlace(this.changed);
    this.base.remove(members);
    changed.removeMany(passing(changed, this.test));
    members.orInPlace(changed);
  }
}

/** Whoever passes a test of the column: no index helps. The later it is asked in an intersection, the fewer users it looks at. */
export class ScannedSet implements LazySet {
  #found: RoaringBitmap32 | null = null;

  constructor(
    private readonly column: NumberColumn,
    private readonly test: PositionTest,
  ) {}

  get sizeMax(): number {
    return this.#found?.size ?? this.column.length;
  }

  count(): number {
    return this.#found?.size ?? passingBelow(this.column.length, this.test).length;
  }

  operand(): Operand {
    this.#found ??= new RoaringBitmap32(passingBelow(this.column.length, this.test));
    return { bitmap: this.#found, owned: false };
  }

  countIn(members: RoaringBitmap32): number {
    return passing(members, this.test).length;
  }

  retain(members: RoaringBitmap32): void {
    members.andInPlace(new RoaringBitmap32(passing(members, this.test)));
  }

  remove(members: RoaringBitmap32): void {
    members.andNotInPlace(new RoaringBitmap32(passing(members, this.test)));
  }
}
