import { RoaringBitmap32 } from '@tessera/bitmap';
import { rangeOf } from './event-goal';
import { recentAtLeast, recentLastTime } from './event-recency';
import { usersInCountRange } from './event-thresholds';
import type { LoweredGoal } from './lowered-plan';
import type { RowScan } from './row-scan';

/** The users of one shard whose measure meets the condition, by what is kept of their newest rows; null: the rows have to be scanned. */
export function recentUsers(goal: LoweredGoal, scan: RowScan, universe: RoaringBitmap32): RoaringBitmap32 | null {
  const range = goal.condition === null ? null : rangeOf(goal.condition);
  if (range === null) {
    return null;
  }
  switch (goal.measure.kind) {
    case 'lastTime':
      return recentLastTime(scan, range);
    case 'count': {
      const answer = { isKnown: true };
      const users = usersInCountRange(range, universe, (from, to) => {
        const found = from === Infinity ? [] : recentAtLeast(scan, [from, to]);
        answer.isKnown = found !== null;
        const [low = new RoaringBitmap32(), high = new RoaringBitmap32()] = found ?? [];
        return { low, high };
      });
      return answer.isKnown ? users : null;
    }
    default:
      return null;
  }
}
