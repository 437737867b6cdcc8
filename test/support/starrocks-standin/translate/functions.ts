import { analyzeError } from '../starrocks-error';
import type { SqlType } from '../sql/types';
import {
  BIGINT,
  BITMAP,
  BOOLEAN,
  DATE,
  DATETIME,
  DOUBLE,
  INT,
  isInteger,
  isTemporal,
  LARGEINT,
  nameOf,
  VARBINARY,
  VARCHAR,
} from '../sql/types';
import { cast, comparable, together } from './typed';
import type { Typed } from './typed';

/** Builds `name(argument)` with the DISTINCT, FILTER and OVER of the call. @param only a further condition on the rows. */
export type Aggregate = (name: string, argument: string, only?: string) => string;

export interface ScalarFunction {
  readonly kind: 'scalar';
  /** Where STARROCKS.md lists it; `docs`: in StarRocks' documentation, under sql-reference/sql-functions. */
  readonly section: string;
  readonly args: readonly [least: number, most: number];
  readonly build: (...args: readonly Typed[]) => Typed;
}

export interface AggregateFunction {
  readonly kind: 'aggregate';
  readonly section: string;
  readonly args: readonly [least: number, most: number];
  /** Takes FILTER (WHERE …). */
  readonly isFiltered?: boolean;
  readonly isDistinct?: boolean;
  /** Also as a window function. */
  readonly isWindow?: boolean;
  readonly build: (aggregate: Aggregate, ...args: readonly Typed[]) => Typed;
}

export interface WindowFunction {
  readonly kind: 'window';
  readonly section: string;
  readonly args: readonly [least: number, most: number];
  readonly ignoresNulls?: boolean;
  readonly build: (aggregate: Aggregate, ...args: readonly Typed[]) => Typed;
}

export type SqlFunction = ScalarFunction | AggregateFunction | WindowFunction;

/** Of a parameter: the argument, cast if StarRocks casts it silently and no mistake hides in it. */
type Parameter = (value: Typed, name: string) => string;

const accept =
  (what: string, accepts: (type: SqlType) => boolean, to?: SqlType): Parameter =>
  (value, name) => {
    if (value.type.name !== 'NULL' && !accepts(value.type)) {
      throw analyzeError(`No matching function with signature: ${name}(${nameOf(value.type)}): ${what} is wanted`);
    }
    return to === undefined ? value.sql : cast(value, to).sql;
  };

// A VARCHAR in place of a bitmap is cast by StarRocks without a word; here it is a mistake (STARROCKS.md section 11).
const bitmap: Parameter = (value, name) => {
  if (value.type.name === 'NULL') return `CAST(NULL AS INTEGER)`;
  return accept('BITMAP', (type) => type.name === 'BITMAP')(value, name);
};
const integer = accept('an integer', isInteger, BIGINT);
const wide = accept('an integer', isInteger, LARGEINT);
const text = accept('VARCHAR', (type) => type.name === 'VARCHAR', VARCHAR);
const flag = accept('BOOLEAN', (type) => type.name === 'BOOLEAN', BOOLEAN);
const moment = accept('DATETIME', (type) => isTemporal(type) || type.name === 'VARCHAR', DATETIME);
const bytes = accept('VARBINARY', (type) => type.name === 'VARBINARY');

/** Parameters, result, and DuckDB's SQL of the arguments. */
function scalar(
  section: string,
  parameters: readonly Parameter[],
  type: SqlType,
  sql: (...args: readonly string[]) => string,
): ScalarFunction {
  return {
    kind: 'scalar',
    section,
    args: [parameters.length, parameters.length],
    build: (...args) => {
      const cast = args.map((arg, index) => parameters[index]!(arg, 'the function'));
      return { sql: sql(...cast), type };
    },
  };
}

const call =
  (name: string) =>
  (...args: readonly string[]): string =>
    `${name}(${args.join(', ')})`;

function array(value: Typed): Typed & { readonly of: SqlType } {
  if (value.type.name !== 'ARRAY') throw analyzeError(`${nameOf(value.type)} in place of an ARRAY`);
  return { ...value, of: value.type.of };
}

/** Two arrays of one type. */
function arrays(section: string, name: string): ScalarFunction {
  return {
    kind: 'scalar',
    section,
    args: [2, 2],
    build: (a, b) => {
      const { sqls } = together([array(a!), array(b!)], name);
      return { sql: call(name)(...sqls), type: BOOLEAN };
    },
  };
}

