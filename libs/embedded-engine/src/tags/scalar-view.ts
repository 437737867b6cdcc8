import type { RoaringBitmap32 } from '@tessera/bitmap';
import { outsideArena } from '../bitmaps/arena';
import { OverlaidSet, ScannedSet } from '../bitmaps/filtered-set';
import { type LazySet, PlainSet } from '../bitmaps/lazy-set';
import { FunctionTest, type PositionTest, RangeTest, ValuesTest } from '../bitmaps/position-test';
import type { NumberColumn } from '../columns/number-vector';
import type { ScalarIndex } from './scalar-index';

/** A column with an index of some earlier moment: for users whose value has changed since, the column decides. */
export class ScalarView {
  #present: RoaringBitmap32 | null = null;

  /**
   * @param index null: there is none, so the column is scanned.
   * @param changed since the index was built; null: nobody.
   */
  constructor(
    readonly column: NumberColumn,
    readonly index: ScalarIndex | null,
    private readonly changed: RoaringBitmap32 | null,
  ) {}

  oneOf(numbers: readonly number[]): LazySet {
    return this.#answer(new ValuesTest(this.column, numbers), (index) => index.oneOf(numbers, this.column));
  }

  between(low: number, high: number): LazySet {
    return this.#answer(new RangeTest(this.column, low, high), (index) => index.between(low, high, this.column));
  }

  where(meets: (value: number) => boolean): LazySet {
    return new ScannedSet(this.column, new FunctionTest(this.column, meets));
  }

  get present(): RoaringBitmap32 {
    if (this.#present === null) {
      const any = new RangeTest(this.column, -Infinity, Infinity);
      this.#present = outsideArena(() => this.#answer(any, (index) => new PlainSet(index.present)).operand().bitmap);
    }
    return this.#present;
  }

  #answer(test: PositionTest, ask: (index: ScalarIndex) => LazySet): LazySet {
    const { index, changed } = this;
    if (index === null) {
      return new ScannedSet(this.column, test);
    }
    return changed === null ? ask(index) : new OverlaidSet(ask(index), changed, test);
  }
}
