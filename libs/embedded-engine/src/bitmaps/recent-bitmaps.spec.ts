import { RoaringBitmap32 } from '@tessera/bitmap';
import { RecentBitmaps } from './recent-bitmaps';

describe('RecentBitmaps', () => {
  it('keeps what is asked for a second time, and only the last few', () => {
    const recent = new RecentBitmaps();
    let computed = 0;
    const ask = (key: string): boolean =>
      recent.get(key, () => {
        computed++;
        return new RoaringBitmap32([computed]);
      }).owned;
    expect([ask('a'), ask('a'), ask('a'), ask('a')]).toEqual([true, false, false, false]);
    expect(computed).toBe(2);
    expect(recent.bytes).toBeGreaterThan(0);
    for (const key of 'bcdefghi') {
      ask(key);
    }
    expect(ask('a')).toBe(true);
  });
});