const coalesce = (section: string, least: number, most: number): ScalarFunction => ({
  kind: 'scalar',
  section,
  args: [least, most],
  build: (...args) => {
    const { sqls, type } = together(args, 'coalesce');
    return { sql: `coalesce(${sqls.join(', ')})`, type };
  },
});

/** `years_add`, `days_sub`, …: a number of units more or less. */
function shift(section: string, unit: string, sign: '+' | '-'): ScalarFunction {
  return scalar(section, [moment, integer], DATETIME, (from, count) => `(${from} ${sign} ${unit}(${count}))`);
}

const field = (section: string, name: string): ScalarFunction =>
  scalar(section, [moment], INT, (of) => `CAST(${name}(${of}) AS INTEGER)`);

const extreme = (name: 'min' | 'max'): AggregateFunction => ({
  kind: 'aggregate',
  section: '11',
  args: [1, 1],
  isFiltered: true,
  isDistinct: true,
  isWindow: true,
  build: (aggregate, of) => {
    if (of!.type.name === 'BITMAP' || of!.type.name === 'ARRAY') throw analyzeError(`${name} of ${nameOf(of!.type)}`);
    return { sql: aggregate(name, of!.sql), type: of!.type };
  },
});

/** The numbers of an argument as a list of DuckDB. */
function listOf(aggregate: Aggregate, of: Typed, name: string): string {
  const { sql, type } = of;
  if (type.name === 'LARGEINT' || type.name === 'VARCHAR') {
    const values = cast(of, LARGEINT).sql;
    return `bm_of_wide(${aggregate('list', values, `${values} IS NOT NULL`)})`;
  }
  if (!isInteger(type) && type.name !== 'BOOLEAN') {
    throw analyzeError(`No matching function with signature: ${name}(${nameOf(type)})`);
  }
  return `bm_of(${aggregate('list', `CAST(${sql} AS BIGINT)`, `${sql} IS NOT NULL`)})`;
}

/** Over bitmaps; no rows, or only NULLs: NULL. */
function bitmaps(aggregate: Aggregate, name: string, of: Typed): string {
  const handle = bitmap(of, name);
  return `${name}(${aggregate('list', handle, `${handle} IS NOT NULL`)})`;
}

