import { RoaringBitmap32 } from '@tessera/bitmap';
import { copyOf, differenceOf, intersectionOf } from './arena';
import { borrowed, type Operand, owned } from './operand';

/**
 * Users of one shard (local positions) that need not exist as a bitmap yet. A bitmap of a full shard takes some 20 µs to make and 3 µs to
 * be counted against another one, so whoever can do with `countIn`, `retain` or `remove` does without.
 */
export interface LazySet {
  /** Members at most; exact where that costs nothing. For the order of evaluation. */
  readonly sizeMax: number;
  count(): number;
  operand(): Operand;
  /** How many of the members of a bitmap are in this set. */
  countIn(members: RoaringBitmap32): number;
  /** Takes from a bitmap, which is the caller's to change, all that are not in this set. */
  retain(members: RoaringBitmap32): void;
  /** Takes from a bitmap, which is the caller's to change, all that are in this set. */
  remove(members: RoaringBitmap32): void;
}

/** A bitmap that is there. */
export class PlainSet implements LazySet {
  readonly #operand: Operand;
  #size: number | undefined;

  /** @param size where it is known: asking a bitmap that is not in the cache takes about as long as counting it against another. */
  constructor(bitmap: RoaringBitmap32, isOwned = false, size?: number) {
    this.#operand = isOwned ? owned(bitmap) : borrowed(bitmap);
    this.#size = size;
  }

  get bitmap(): RoaringBitmap32 {
    return this.#operand.bitmap;
  }

  get sizeMax(): number {
    return this.count();
  }

  count(): number {
    this.#size ??= this.bitmap.size;
    return this.#size;
  }

  operand(): Operand {
    return this.#operand;
  }

  countIn(members: RoaringBitmap32): number {
    return members.andCardinality(this.bitmap);
  }

  retain(members: RoaringBitmap32): void {
    members.andInPlace(this.bitmap);
  }

  remove(members: RoaringBitmap32): void {
    members.andNotInPlace(this.bitmap);
  }
}

/** Nobody; a new one each time, because whoever gets an owned bitmap may change it. */
export function nobody(): LazySet {
  return new PlainSet(new RoaringBitmap32(), true);
}

/** The members of `outer` that are not in `inner`, which must lie within it. */
export class Without implements LazySet {
  /** @param outerIsAll every bitmap this will be asked about lies within `outer`. */
  constructor(
    private readonly outer: LazySet,
    private readonly inner: LazySet,
    private readonly outerIsAll: boolean,
  ) {}

  get sizeMax(): number {
    return this.inner instanceof PlainSet ? this.outer.sizeMax - this.inner.sizeMax : this.outer.sizeMax;
  }

  count(): number {
    return this.outer.count() - this.inner.count();
  }

  operand(): Operand {
    const outer = this.outer.operand();
    if (outer.owned) {
      this.inner.remove(outer.bitmap);
      return outer;
    }
    return owned(differenceOf(outer.bitmap, this.inner.operand().bitmap));
  }

  countIn(members: RoaringBitmap32): number {
    return (this.outerIsAll ? members.size : this.outer.countIn(members)) - this.inner.countIn(members);
  }

  retain(members: RoaringBitmap32): void {
    if (!this.outerIsAll) {
      this.outer.retain(members);
    }
    this.inner.remove(members);
  }

  remove(members: RoaringBitmap32): void {
    if (this.outerIsAll) {
      this.inner.retain(members);
    } else {
      removeRetained(this, members);
    }
  }
}

/** The members of all parts. */
export class IntersectSet implements LazySet {
  readonly #parts: readonly LazySet[];

  /** @param parts at least one. */
  constructor(parts: readonly LazySet[]) {
    const sorted: LazySet[] = [];
    const sizes: number[] = [];
    const insert = (part: LazySet): void => {
      const size = part.sizeMax;
      let place = sorted.length;
      while (place > 0 && sizes[place - 1]! > size) {
        place--;
      }
      sorted.splice(place, 0, part);
      sizes.splice(place, 0, size);
    };
    for (const part of parts) {
      if (part instanceof IntersectSet) {
        part.#parts.forEach(insert);
      } else {
        insert(part);
      }
    }
    this.#parts = sorted;
  }

