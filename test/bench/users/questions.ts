import type { JsonValue } from '@tessera/tag-catalog';
import { Random } from '../../../apps/standalone/src/sample/random';
import { sqlText } from '../peers/duckdb-session';
import { CITIES, cityName, LEVELS } from './user-population';

/** The rule of DESIGN section 7: gender = 1 and city in three of 300 and level ≥ low and not age < low. */
export interface RuleQuestion {
  readonly cities: readonly number[];
  readonly levelLow: number;
  readonly ageLow: number;
  /** A fifth term where it is there: spend ≥ this, in 1/100. */
  readonly spendLowCents?: number;
}

/** Draws the rules of one run. */
export class RuleDraw {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed, 0xb3ac);
  }

  /** Other cities each time, thresholds as in DESIGN. */
  otherCities(): RuleQuestion {
    return { cities: this.#cities(), levelLow: 5, ageLow: 20 };
  }

  /** Nothing of the rule is as it was before, as far as the tags have so many values. */
  otherThresholds(): RuleQuestion {
    return { cities: this.#cities(), levelLow: this.#random.between(2, LEVELS), ageLow: this.#random.between(15, 85) };
  }

  fiveTerms(): RuleQuestion {
    return { ...this.otherCities(), spendLowCents: this.spendLowCents() };
  }

  spendLowCents(): number {
    return this.#random.between(1_000, 200_000);
  }

  #cities(): readonly number[] {
    const cities = new Set<number>();
    while (cities.size < 3) cities.add(this.#random.between(0, CITIES - 1));
    return [...cities];
  }
}

export interface QuestionsWanted {
  readonly seed: number;
  /** Questions of each kind that come first and are not timed. */
  readonly warmUp: number;
  readonly rounds: number;
  /** Of the rule: 5 with spend ≥ x. */
  readonly terms: 4 | 5;
}

/** The same for the same seed, whoever asks. */
export function drawQuestions({ seed, warmUp, rounds, terms }: QuestionsWanted): {
  readonly firstSeen: readonly RuleQuestion[];
  readonly repeated: readonly RuleQuestion[];
  readonly range: readonly number[];
} {
  const draw = new RuleDraw(seed);
  const times = <T>(create: () => T): readonly T[] => Array.from({ length: warmUp + rounds }, create);
  const rule = (): RuleQuestion => (terms === 5 ? draw.fiveTerms() : draw.otherCities());
  const same = rule();
  return { firstSeen: times(rule), repeated: times(() => same), range: times(() => draw.spendLowCents()) };
}

export function ruleExpression({ cities, levelLow, ageLow, spendLowCents }: RuleQuestion): JsonValue {
  return {
    and: [
      { tag: 'gender', op: 'eq', value: 1 },
      { tag: 'city', op: 'in', value: cities.map(cityName) },
      { tag: 'level', op: 'gte', value: levelLow },
      { not: { tag: 'age', op: 'lt', value: ageLow } },
      ...(spendLowCents === undefined ? [] : [spendExpression(spendLowCents)]),
    ],
  };
}

/** For DuckDB and ClickHouse alike. */
export function ruleCondition({ cities, levelLow, ageLow, spendLowCents }: RuleQuestion): string {
  const spend = spendLowCents === undefined ? '' : ` AND spend >= ${spendLowCents / 100}`;
  const names = cities.map((city) => sqlText(cityName(city))).join(', ');
  return `gender = 1 AND city IN (${names}) AND level >= ${levelLow} AND NOT age < ${ageLow}${spend}`;
}

export function ruleSql(question: RuleQuestion): string {
  return `SELECT count(*) FROM users WHERE ${ruleCondition(question)}`;
}

export function spendExpression(lowCents: number): {
  readonly tag: string;
  readonly op: string;
  readonly value: number;
} {
  return { tag: 'spend', op: 'gte', value: lowCents / 100 };
}

export function spendSql(lowCents: number): string {
  return `SELECT count(*) FROM users WHERE spend >= ${lowCents / 100}`;
}
