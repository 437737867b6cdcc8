import type { JsonValue } from '@tessera/tag-catalog';
import { Random } from '../../../apps/standalone/src/sample/random';
import { sqlText } from '../peers/duckdb-session';
import { AGE_HIGH, AGE_LOW, CITIES, cityName, LEVELS } from '../users/user-population';

const TAGS = ['gender', 'city', 'level', 'age', 'spend'] as const;
type Tag = (typeof TAGS)[number];

const LEAVES_LEAST = 2;
const LEAVES_MOST = 20;
const CHILDREN_MOST = 5;
const TAG_USED = 0.5;
const LEAF_NEGATED = 0.15;
const GROUP_NEGATED = 0.1;
const SPEND_MOST = 3_000;

/** A condition in both languages. */
interface Condition {
  readonly expression: JsonValue;
  readonly sql: string;
}

export interface RandomRule extends Condition {
  readonly leaves: number;
  /** A range of the 20-bit number is among the leaves. */
  readonly hasSpend: boolean;
}

/**
 * Rules of 2 to 20 leaves in nested `and`, `or`, `not` and `atLeast`. Each rule first draws its tags, every one with probability 1/2 (at least
 * one), so that about half of the rules have a range of `spend`.
 */
export class RandomRules {
  readonly #random: Random;
  readonly #given = new Set<string>();
  #tags: readonly Tag[] = [];
  #hasSpend = false;

  constructor(seed: number, stream = 0xc01d) {
    this.#random = new Random(seed, stream);
  }

  /** One that was not given out before. */
  next(): RandomRule {
    for (;;) {
      const rule = this.#draw();
      if (this.#given.has(rule.sql)) continue;
      this.#given.add(rule.sql);
      return rule;
    }
  }

  #draw(): RandomRule {
    const random = this.#random;
    do this.#tags = TAGS.filter(() => random.chance(TAG_USED));
    while (this.#tags.length === 0);
    this.#hasSpend = false;
    const leaves = random.between(LEAVES_LEAST, LEAVES_MOST);
    return { ...this.#group(leaves), leaves, hasSpend: this.#hasSpend };
  }

  #group(leaves: number): Condition {
    if (leaves === 1) return this.#negate(this.#leaf(), LEAF_NEGATED);
    const random = this.#random;
    const children = this.#split(leaves).map((part) => this.#group(part));
    const kind = random.unit();
    if (children.length > 2 && kind < 0.2)
      return this.#negate(atLeast(random.between(2, children.length - 1), children), GROUP_NEGATED);
    return this.#negate(combine(kind < 0.6 ? 'and' : 'or', children), GROUP_NEGATED);
  }

  /** Cuts so many leaves into 2 to 5 parts of at least one each. */
  #split(leaves: number): readonly number[] {
    const parts = new Array<number>(this.#random.between(2, Math.min(CHILDREN_MOST, leaves))).fill(1);
    for (let rest = leaves - parts.length; rest > 0; rest -= 1) {
      const part = this.#random.between(0, parts.length - 1);
      parts[part] = (parts[part] ?? 0) + 1;
    }
    return parts;
  }

  #negate(condition: Condition, probability: number): Condition {
    if (!this.#random.chance(probability)) return condition;
    return { expression: { not: condition.expression }, sql: `NOT (${condition.sql})` };
  }

  #leaf(): Condition {
    const tag = this.#tags[this.#random.between(0, this.#tags.length - 1)] ?? 'gender';
    switch (tag) {
      case 'gender':
        return compare(tag, this.#random.chance(0.5) ? 'eq' : 'ne', this.#random.between(1, 2));
      case 'city':
        return this.#cities();
      case 'level':
        return this.#ordinal(tag, () => this.#random.between(1, LEVELS));
      case 'age':
        return this.#ordinal(tag, () => this.#random.between(AGE_LOW, AGE_HIGH));
      case 'spend':
        this.#hasSpend = true;
        return this.#range(tag, () => this.#random.between(1, SPEND_MOST * 100) / 100);
    }
  }

  #cities(): Condition {
    const cities = new Set<number>();
    for (let draws = this.#random.between(1, 8); draws > 0; draws -= 1) cities.add(this.#random.between(0, CITIES - 1));
    const names = [...cities].map(cityName);
    const isNegated = this.#random.chance(0.15);
    return {
      expression: { tag: 'city', op: isNegated ? 'notIn' : 'in', value: names },
      sql: `city ${isNegated ? 'NOT IN' : 'IN'} (${names.map(sqlText).join(', ')})`,
    };
  }

  #ordinal(tag: Tag, draw: () => number): Condition {
    return this.#random.chance(0.25)
      ? compare(tag, this.#random.chance(0.7) ? 'eq' : 'ne', draw())
      : this.#range(tag, draw);
  }

  #range(tag: Tag, draw: () => number): Condition {
    const op = (['gt', 'gte', 'lt', 'lte', 'between'] as const)[this.#random.between(0, 4)] ?? 'gte';
    if (op !== 'between') return compare(tag, op, draw());
    const [one, other] = [draw(), draw()];
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    return { expression: { tag, op, value: [low, high] }, sql: `${tag} BETWEEN ${low} AND ${high}` };
  }
}

const SQL_OPERATORS = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

function compare(tag: Tag, op: keyof typeof SQL_OPERATORS, value: number): Condition {
  return { expression: { tag, op, value }, sql: `${tag} ${SQL_OPERATORS[op]} ${value}` };
}

function combine(kind: 'and' | 'or', children: readonly Condition[]): Condition {
  return {
    expression: { [kind]: children.map(({ expression }) => expression) },
    sql: children.map(({ sql }) => `(${sql})`).join(kind === 'and' ? ' AND ' : ' OR '),
  };
}

function atLeast(least: number, children: readonly Condition[]): Condition {
  return {
    expression: { atLeast: least, of: children.map(({ expression }) => expression) },
    sql: `${children.map(({ sql }) => `(${sql})::UTINYINT`).join(' + ')} >= ${least}`,
  };
}