  get sizeMax(): number {
    return this.#parts[0]!.sizeMax;
  }

  count(): number {
    const last = this.#parts.length - 1;
    if (last === 0) {
      return this.#parts[0]!.count();
    }
    if (last === 1) {
      return this.#parts[1]!.countIn(this.#parts[0]!.operand().bitmap);
    }
    const members = this.#intersectFirst(last);
    return members.isEmpty ? 0 : this.#parts[last]!.countIn(members);
  }

  operand(): Operand {
    return this.#parts.length === 1 ? this.#parts[0]!.operand() : owned(this.#intersectFirst(this.#parts.length));
  }

  countIn(members: RoaringBitmap32): number {
    const rest = copyOf(members);
    const last = this.#parts.length - 1;
    this.#retainFrom(rest, 0, last);
    return rest.isEmpty ? 0 : this.#parts[last]!.countIn(rest);
  }

  retain(members: RoaringBitmap32): void {
    this.#retainFrom(members, 0, this.#parts.length);
  }

  remove(members: RoaringBitmap32): void {
    removeRetained(this, members);
  }

  /** Of the first `end` parts, at least two: a new bitmap. */
  #intersectFirst(end: number): RoaringBitmap32 {
    const first = this.#parts[0]!.operand();
    const second = this.#parts[1]!;
    let members = first.bitmap;
    let next = 1;
    if (!first.owned) {
      if (second instanceof PlainSet) {
        members = intersectionOf(first.bitmap, second.bitmap);
        next = 2;
      } else {
        members = copyOf(first.bitmap);
      }
    }
    this.#retainFrom(members, next, end);
    return members;
  }

  #retainFrom(members: RoaringBitmap32, start: number, end: number): void {
    for (let part = start; part < end && !members.isEmpty; part++) {
      this.#parts[part]!.retain(members);
    }
  }
}

function removeRetained(set: LazySet, members: RoaringBitmap32): void {
  const hit = copyOf(members);
  set.retain(hit);
  members.andNotInPlace(hit);
}

/** The members of any part. */
export class UniteSet implements LazySet {
  #made: Operand | null = null;

  /** @param parts at least one. */
  constructor(private readonly parts: readonly LazySet[]) {}

  get sizeMax(): number {
    return this.#made?.bitmap.size ?? this.parts.reduce((sum, part) => sum + part.sizeMax, 0);
  }

  count(): number {
    const [first, second] = this.parts;
    if (this.#made === null && this.parts.length === 2) {
      const members = first!.operand().bitmap;
      return members.size + second!.count() - second!.countIn(members);
    }
    return this.operand().bitmap.size;
  }

  operand(): Operand {
    this.#made ??= unite(this.parts);
    return this.#made;
  }

  countIn(members: RoaringBitmap32): number {
    return members.andCardinality(this.operand().bitmap);
  }

  retain(members: RoaringBitmap32): void {
    members.andInPlace(this.operand().bitmap);
  }

  remove(members: RoaringBitmap32): void {
    for (const part of this.parts) {
      part.remove(members);
    }
  }
}

/** Members of any of the sets, as a bitmap. */
export function unite(sets: readonly LazySet[]): Operand {
  if (sets.length === 1) {
    return sets[0]!.operand();
  }
  const operands = sets.map((set) => set.operand());
  // Into the largest bitmap that may be changed: what is merged into it costs its own size.
  let start: Operand | undefined;
  for (const operand of operands) {
    if (operand.owned && operand.bitmap.size > (start?.bitmap.size ?? 0)) {
      start = operand;
    }
  }
  if (start === undefined) {
    return owned(RoaringBitmap32.orMany(operands.map(({ bitmap }) => bitmap)));
  }
  for (const operand of operands) {
    if (operand !== start) {
      start.bitmap.orInPlace(operand.bitmap);
    }
  }
  return start;
}
