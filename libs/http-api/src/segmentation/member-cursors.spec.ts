import type { UserSet } from '@tessera/audience';
import type { Guid } from '@tessera/tag-catalog';
import { MemberCursors } from './member-cursors';

const SECRET = Buffer.from('0123456789abcdef');
const TEN_MINUTES_MS = 600_000;

function setOf(guids: readonly number[], bytes = 100): UserSet {
  return {
    size: guids.length,
    bytes,
    has: (guid) => guids.includes(guid),
    page: (after, limit) => Uint32Array.from(guids.filter((guid) => guid > after).slice(0, limit)),
  };
}

function cursors(bytesMax = 1_000_000): { readonly kept: MemberCursors; readonly time: { nowMs: number } } {
  const time = { nowMs: 1_000 };
  return { kept: new MemberCursors(SECRET, () => time.nowMs, bytesMax), time };
}

const result = (set: UserSet) => ({ set, hash: 'h', requestDigest: 'd', asOfMs: 0, dataVersion: 1 });

describe('MemberCursors', () => {
  it('finds a place again', () => {
    const { kept } = cursors();
    const place = kept.find(kept.issue(kept.keep(result(setOf([1, 2, 3]))), 2));
    expect(place).toMatchObject({ after: 2, count: 3, result: { hash: 'h' } });
  });

  it('keeps a result for ten minutes from its first page', () => {
    const { kept, time } = cursors();
    const cursor = kept.issue(kept.keep(result(setOf([1]))), 0);
    time.nowMs += TEN_MINUTES_MS - 1;
    expect(kept.find(cursor).count).toBe(1);
    time.nowMs += 1;
    expect(() => kept.find(cursor)).toThrow('10 minutes');
  });

  it('lets the oldest go when the budget is spent, but keeps the newest whatever its size', () => {
    const { kept } = cursors(5_000);
    const [first, second] = [1, 2].map((guid) => kept.issue(kept.keep(result(setOf([guid], 2_000))), 0));
    expect(() => kept.find(first ?? '')).toThrow('start again');
    expect(kept.find(second ?? '').count).toBe(1);
    const huge = kept.issue(kept.keep(result(setOf([3], 1_000_000))), 0);
    expect(() => kept.find(second ?? '')).toThrow('start again');
    expect(kept.find(huge).count).toBe(1);
  });

  it('counts erased users out', () => {
    const { kept } = cursors();
    const cursor = kept.issue(kept.keep(result(setOf([1, 2, 3]))), 0);
    kept.forget(2 as Guid);
    kept.forget(9 as Guid);
    expect(kept.find(cursor).count).toBe(2);
  });

  it('tells a cursor never issued from an expired one', () => {
    const { kept } = cursors();
    expect(() => kept.find('nonsense')).toThrow('never issued');
    // Signed by this very secret, as before a restart, but its result is gone.
    const before = cursors().kept;
    expect(() => kept.find(before.issue(before.keep(result(setOf([1]))), 0))).toThrow('10 minutes');
  });
});
