import { describeWithStarrocks } from '../../support/starrocks-standin/with-starrocks';
import { CASES } from '../cases';
import { expectOutcome } from '../expect-outcome';
import { performScript } from '../perform-script';
import { starrocksFactory } from './starrocks-under-test';

const VARIANTS = [
  { name: 'straight', options: {} },
  { name: 'users in several segments', options: { usersPerShard: 3 } },
] as const;

describeWithStarrocks('StarRocks engine', (starrocks) => {
  describe.each(['mixed', 'bitmap'] as const)('%s shape', (shape) => {
    const factory = starrocksFactory(starrocks, shape);
    describe.each(CASES)('$topic', ({ scripts }) => {
      for (const script of scripts) {
        for (const { name, options } of VARIANTS) {
          it(`${script.name} (${name})`, async () => {
            await performScript(script, factory, { ...options, onOutcome: expectOutcome });
          });
        }
      }
    });
  });
});