const SCALARS: Readonly<Record<string, ScalarFunction>> = {
  // Bitmaps: any NULL makes NULL, but for bitmap_count and bitmap_hash.
  to_bitmap: {
    kind: 'scalar',
    section: '2',
    args: [1, 1],
    build: (of) => {
      if (of!.type.name === 'VARCHAR') return { sql: `bm_of_text(${of!.sql})`, type: BITMAP };
      return { sql: `bm_of_one(${wide(of!, 'to_bitmap')})`, type: BITMAP };
    },
  },
  bitmap_hash: scalar('2', [text], BITMAP, (of) => `coalesce(bm_hash(${of}), bm_empty())`),
  bitmap_empty: scalar('2', [], BITMAP, call('bm_empty')),
  bitmap_and: scalar('2', [bitmap, bitmap], BITMAP, call('bm_and')),
  bitmap_or: scalar('2', [bitmap, bitmap], BITMAP, call('bm_or')),
  bitmap_xor: scalar('2', [bitmap, bitmap], BITMAP, call('bm_xor')),
  bitmap_andnot: scalar('2', [bitmap, bitmap], BITMAP, call('bm_andnot')),
  bitmap_remove: scalar('2', [bitmap, wide], BITMAP, call('bm_remove')),
  bitmap_count: scalar('2', [bitmap], BIGINT, (of) => `coalesce(bm_count(${of}), 0)`),
  bitmap_contains: {
    kind: 'scalar',
    section: '2',
    args: [2, 2],
    build: (of, value) => {
      const isWide = value!.type.name === 'LARGEINT';
      const number = (isWide ? wide : integer)(value!, 'bitmap_contains');
      return {
        sql: `bm_contains${isWide ? '_wide' : ''}(${bitmap(of!, 'bitmap_contains')}, ${number})`,
        type: BOOLEAN,
      };
    },
  },
  bitmap_has_any: scalar('2', [bitmap, bitmap], BOOLEAN, call('bm_has_any')),
  bitmap_min: scalar('2', [bitmap], LARGEINT, call('bm_min')),
  bitmap_max: scalar('2', [bitmap], LARGEINT, call('bm_max')),
  bitmap_to_string: scalar('2', [bitmap], VARCHAR, call('bm_to_string')),
  bitmap_to_array: scalar('2', [bitmap], { name: 'ARRAY', of: BIGINT }, call('bm_to_array')),
  bitmap_from_string: scalar('2', [text], BITMAP, call('bm_from_string')),
  array_to_bitmap: {
    kind: 'scalar',
    section: '2',
    args: [1, 1],
    build: (of) => ({ sql: `bm_of(${cast(array(of!), { name: 'ARRAY', of: BIGINT }).sql})`, type: BITMAP }),
  },
  bitmap_to_base64: scalar('2', [bitmap], VARCHAR, call('bm_to_base64')),
  base64_to_bitmap: scalar('2', [text], BITMAP, call('bm_from_base64')),
  bitmap_to_binary: scalar('2', [bitmap], VARBINARY, call('bm_to_binary')),
  bitmap_from_binary: scalar('2', [bytes], BITMAP, call('bm_from_binary')),
  sub_bitmap: scalar('2', [bitmap, integer, integer], BITMAP, call('bm_sub')),
  bitmap_subset_in_range: scalar('2', [bitmap, integer, integer], BITMAP, call('bm_range')),
  bitmap_subset_limit: scalar('2', [bitmap, integer, integer], BITMAP, call('bm_limit')),
  // Conditions.
  if: {
    kind: 'scalar',
    section: '2',
    args: [3, 3],
    build: (condition, yes, no) => {
      const { sqls, type } = together([yes!, no!], 'if');
      return { sql: `CASE WHEN ${flag(condition!, 'if')} THEN ${sqls[0]!} ELSE ${sqls[1]!} END`, type };
    },
  },
  ifnull: coalesce('2', 2, 2),
  coalesce: coalesce('11', 1, 1_000),
  nullif: {
    kind: 'scalar',
    section: 'docs',
    args: [2, 2],
    build: (a, b) => {
      const [x, y] = comparable(a!, b!, 'nullif');
      return { sql: `CASE WHEN ${x} = ${y} THEN NULL ELSE ${a!.sql} END`, type: a!.type };
    },
  },
  // Texts; positions are of characters, length() of bytes.
  locate: scalar('12', [text, text], INT, (what, where) => `CAST(instr(${where}, ${what}) AS INTEGER)`),
  starts_with: scalar('12', [text, text], BOOLEAN, call('starts_with')),
  ends_with: scalar('12', [text, text], BOOLEAN, call('ends_with')),
  regexp: scalar('11', [text, text], BOOLEAN, call('regexp_matches')),
  length: scalar('docs', [text], INT, (of) => `CAST(strlen(${of}) AS INTEGER)`),
  char_length: scalar('docs', [text], INT, (of) => `CAST(length(${of}) AS INTEGER)`),
  concat: {
    kind: 'scalar',
    section: 'docs',
    args: [1, 1_000],
    build: (...args) => ({ sql: `(${args.map((arg) => cast(arg, VARCHAR).sql).join(' || ')})`, type: VARCHAR }),
  },
  // Arrays.
  array_contains: {
    kind: 'scalar',
    section: '11',
    args: [2, 2],
    build: (of, value) => ({
      sql: `list_contains(${array(of!).sql}, ${cast(value!, array(of!).of).sql})`,
      type: BOOLEAN,
    }),
  },
  array_contains_all: arrays('11', 'list_has_all'),
  arrays_overlap: arrays('11', 'list_has_any'),
  array_length: {
    kind: 'scalar',
    section: 'docs',
    args: [1, 1],
    build: (of) => ({ sql: `CAST(len(${array(of!).sql}) AS INTEGER)`, type: INT }),
  },
  // sql-functions/array-functions/array_join: NULL elements are left out, of no elements the empty text.
  array_join: {
    kind: 'scalar',
    section: 'docs',
    args: [2, 2],
    build: (of, separator) => {
      const { sql } = array(of!);
      const joined = `coalesce(array_to_string(${sql}, ${text(separator!, 'array_join')}), '')`;
      return { sql: `CASE WHEN ${sql} IS NOT NULL THEN ${joined} END`, type: VARCHAR };
    },
  },
  // Moments.
  year: field('docs', 'year'),
  month: field('12', 'month'),
  day: field('12', 'day'),
  hour: field('docs', 'hour'),
  minute: field('docs', 'minute'),
  second: field('docs', 'second'),
  dayofweek: scalar('docs', [moment], INT, (of) => `CAST(dayofweek(${of}) + 1 AS INTEGER)`),
  // sql-functions/date-time-functions/dayofyear: from 1 on.
  dayofyear: field('docs', 'dayofyear'),
  now: scalar('8', [], DATETIME, () => `date_trunc('second', CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP))`),
  current_timestamp: scalar(
    '1',
    [],
    DATETIME,
    () => `date_trunc('second', CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP))`,
  ),
  utc_timestamp: scalar(
    'docs',
    [],
    DATETIME,
    () => `date_trunc('second', CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP))`,
  ),
  to_date: scalar('docs', [moment], DATE, (of) => `CAST(${of} AS DATE)`),
  date: scalar('docs', [moment], DATE, (of) => `CAST(${of} AS DATE)`),
  datediff: scalar('docs', [moment, moment], INT, (a, b) => `CAST(date_diff('day', ${b}, ${a}) AS INTEGER)`),
  unix_timestamp: {
    kind: 'scalar',
    section: 'docs',
    args: [0, 1],
    build: (of) => ({
      sql:
        of === undefined
          ? `CAST(floor(epoch(now())) AS BIGINT)`
          : `CAST(floor(epoch(${moment(of, 'unix_timestamp')})) AS BIGINT)`,
      type: BIGINT,
    }),
  },
  years_add: shift('docs', 'to_years', '+'),
  years_sub: shift('docs', 'to_years', '-'),
  months_add: shift('docs', 'to_months', '+'),
  months_sub: shift('docs', 'to_months', '-'),
  weeks_add: shift('docs', 'to_weeks', '+'),
  weeks_sub: shift('docs', 'to_weeks', '-'),
  days_add: shift('docs', 'to_days', '+'),
  days_sub: shift('docs', 'to_days', '-'),
  hours_add: shift('docs', 'to_hours', '+'),
  hours_sub: shift('docs', 'to_hours', '-'),
  minutes_add: shift('docs', 'to_minutes', '+'),
  minutes_sub: shift('docs', 'to_minutes', '-'),
  seconds_add: scalar('docs', [moment, integer], DATETIME, (of, n) => `(${of} + to_microseconds(${n} * 1000000))`),
  seconds_sub: scalar('docs', [moment, integer], DATETIME, (of, n) => `(${of} - to_microseconds(${n} * 1000000))`),
  milliseconds_add: scalar('docs', [moment, integer], DATETIME, (of, n) => `(${of} + to_microseconds(${n} * 1000))`),
  milliseconds_sub: scalar('12', [moment, integer], DATETIME, (of, n) => `(${of} - to_microseconds(${n} * 1000))`),
  microseconds_add: scalar('docs', [moment, integer], DATETIME, (of, n) => `(${of} + to_microseconds(${n}))`),
  microseconds_sub: scalar('docs', [moment, integer], DATETIME, (of, n) => `(${of} - to_microseconds(${n}))`),
  milliseconds_diff: scalar('docs', [moment, moment], BIGINT, (a, b) => `((epoch_us(${a}) - epoch_us(${b})) // 1000)`),
  // Numbers.
  abs: {
    kind: 'scalar',
    section: 'docs',
    args: [1, 1],
    build: (of) => ({ sql: `abs(${of!.sql})`, type: of!.type }),
  },
  greatest: { kind: 'scalar', section: 'docs', args: [1, 1_000], build: (...args) => most('greatest', args) },
  least: { kind: 'scalar', section: 'docs', args: [1, 1_000], build: (...args) => most('least', args) },
};

