import type { JsonValue } from '@tessera/tag-catalog';
import { Random } from '../../apps/standalone/src/sample/random';
import { sqlText } from './duckdb-session';
import { CITIES, cityName } from './bench-users';

/** One question in both languages. */
export interface BenchQuestion {
  readonly expression: JsonValue;
  readonly sql: string;
}

export interface BenchCase {
  readonly name: string;
  /** Asked in turn, each once. */
  readonly questions: readonly BenchQuestion[];
}

/**
 * The cases of the `count` bench. Where a case asks another question each time, no engine can answer from what it kept of the last
 * one; where it asks the same, that is what is measured.
 */
export function createCountCases(rounds: number, seed: number): readonly BenchCase[] {
  const random = new Random(seed, 1);
  const rule = (): BenchQuestion => ruleQuestion(drawCities(random));
  const same = rule();
  return [
    {
      name: 'gender = 1 and city in 3 of 300 and level ≥ 5 and not age < 20, other cities each time',
      questions: times(rounds, rule),
    },
    { name: 'the same rule again and again', questions: times(rounds, () => same) },
    {
      name: 'spend ≥ x, another x each time',
      questions: times(rounds, () => spendQuestion(random.between(1_000, 200_000))),
    },
  ];
}

function times(rounds: number, create: () => BenchQuestion): readonly BenchQuestion[] {
  return Array.from({ length: rounds }, create);
}

function drawCities(random: Random): readonly string[] {
  const cities = new Set<number>();
  while (cities.size < 3) cities.add(random.between(0, CITIES - 1));
  return [...cities].map(cityName);
}

function ruleQuestion(cities: readonly string[]): BenchQuestion {
  return {
    expression: {
      and: [
        { tag: 'gender', op: 'eq', value: 1 },
        { tag: 'city', op: 'in', value: cities },
        { tag: 'level', op: 'gte', value: 5 },
        { not: { tag: 'age', op: 'lt', value: 20 } },
      ],
    },
    sql: `SELECT count(*) FROM users WHERE gender = 1 AND city IN (${cities.map(sqlText).join(', ')}) AND level >= 5 AND NOT age < 20`,
  };
}

function spendQuestion(cents: number): BenchQuestion {
  const spend = cents / 100;
  return {
    expression: { tag: 'spend', op: 'gte', value: spend },
    sql: `SELECT count(*) FROM users WHERE spend >= ${spend}`,
  };
}
