import type { FieldWrite, TagMessage, TagTypeDefinition } from '@tessera/tag-catalog';
import { formatInstant } from '@tessera/tag-catalog';
import { Random } from '../../../apps/standalone/src/sample/random';
import { CITIES, CITY_NAMES, LEVELS } from '../users/user-population';
import { fieldOf } from '../store/bench-store';
import type { TypeDeclaration } from '../store/bench-store';

export const VISITOR_TYPE: TypeDeclaration = {
  name: 'visitor',
  kind: 'profile',
  tags: [
    { name: 'level', valueType: 'int' },
    { name: 'city', valueType: 'string' },
    { name: 'spend', valueType: 'decimal', scale: 2 },
  ],
};

const SPEND_CENTS_MAX = 2 ** 20 - 1;

export function visitorCuid(user: number): string {
  return `visitor-${user.toString().padStart(9, '0')}`;
}

/**
 * Messages of three tags for users drawn at random, each a millisecond later than the one before, so that the last one of a user wins
 * whatever way it comes. Remembers what each user's state then is.
 */
export class VisitorMessages {
  /** By user, as of the messages made so far; before the first: 1, city 0, nothing spent. */
  readonly levels: Uint8Array;
  readonly cities: Uint16Array;
  readonly spendCents: Uint32Array;
  #made = 0;
  readonly #random: Random;

  constructor(
    readonly users: number,
    seed: number,
    private readonly startMs: number,
  ) {
    this.levels = new Uint8Array(users).fill(1);
    this.cities = new Uint16Array(users);
    this.spendCents = new Uint32Array(users);
    this.#random = new Random(seed, 2);
  }

  /** As parsed messages. */
  batch(type: TagTypeDefinition, messages: number): TagMessage[] {
    const [level, city, spend] = [fieldOf(type, 'level'), fieldOf(type, 'city'), fieldOf(type, 'spend')];
    return Array.from({ length: messages }, () => {
      const { user, timeMs } = this.#draw();
      const fields: FieldWrite[] = [
        { op: 'set', field: level, value: this.levels[user] ?? 0 },
        { op: 'set', field: city, value: CITY_NAMES[this.cities[user] ?? 0] ?? '' },
        { op: 'set', field: spend, value: this.spendCents[user] ?? 0 },
      ];
      return { type, cuid: visitorCuid(user), timeMs, id: null, fields };
    });
  }

  /** As lines of NDJSON. */
  lines(messages: number): Buffer {
    const lines: string[] = [];
    for (let message = 0; message < messages; message += 1) {
      const { user, timeMs } = this.#draw();
      const city = CITY_NAMES[this.cities[user] ?? 0] ?? '';
      lines.push(
        `{"header":{"type":"visitor","cuid":"${visitorCuid(user)}","time":"${formatInstant(timeMs)}"},` +
          `"body":{"level":${this.levels[user] ?? 0},"city":"${city}","spend":${(this.spendCents[user] ?? 0) / 100}}}\n`,
      );
    }
    return Buffer.from(lines.join(''));
  }

  /** Users as messages draw them; no message is made. */
  drawUsers(users: number): number[] {
    return Array.from({ length: users }, () => this.#random.between(0, this.users - 1));
  }

  /** Counts of the state, each with the expression that asks for it. */
  expectations(): { readonly expression: { readonly [key: string]: string | number }; readonly count: number }[] {
    const half = SPEND_CENTS_MAX >> 1;
    const counted = (matches: (user: number) => boolean): number => {
      let count = 0;
      for (let user = 0; user < this.users; user += 1) if (matches(user)) count += 1;
      return count;
    };
    return [
      { expression: { tag: 'level', op: 'lte', value: 3 }, count: counted((user) => (this.levels[user] ?? 0) <= 3) },
      { expression: { tag: 'level', op: 'eq', value: 7 }, count: counted((user) => this.levels[user] === 7) },
      { expression: { tag: 'city', op: 'eq', value: 'city_042' }, count: counted((user) => this.cities[user] === 42) },
      {
        expression: { tag: 'spend', op: 'gte', value: half / 100 },
        count: counted((user) => (this.spendCents[user] ?? 0) >= half),
      },
    ];
  }

  #draw(): { readonly user: number; readonly timeMs: number } {
    const random = this.#random;
    const user = random.between(0, this.users - 1);
    this.levels[user] = random.between(1, LEVELS);
    this.cities[user] = random.between(0, CITIES - 1);
    this.spendCents[user] = random.between(0, SPEND_CENTS_MAX);
    this.#made += 1;
    return { user, timeMs: this.startMs + this.#made };
  }
}