/** NULL if one is NULL, unlike DuckDB's. */
function most(name: string, args: readonly Typed[]): Typed {
  const { sqls, type } = together(args, name);
  const hasNull = sqls.map((sql) => `${sql} IS NULL`).join(' OR ');
  return { sql: `CASE WHEN ${hasNull} THEN NULL ELSE ${name}(${sqls.join(', ')}) END`, type };
}

const AGGREGATES: Readonly<Record<string, AggregateFunction>> = {
  bitmap_agg: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: listOf(aggregate, of!, 'bitmap_agg'), type: BITMAP }),
  },
  bitmap_agg_if: {
    kind: 'aggregate',
    section: '11',
    args: [2, 2],
    build: (aggregate, of, condition) => {
      const value = { ...of!, sql: `CASE WHEN ${flag(condition!, 'bitmap_agg_if')} THEN ${of!.sql} END` };
      return { sql: listOf(aggregate, value, 'bitmap_agg_if'), type: BITMAP };
    },
  },
  bitmap_union: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: bitmaps(aggregate, 'bm_union', of!), type: BITMAP }),
  },
  bitmap_intersect: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: bitmaps(aggregate, 'bm_intersect', of!), type: BITMAP }),
  },
  bitmap_union_count: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: `coalesce(bm_count(${bitmaps(aggregate, 'bm_union', of!)}), 0)`, type: BIGINT }),
  },
  bitmap_union_int: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({
      sql: `coalesce(bm_count(${listOf(aggregate, of!, 'bitmap_union_int')}), 0)`,
      type: BIGINT,
    }),
  },
  intersect_count: {
    kind: 'aggregate',
    section: '2',
    args: [3, 1_000],
    build: (aggregate, of, dimension, ...values) => {
      const each = values.map((value) => {
        const [a, b] = comparable(dimension!, value, '=');
        const handle = bitmap(of!, 'intersect_count');
        return `coalesce(bm_union(${aggregate('list', handle, `${handle} IS NOT NULL AND ${a} = ${b}`)}), bm_empty())`;
      });
      return { sql: `bm_count(bm_intersect([${each.join(', ')}]))`, type: BIGINT };
    },
  },
  count: {
    kind: 'aggregate',
    section: '11',
    args: [0, 1],
    isFiltered: true,
    isDistinct: true,
    isWindow: true,
    build: (aggregate, of) => {
      if (of?.type.name === 'BITMAP') throw analyzeError('count of BITMAP');
      return { sql: aggregate('count', of?.sql ?? '*'), type: BIGINT };
    },
  },
  count_if: {
    kind: 'aggregate',
    section: '11',
    args: [1, 1],
    build: (aggregate, condition) => ({ sql: aggregate('count', '*', flag(condition!, 'count_if')), type: BIGINT }),
  },
  sum: {
    kind: 'aggregate',
    section: '11',
    args: [1, 1],
    isFiltered: true,
    isDistinct: true,
    isWindow: true,
    build: sumOf,
  },
  avg: {
    kind: 'aggregate',
    section: '11',
    args: [1, 1],
    isFiltered: true,
    isDistinct: true,
    isWindow: true,
    build: (aggregate, of) => ({ sql: aggregate('avg', cast(of!, DOUBLE).sql), type: DOUBLE }),
  },
  min: extreme('min'),
  max: extreme('max'),
  any_value: {
    kind: 'aggregate',
    section: 'docs',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: aggregate('any_value', of!.sql), type: of!.type }),
  },
  array_agg: {
    kind: 'aggregate',
    section: '11',
    args: [1, 1],
    isFiltered: true,
    isDistinct: true,
    build: (aggregate, of) => ({ sql: aggregate('list', of!.sql), type: { name: 'ARRAY', of: of!.type } }),
  },
};

