import { Random } from '../../../apps/standalone/src/sample/random';

export const SKUS = 200;
export const AMOUNT_MAX = 1_000;
const DAY_MS = 86_400_000;
const SPAN_DAYS = 30;
/** Coprime to the numbers of users there are: frequent buyers are spread over all guids. */
const USER_STRIDE = 7_919;

/** All windows are laid from here; nothing happens later. */
export const AS_OF_MS = Date.UTC(2025, 10, 20, 12, 34, 56, 789);
const FIRST_MS = AS_OF_MS - SPAN_DAYS * DAY_MS;

/** Purchases by column, in order of time; row n has index n. */
export interface BenchEvents {
  readonly rows: number;
  /** 0 to users − 1; few buy often, most seldom. */
  readonly user: Uint32Array;
  /** ms after `firstMs`. */
  readonly afterMs: Uint32Array;
  readonly firstMs: number;
  /** 1 to AMOUNT_MAX. */
  readonly amount: Uint16Array;
  /** 0 to SKUS − 1. */
  readonly sku: Uint8Array;
  /** By user: 1 or 2. */
  readonly gender: Uint8Array;
}

export function createBenchEvents(users: number, rows: number, seed: number): BenchEvents {
  const random = new Random(seed, 15);
  const events: BenchEvents = {
    rows,
    user: new Uint32Array(rows),
    afterMs: new Uint32Array(rows),
    firstMs: FIRST_MS,
    amount: new Uint16Array(rows),
    sku: new Uint8Array(rows),
    gender: new Uint8Array(users),
  };
  const stepMs = (SPAN_DAYS * DAY_MS) / rows;
  for (let row = 0; row < rows; row += 1) {
    events.user[row] = (Math.floor(users * random.unit() ** 2) * USER_STRIDE) % users;
    events.afterMs[row] = Math.floor((row + random.unit()) * stepMs);
    events.amount[row] = random.between(1, AMOUNT_MAX);
    events.sku[row] = random.between(0, SKUS - 1);
  }
  for (let user = 0; user < users; user += 1) events.gender[user] = random.between(1, 2);
  return events;
}

export function skuName(sku: number): string {
  return `sku_${sku.toString().padStart(3, '0')}`;
}
