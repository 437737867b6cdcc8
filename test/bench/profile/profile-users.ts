import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { FieldWrite, TagDefinition, TagMessage, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import { mix32 } from '../../../apps/standalone/src/sample/random';
import { drawCuid } from '../identity/random-cuids';

const CITIES = 300;
const TAGS = [
  { name: 'gender', valueType: 'int' },
  { name: 'city', valueType: 'string' },
  { name: 'level', valueType: 'int' },
  { name: 'age', valueType: 'int' },
  { name: 'spend', valueType: 'decimal', scale: 2 },
];
/** Those that change again and again. */
const MOVING = new Set(['level', 'spend']);
const START_MS = Date.UTC(2026, 0, 1);

/** Five tags of users by their place: what a user's `round`-th message says. */
export class ProfileUsers {
  readonly type: TagTypeDefinition;

  constructor(private readonly seed: number) {
    const outcome = declareTagType(Catalog.empty, { name: 'customer', kind: 'profile', tags: TAGS });
    const type = outcome.ok ? outcome.value.type('customer') : undefined;
    if (type === undefined) throw new Error('The tags of the bench are not declared as they should be.');
    this.type = type;
  }

  get tags(): readonly TagDefinition[] {
    return this.type.tags;
  }

  cuid(place: number): string {
    return drawCuid(this.seed, place);
  }

  /** Round 0 has all five tags, later ones two. Rounds of a user have ascending times. */
  message(place: number, round: number): TagMessage {
    const tags = round === 0 ? this.tags : this.tags.filter(({ name }) => MOVING.has(name));
    const fields = tags.map((field): FieldWrite => ({ op: 'set', field, value: this.#value(field, place, round) }));
    return { type: this.type, cuid: this.cuid(place), timeMs: START_MS + place + round * 1_000, id: null, fields };
  }

  #value({ name }: TagDefinition, place: number, round: number): TagValue {
    const draw = mix32(place ^ mix32(this.seed + round * 31 + name.length * 7));
    switch (name) {
      case 'gender':
        return 1 + (draw & 1);
      case 'city':
        return `city-${draw % CITIES}`;
      case 'level':
        return 1 + (draw % 10);
      case 'age':
        return 10 + (draw % 80);
      default:
        return draw % 2 ** 20;
    }
  }
}
