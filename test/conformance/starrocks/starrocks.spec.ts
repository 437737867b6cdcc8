import { describeWithStarrocks } from '../../support/starrocks-standin/with-starrocks';
import { CASES } from '../cases';
import { expectOutcome } from '../expect-outcome';
import { performScript } from '../perform-script';
import { starrocksFactory } from './starrocks-under-test';

/** So that answers are put together from several segments. */
const USERS_PER_SEGMENT = 3;

describeWithStarrocks('StarRocks engine', (starrocks) => {
  describe.each(['mixed', 'bitmap'] as const)('%s shape', (shape) => {
    const factory = starrocksFactory(starrocks, shape);
    describe.each(CASES)('$topic', ({ scripts }) => {
      for (const script of scripts) {
        it(script.name, async () => {
          await performScript(script, factory, { usersPerShard: USERS_PER_SEGMENT, onOutcome: expectOutcome });
        });
      }
    });
  });
});
