import type { JsonValue } from '@tessera/tag-catalog';
import { formatInstant } from '@tessera/tag-catalog';
import { Random } from '../../../apps/standalone/src/sample/random';
import { AS_OF_MS, SKUS, skuName } from './bench-events';

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
const SKUS_OF_A_STEP = 20;

/** One question in both languages, as of a moment. */
export interface EventQuestion {
  readonly expression: JsonValue;
  readonly sql: string;
  readonly asOfMs: number;
}

export interface EventCase {
  readonly name: string;
  readonly questions: readonly EventQuestion[];
  /** Least ratio DuckDB / embedded. */
  readonly target: number;
}

/** The cases in the order in which they are to be asked: what the first one makes an engine keep is what the second one measures. */
export function createEventCases(rounds: number, seed: number): readonly EventCase[] {
  const random = new Random(seed, 16);
  const repeat = (create: (round: number) => EventQuestion): readonly EventQuestion[] =>
    Array.from({ length: rounds }, (_, round) => create(round));
  return [
    { name: 'at least 3 in 7 days and gender = 1, first time', questions: [frequentBuyers(AS_OF_MS, 1)], target: 50 },
    {
      name: 'the same, repeated, each time a second later',
      questions: repeat((round) => frequentBuyers(AS_OF_MS + (round + 1) * SECOND_MS, 1)),
      target: 50,
    },
    { name: 'another window each time, nobody keeps it', questions: repeat(() => otherWindow(random)), target: 1 },
    { name: 'sum of a property over 14 days', questions: repeat(() => sumOfAmounts(random)), target: 1 },
    { name: 'distinct values of a property over 10 days', questions: repeat(() => distinctSkus(random)), target: 1 },
    { name: 'one purchase after another within 3 days', questions: repeat(() => sequence(random)), target: 1 },
  ];
}

function frequentBuyers(asOfMs: number, gender: number): EventQuestion {
  return {
    asOfMs,
    expression: {
      and: [
        { event: 'purchase', op: 'gte', value: 3, window: { last: 'P7D' } },
        { tag: 'gender', op: 'eq', value: gender },
      ],
    },
    sql: `SELECT count(*) FROM (SELECT user_id FROM purchases WHERE ${lastDays(7, asOfMs)} GROUP BY user_id HAVING count(*) >= 3)
      JOIN users USING (user_id) WHERE gender = ${gender}`,
  };
}

function otherWindow(random: Random): EventQuestion {
  const fromMs = AS_OF_MS - random.between(15 * DAY_MS, 25 * DAY_MS);
  const toMs = fromMs + random.between(4 * DAY_MS, 6 * DAY_MS);
  return {
    asOfMs: AS_OF_MS,
    expression: {
      event: 'purchase',
      op: 'gte',
      value: 2,
      window: { from: formatInstant(fromMs), to: formatInstant(toMs) },
    },
    sql: `SELECT count(*) FROM (SELECT user_id FROM purchases WHERE time_ms >= ${fromMs} AND time_ms < ${toMs} GROUP BY user_id HAVING count(*) >= 2)`,
  };
}

function sumOfAmounts(random: Random): EventQuestion {
  const least = random.between(1_500, 2_500);
  return {
    asOfMs: AS_OF_MS,
    expression: { event: 'purchase', measure: { sum: 'amount' }, op: 'gte', value: least, window: { last: 'P14D' } },
    sql: `SELECT count(*) FROM (SELECT user_id FROM purchases WHERE ${lastDays(14)} GROUP BY user_id HAVING sum(amount) >= ${least})`,
  };
}

function distinctSkus(random: Random): EventQuestion {
  const least = random.between(2, 4);
  return {
    asOfMs: AS_OF_MS,
    expression: { event: 'purchase', measure: { distinct: 'sku' }, op: 'gte', value: least, window: { last: 'P10D' } },
    sql: `SELECT count(*) FROM (SELECT user_id FROM purchases WHERE ${lastDays(10)} GROUP BY user_id HAVING count(DISTINCT sku) >= ${least})`,
  };
}

/** The second purchase lies in the window, the first at most three days before it. */
function sequence(random: Random): EventQuestion {
  const [first, second] = [drawSkus(random), drawSkus(random)];
  const step = (skus: readonly number[]): JsonValue => ({
    event: 'purchase',
    where: [{ property: 'sku', op: 'in', value: skus.map(skuName) }],
  });
  return {
    asOfMs: AS_OF_MS,
    expression: { sequence: [step(first), step(second)], within: 'P3D', window: { last: 'P7D' } },
    sql: `SELECT count(DISTINCT late.user_id) FROM purchases early JOIN purchases late ON early.user_id = late.user_id
      AND early.time_ms < late.time_ms AND late.time_ms - early.time_ms <= ${3 * DAY_MS}
      WHERE early.sku IN (${first.join(', ')}) AND late.sku IN (${second.join(', ')}) AND ${lastDays(7, AS_OF_MS, 'late.')}
      AND early.time_ms > ${AS_OF_MS - 10 * DAY_MS - 1}`,
  };
}

function drawSkus(random: Random): readonly number[] {
  const skus = new Set<number>();
  while (skus.size < SKUS_OF_A_STEP) skus.add(random.between(0, SKUS - 1));
  return [...skus];
}

function lastDays(days: number, asOfMs = AS_OF_MS, prefix = ''): string {
  return `${prefix}time_ms > ${asOfMs - days * DAY_MS} AND ${prefix}time_ms <= ${asOfMs}`;
}
