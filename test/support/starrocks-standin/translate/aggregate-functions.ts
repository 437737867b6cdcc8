import { analyzeError } from '../starrocks-error';
import { BIGINT, BITMAP, DOUBLE, isInteger, LARGEINT, nameOf } from '../sql/types';
import type { Aggregate, AggregateFunction, WindowFunction } from './function-types';
import { bitmap, flag } from './parameters';
import { cast, comparable } from './typed';
import type { Typed } from './typed';

const extreme = (name: 'min' | 'max'): AggregateFunction => ({
  kind: 'aggregate',
  section: '11',
  args: [1, 1],
  isFiltered: true,
  isDistinct: true,
  isWindow: true,
  build: (aggregate, of) => {
    if (of.type.name === 'BITMAP' || of.type.name === 'ARRAY') throw analyzeError(`${name} of ${nameOf(of.type)}`);
    return { sql: aggregate(name, of.sql), type: of.type };
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

export const AGGREGATES: Readonly<Record<string, AggregateFunction>> = {
  bitmap_agg: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: listOf(aggregate, of, 'bitmap_agg'), type: BITMAP }),
  },
  bitmap_agg_if: {
    kind: 'aggregate',
    section: '11',
    args: [2, 2],
    build: (aggregate, of, condition) => {
      const value = { ...of, sql: `CASE WHEN ${flag(condition, 'bitmap_agg_if')} THEN ${of.sql} END` };
      return { sql: listOf(aggregate, value, 'bitmap_agg_if'), type: BITMAP };
    },
  },
  bitmap_union: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: bitmaps(aggregate, 'bm_union', of), type: BITMAP }),
  },
  bitmap_intersect: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: bitmaps(aggregate, 'bm_intersect', of), type: BITMAP }),
  },
  bitmap_union_count: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({ sql: `coalesce(bm_count(${bitmaps(aggregate, 'bm_union', of)}), 0)`, type: BIGINT }),
  },
  bitmap_union_int: {
    kind: 'aggregate',
    section: '2',
    args: [1, 1],
    build: (aggregate, of) => ({
      sql: `coalesce(bm_count(${listOf(aggregate, of, 'bitmap_union_int')}), 0)`,
      type: BIGINT,
    }),
  },
  intersect_count: {
    kind: 'aggregate',
    section: '2',
    args: [3, 1_000],
    build: (aggregate, of, dimension, ...values) => {
      const each = values.map((value) => {
        const [a, b] = comparable(dimension, value, '=');
        const handle = bitmap(of, 'intersect_count');
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
    build: (aggregate, of: Typed | undefined) => {
      if (of?.type.name === 'BITMAP') throw analyzeError('count of BITMAP');
      return { sql: aggregate('count', of?.sql ?? '*'), type: BIGINT };
    },
  },
  count_if: {
    kind: 'aggregate',
    section: '11',
    args: [1, 1],
    build: (aggregate, condition) => ({ sql: aggregate('count', '*', flag(condition, 'count_if')), type: BIGINT }),
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
    build: (aggregate, of) => ({ sql: aggregate('avg', cast(of, DOUBLE).sql), type: DOUBLE }),
  },
  min: extreme('min'),
  max: extreme('max'),
  array_agg: {
    kind: 'aggregate',
    section: '11',
    args: [1, 1],
    isFiltered: true,
    isDistinct: true,
    build: (aggregate, of) => ({ sql: aggregate('list', of.sql), type: { name: 'ARRAY', of: of.type } }),
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

const neighbour = (name: string, section: string): WindowFunction => ({
  kind: 'window',
  section,
  args: [1, 3],
  ignoresNulls: true,
  build: (aggregate, of, ...rest) => ({
    sql: aggregate(name, [of, ...rest].map(({ sql }) => sql).join(', ')),
    type: of.type,
  }),
});

export const WINDOWS: Readonly<Record<string, WindowFunction>> = {
  lead: neighbour('lead', '11'),
  lag: neighbour('lag', '11'),
};
