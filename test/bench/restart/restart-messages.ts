import type { TagMessage } from '@tessera/tag-catalog';
import { Random } from '../../../apps/standalone/src/sample/random';
import { CITIES, LEVELS } from '../bench-users';
import type { BenchUsers } from '../bench-users';
import { fieldOf } from '../store/bench-store';
import type { BenchStore } from '../store/bench-store';
import { BENCH_TYPE } from '../users/load-users';
import { CITY_NAMES, cuidOfUser } from '../users/user-population';

const SPEND_CENTS_MAX = 2 ** 20 - 1;

/** What message number n of a seed says; the writing process and the one that checks draw the same. */
export interface RestartUpdate {
  readonly user: number;
  readonly level: number;
  readonly city: number;
  readonly spendCents: number;
}

export class RestartUpdates {
  readonly #random: Random;

  constructor(
    private readonly users: number,
    seed: number,
  ) {
    this.#random = new Random(seed, 13);
  }

  next(): RestartUpdate {
    const random = this.#random;
    return {
      user: random.between(0, this.users - 1),
      level: random.between(1, LEVELS),
      city: random.between(0, CITIES - 1),
      spendCents: random.between(0, SPEND_CENTS_MAX),
    };
  }
}

/** Three tags each, all of one time: of one user's the later one wins. */
export function toMessages(store: BenchStore, updates: readonly RestartUpdate[], timeMs: number): TagMessage[] {
  const type = store.type(BENCH_TYPE.name);
  const [level, city, spend] = [fieldOf(type, 'level'), fieldOf(type, 'city'), fieldOf(type, 'spend')];
  return updates.map((update) => ({
    type,
    cuid: cuidOfUser(update.user),
    timeMs,
    id: null,
    fields: [
      { op: 'set', field: level, value: update.level },
      { op: 'set', field: city, value: CITY_NAMES[update.city] ?? '' },
      { op: 'set', field: spend, value: update.spendCents },
    ],
  }));
}

/** Makes the columns what they are after the messages. */
export function updateColumns(users: BenchUsers, updates: RestartUpdates, messages: number): void {
  for (let message = 0; message < messages; message += 1) {
    const { user, level, city, spendCents } = updates.next();
    users.level[user] = level;
    users.city[user] = city;
    users.spendCents[user] = spendCents;
  }
}
