import { fieldsOf } from '@tessera/tag-catalog';
import type {
  Catalog,
  FieldDefinition,
  FieldWrite,
  TagMessage,
  TagTypeDefinition,
  TagValue,
} from '@tessera/tag-catalog';

const DAY_MS = 86_400_000;
const TEXTS = ['', 'a', 'b', 'é', '𝄞', 'x'.repeat(59), 'y'.repeat(60), 'z'.repeat(300), '\u0000', '~'];
const LONG_TEXT = '字'.repeat(25_000);
const TIMES = [0, 0, 1, 1, 2, 5, 1_000, DAY_MS, 3 * DAY_MS];
const NUMBERS = [0, 0, 1, -1, 127, 128, -128, 255, 65_535, 65_536, -70_000, 2 ** 31, -(2 ** 46), 2 ** 49];
const SAFE = Number.MAX_SAFE_INTEGER;

/** A small seeded generator (mulberry32): 0 ≤ number < 1. */
export function seededUnit(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Messages of every type, kind of value and operator, full of ties, repeats and limits. */
export class RandomMessages {
  readonly #unit: () => number;

  constructor(
    readonly catalog: Catalog,
    seed: number,
  ) {
    this.#unit = seededUnit(seed);
  }

  /** A whole number from low to high. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#unit() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.#unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)]!;
  }

  message(type: TagTypeDefinition, cuid: string, nowMs: number): TagMessage {
    const isEvent = type.kind === 'event';
    const fields = fieldsOf(type).filter(() => this.chance(0.35));
    const chosen = fields.length === 0 ? [this.pick(fieldsOf(type))] : fields;
    // A message names its fields in any order.
    if (this.chance(0.5)) chosen.reverse();
    return {
      type,
      cuid,
      timeMs: nowMs - this.pick(TIMES),
      id: this.chance(0.4) ? `id ${this.between(0, 12)}` : null,
      fields: chosen.map((field) => (isEvent ? this.#set(field) : this.#write(field))),
    };
  }

  #write(field: FieldDefinition): FieldWrite {
    if (this.chance(0.1)) return { op: 'clear', field };
    const { valueType } = field;
    if (this.chance(0.5) && (valueType === 'int' || valueType === 'decimal')) {
      const limits = valueType === 'int' ? [SAFE, -SAFE, 2 ** 52] : [999_999_999_999_999, -999_999_999_999_999];
      return { op: 'increment', field, by: this.chance(0.3) ? this.pick(limits) : this.#number(field) };
    }
    if (this.chance(0.7) && valueType === 'set') {
      const op = this.pick(['add', 'add', 'remove'] as const);
      return { op, field, values: this.chance(0.2) ? this.#manyTexts() : this.#texts(1) };
    }
    return this.#set(field);
  }

  #set(field: FieldDefinition): FieldWrite {
    return { op: 'set', field, value: this.#value(field) };
  }

  #value(field: FieldDefinition): TagValue {
    switch (field.valueType) {
      case 'bool':
        return this.chance(0.5);
      case 'enum':
        return this.pick(field.values);
      case 'string':
        return this.chance(0.03) ? LONG_TEXT : this.pick(TEXTS);
      case 'set':
        return this.chance(0.1) ? this.#manyTexts() : this.#texts(0);
      default:
        return this.#number(field);
    }
  }

  #number(field: FieldDefinition): number {
    if (field.valueType === 'int' && this.chance(0.1)) return this.pick([SAFE, -SAFE]);
    const number = this.pick(NUMBERS);
    return field.valueType === 'date' ? number % 365_000 : number;
  }

  /** In UTF-8 order, as messages have them. */
  #texts(least: number): string[] {
    const texts = TEXTS.filter(() => this.chance(0.25));
    return inOrder(texts.length < least ? [this.pick(TEXTS)] : texts);
  }

  #manyTexts(): string[] {
    const first = this.between(0, 1_500);
    const count = this.pick([9, 400, 990, 1_000]);
    return inOrder(Array.from({ length: count }, (_, index) => `element ${first + index}`));
  }
}

function inOrder(texts: readonly string[]): string[] {
  return [...texts].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}