/** Of integers a BIGINT, which StarRocks lets overflow in silence: here that is an error. */
function sumOf(aggregate: Aggregate, of: Typed | undefined): Typed {
  const { sql, type } = of!;
  if (type.name === 'LARGEINT') return { sql: aggregate('sum', sql), type: LARGEINT };
  if (isInteger(type) || type.name === 'BOOLEAN' || type.name === 'NULL') {
    return { sql: `CAST(${aggregate('sum', cast(of!, BIGINT).sql)} AS BIGINT)`, type: BIGINT };
  }
  if (type.name === 'DECIMAL') return { sql: aggregate('sum', sql), type: { ...type, precision: 38 } };
  if (type.name === 'DOUBLE' || type.name === 'FLOAT')
    return { sql: aggregate('sum', cast(of!, DOUBLE).sql), type: DOUBLE };
  throw analyzeError(`sum of ${nameOf(type)}`);
}

const rank = (name: string): WindowFunction => ({
  kind: 'window',
  section: 'docs',
  args: [0, 0],
  build: (aggregate) => ({ sql: aggregate(name, ''), type: BIGINT }),
});

const neighbour = (name: string, section: string): WindowFunction => ({
  kind: 'window',
  section,
  args: [1, 3],
  ignoresNulls: true,
  build: (aggregate, of, ...rest) => ({
    sql: aggregate(name, [of!, ...rest].map(({ sql }) => sql).join(', ')),
    type: of!.type,
  }),
});

const WINDOWS: Readonly<Record<string, WindowFunction>> = {
  row_number: rank('row_number'),
  rank: rank('rank'),
  dense_rank: rank('dense_rank'),
  lead: neighbour('lead', '11'),
  lag: neighbour('lag', '11'),
  first_value: neighbour('first_value', 'docs'),
  last_value: neighbour('last_value', 'docs'),
};

/** Every function that the stand-in takes; all others are refused, so that a typo fails. */
export const FUNCTIONS: ReadonlyMap<string, SqlFunction> = new Map(
  Object.entries({ ...SCALARS, ...AGGREGATES, ...WINDOWS }),
);
