import { RoaringBitmap32 } from '@tessera/bitmap';
import type { NumberColumn } from '../columns/number-vector';
import type { LazySet } from './lazy-set';
import { type Operand, owned } from './operand';
import { passing, passingBelow, type PositionTest } from './position-test';

/** Users between two bitmaps, `inner` within `outer`; undefined: nobody. */
export interface Ring {
  readonly outer: RoaringBitmap32;
  readonly inner: RoaringBitmap32 | undefined;
}

/** Everybody in `sure`, and those in the rings (which lie outside it) who pass a test. */
export class EdgedSet implements LazySet {
  constructor(
    private readonly sure: LazySet,
    private readonly rings: readonly Ring[],
    private readonly test: PositionTest,
  ) {}

  get sizeMax(): number {
    return this.rings.reduce((sum, { outer, inner }) => sum + outer.size - (inner?.size ?? 0), this.sure.sizeMax);
  }

  count(): number {
    return this.rings.reduce((sum, ring) => sum + passing(inRing(ring, null), this.test).length, this.sure.count());
  }

  operand(): Operand {
    const sure = this.sure.operand();
    const members = sure.owned ? sure.bitmap : sure.bitmap.clone();
    for (const ring of this.rings) {
      members.orInPlace(new RoaringBitmap32(passing(inRing(ring, null), this.test)));
    }
    return owned(members);
  }

  countIn(members: RoaringBitmap32): number {
    return this.rings.reduce(
      (sum, ring) => sum + passing(inRing(ring, members), this.test).length,
      this.sure.countIn(members),
    );
  }

  retain(members: RoaringBitmap32): void {
    const kept = this.rings.map((ring) => new RoaringBitmap32(passing(inRing(ring, members), this.test)));
    this.sure.retain(members);
    for (const bitmap of kept) {
      members.orInPlace(bitmap);
    }
  }

  remove(members: RoaringBitmap32): void {
    for (const ring of this.rings) {
      members.andNotInPlace(new RoaringBitmap32(passing(inRing(ring, members), this.test)));
    }
    this.sure.remove(members);
  }
}

/** The users of a ring who are among `members`; null: all of them. Not to be changed. */
function inRing({ outer, inner }: Ring, members: RoaringBitmap32 | null): RoaringBitmap32 {
  if (members === null) {
    return inner === undefined ? outer : RoaringBitmap32.andNot(outer, inner);
  }
  const found = RoaringBitmap32.and(members, outer);
  return inner === undefined ? found : found.andNotInPlace(inner);
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
    const members = base.owned ? base.bitmap : base.bitmap.clone();
    members.andNotInPlace(this.changed);
    members.addMany(passing(this.changed, this.test));
    return owned(members);
  }

  countIn(members: RoaringBitmap32): number {
    const changed = RoaringBitmap32.and(members, this.changed);
    const stale = changed.isEmpty ? 0 : this.base.countIn(changed);
    return this.base.countIn(members) - stale + passing(changed, this.test).length;
  }

  retain(members: RoaringBitmap32): void {
    const kept = new RoaringBitmap32(passing(RoaringBitmap32.and(members, this.changed), this.test));
    members.andNotInPlace(this.changed);
    this.base.retain(members);
    members.orInPlace(kept);
  }

  remove(members: RoaringBitmap32): void {
    const changed = RoaringBitmap32.and(members, this.changed);
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
