import { RoaringBitmap32 } from '@tessera/bitmap';
import { NumberVector } from '../columns/number-vector';
import { OrdinalIndex } from '../tags/scalar-index';
import { RecentBitmaps } from './recent-bitmaps';

describe('RecentBitmaps', () => {
  it('computes what it does not keep, and keeps the eight used last', () => {
    const recent = new RecentBitmaps();
    const computed: string[] = [];
    const get = (key: string): readonly number[] =>
      recent
        .get(key, () => {
          computed.push(key);
          return new RoaringBitmap32([key.charCodeAt(0)]);
        })
        .toArray();
    for (const key of 'abcdefgha') {
      expect(get(key)).toEqual([key.charCodeAt(0)]);
    }
    expect(computed.join('')).toBe('abcdefgh');
    get('i');
    get('a');
    get('b');
    expect(computed.join('')).toBe('abcdefghib');
    expect(recent.bytes).toBeGreaterThan(0);
    recent.clear();
    get('a');
    expect(computed.at(-1)).toBe('a');
    expect(recent.bytes).toBe(new RoaringBitmap32([97]).getSerializationSizeInBytes('portable'));
  });

  it('never answers from before a change', () => {
    const column = new NumberVector(100);
    for (let position = 0; position < 10; position++) {
      column.set(position, position);
    }
    const index = OrdinalIndex.build(column);
    expect(index.between(5, Infinity).bitmap.toArray()).toEqual([5, 6, 7, 8, 9]);
    expect(index.oneOf([1, 2]).bitmap.toArray()).toEqual([1, 2]);
    column.set(1, 7);
    expect(index.update([[1, 1, 7]])).toBe(true);
    expect(index.between(5, Infinity).bitmap.toArray()).toEqual([1, 5, 6, 7, 8, 9]);
    expect(index.oneOf([1, 2]).bitmap.toArray()).toEqual([2]);
  });
});
