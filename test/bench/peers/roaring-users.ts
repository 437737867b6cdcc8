import { RoaringBitmap32 } from '@tessera/bitmap';
import type { RuleQuestion } from '../users/questions';
import { AGE_HIGH, CITIES, LEVELS } from '../users/user-population';
import type { UserBlock, UserPopulation } from '../users/user-population';

/** The bitmaps of one block of users, or of all: one for each value, or for everybody with that value or more. */
interface RuleBitmaps {
  readonly gender: RoaringBitmap32;
  /** By city. */
  readonly city: readonly RoaringBitmap32[];
  /** By the least level. */
  readonly levelFrom: readonly RoaringBitmap32[];
  /** By the least age. */
  readonly ageFrom: readonly RoaringBitmap32[];
}

/** A way to write the rule as plain calls of the library, all operands at hand. */
export interface HandWritten {
  readonly name: string;
  count(question: RuleQuestion): number;
}

/** What somebody would write by hand for exactly this rule: no plan, no other tags, no writes. */
export class RoaringUsers {
  readonly #blocks: readonly RuleBitmaps[];
  readonly #whole: RuleBitmaps;
  readonly #unions = new Map<string, readonly RoaringBitmap32[]>();

  constructor(users: UserPopulation) {
    this.#blocks = [...mapBlocks(users)];
    this.#whole = {
      gender: orAll(this.#blocks.map(({ gender }) => gender)),
      city: gather(this.#blocks, ({ city }) => city),
      levelFrom: gather(this.#blocks, ({ levelFrom }) => levelFrom),
      ageFrom: gather(this.#blocks, ({ ageFrom }) => ageFrom),
    };
  }

  /** For rules seen for the first time. */
  get firstSeen(): readonly HandWritten[] {
    return [
      { name: 'roaring by hand, whole', count: (question) => countByUnion(this.#whole, question) },
      { name: 'roaring by hand, by shard', count: (question) => this.#sum(question, countByUnion) },
      { name: 'roaring by hand, by shard and city', count: (question) => this.#sum(question, countByCity) },
    ];
  }

  /** For a rule asked again: the union of the cities is kept. */
  get repeated(): readonly HandWritten[] {
    return [
      { name: 'roaring by hand, cities kept, whole', count: (question) => this.#countKept([this.#whole], question) },
      { name: 'roaring by hand, cities kept, by shard', count: (question) => this.#countKept(this.#blocks, question) },
    ];
  }

  #sum(question: RuleQuestion, count: (bitmaps: RuleBitmaps, question: RuleQuestion) => number): number {
    let sum = 0;
    for (const block of this.#blocks) sum += count(block, question);
    return sum;
  }

  #countKept(parts: readonly RuleBitmaps[], { cities, levelLow, ageLow }: RuleQuestion): number {
    const key = `${parts.length} ${cities.join()}`;
    let unions = this.#unions.get(key);
    if (unions === undefined) {
      unions = parts.map(({ city }) => orAll(pick(city, cities)));
      this.#unions.set(key, unions);
    }
    let sum = 0;
    for (const [index, { gender, levelFrom, ageFrom }] of parts.entries()) {
      const matching = RoaringBitmap32.and(at(unions, index), gender);
      matching.andInPlace(at(levelFrom, levelLow));
      sum += matching.andCardinality(at(ageFrom, ageLow));
    }
    return sum;
  }
}

function countByUnion({ gender, city, levelFrom, ageFrom }: RuleBitmaps, question: RuleQuestion): number {
  const matching = orAll(pick(city, question.cities));
  matching.andInPlace(gender);
  matching.andInPlace(at(levelFrom, question.levelLow));
  return matching.andCardinality(at(ageFrom, question.ageLow));
}

/** A user has one city, so the cities' counts add up. */
function countByCity({ gender, city, levelFrom, ageFrom }: RuleBitmaps, question: RuleQuestion): number {
  let sum = 0;
  for (const members of pick(city, question.cities)) {
    const matching = RoaringBitmap32.and(members, gender);
    matching.andInPlace(at(levelFrom, question.levelLow));
    sum += matching.andCardinality(at(ageFrom, question.ageLow));
  }
  return sum;
}

function* mapBlocks(users: UserPopulation): Generator<RuleBitmaps> {
  for (const block of users.blocks()) {
    yield {
      gender: at(byValue(block, block.gender, 3), 1),
      city: byValue(block, block.city, CITIES),
      levelFrom: orMore(byValue(block, block.level, LEVELS + 1)),
      ageFrom: orMore(byValue(block, block.age, AGE_HIGH + 1)),
    };
  }
}

/** By value, its users. Users of one value come in ascending order. */
function byValue({ start, length }: UserBlock, column: Uint8Array | Uint16Array, end: number): RoaringBitmap32[] {
  const ends = new Uint32Array(end);
  for (const value of column) ends[value] = (ends[value] ?? 0) + 1;
  for (let value = 1; value < end; value += 1) ends[value] = (ends[value] ?? 0) + (ends[value - 1] ?? 0);
  const sorted = new Uint32Array(length);
  for (let index = length - 1; index >= 0; index -= 1) {
    const value = column[index] ?? 0;
    const position = (ends[value] ?? 0) - 1;
    ends[value] = position;
    sorted[position] = start + index + 1;
  }
  return Array.from({ length: end }, (_, value) => {
    const bitmap = new RoaringBitmap32(sorted.subarray(ends[value], ends[value + 1] ?? length));
    bitmap.runOptimize();
    bitmap.shrinkToFit();
    return bitmap;
  });
}

/** By value, everybody with that value or more. */
function orMore(equal: readonly RoaringBitmap32[]): RoaringBitmap32[] {
  const from = [...equal];
  for (let value = equal.length - 2; value >= 0; value -= 1) {
    const bitmap = RoaringBitmap32.or(at(equal, value), at(from, value + 1));
    bitmap.runOptimize();
    from[value] = bitmap;
  }
  return from;
}

function gather(
  blocks: readonly RuleBitmaps[],
  choose: (block: RuleBitmaps) => readonly RoaringBitmap32[],
): readonly RoaringBitmap32[] {
  const [first] = blocks;
  if (first === undefined) return [];
  return choose(first).map((_, value) => orAll(blocks.map((block) => at(choose(block), value))));
}

function orAll(bitmaps: readonly RoaringBitmap32[]): RoaringBitmap32 {
  return RoaringBitmap32.orMany([...bitmaps]);
}

function pick(bitmaps: readonly RoaringBitmap32[], values: readonly number[]): readonly RoaringBitmap32[] {
  return values.map((value) => at(bitmaps, value));
}

function at(bitmaps: readonly RoaringBitmap32[], index: number): RoaringBitmap32 {
  const bitmap = bitmaps[index];
  if (bitmap === undefined) throw new RangeError(`There is no bitmap ${index}`);
  return bitmap;
}
