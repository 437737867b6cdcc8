import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { BitmapClaims } from './bitmap-claims';
import { SureStatements } from './statements';
import { catalogOf, makeTables, poolAt } from './testing/writer-at-work';

const TIMEOUT_MS = 300;
/** Longer than all limits of statements that a claim waits for. */
const DELETE_MS = 6_000;

describeWithStarrocks('Claims of bitmaps', (starrocks) => {
  let pool: StarrocksPool;

  beforeAll(async () => {
    pool = poolAt(starrocks().mysqlUrl, 10_000);
    await makeTables(pool, catalogOf([]));
  }, 60_000);

  afterAll(() => pool.close());

  const claims = (deleteMs: number): BitmapClaims => new BitmapClaims(new SureStatements(pool, TIMEOUT_MS), deleteMs);

  it('of a writer that died in the middle are waited for as long as its DELETE may go on', async () => {
    const source = 'kv_bitmaps/7';
    const died = await claims(DELETE_MS).take(source);
    let isTaken = false;
    const next = claims(DELETE_MS)
      .take(source)
      .then((claim) => {
        isTaken = true;
        return claim;
      });
    await sleep(DELETE_MS);
    expect(isTaken).toBe(false);
    const claim = await next;
    expect(claim.writer).not.toBe(died.writer);
    await claims(DELETE_MS).giveBack(claim, [{ source, next: 1, writer: '' }]);
    // Nothing is under way: there is nothing to wait for.
    const clean = await Promise.race([claims(DELETE_MS).take(source), sleep(DELETE_MS, null, { ref: false })]);
    expect(clean?.source).toBe(source);
  }, 60_000);
});
