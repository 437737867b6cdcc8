import { BOOLEAN, DATETIME, INT, VARCHAR } from '../sql/types';
import { analyzeError } from '../starrocks-error';
import type { ScalarFunction } from './function-types';
import { flag, integer, moment, text } from './parameters';
import { array, call, scalar } from './scalar';
import { cast, together } from './typed';

const CONCAT_BYTES_MAX = 1_048_576;

/** Two arrays of one type. */
function arrays(section: string, name: string): ScalarFunction {
  return {
    kind: 'scalar',
    section,
    args: [2, 2],
    build: (a, b) => {
      const { sqls } = together([array(a), array(b)], name);
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

/** Conditions, texts, arrays, moments and numbers. */
export const PLAIN_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  // Conditions.
  if: {
    kind: 'scalar',
    section: '2',
    args: [3, 3],
    build: (condition, yes, no) => {
      const { sqls, type } = together([yes, no], 'if');
      return { sql: `CASE WHEN ${flag(condition, 'if')} THEN ${sqls[0]!} ELSE ${sqls[1]!} END`, type };
    },
  },
  ifnull: coalesce('2', 2, 2),
  coalesce: coalesce('11', 1, 1_000),
  // Texts; positions are of characters, length() of bytes.
  locate: scalar('12', [text, text], INT, (what, where) => `CAST(instr(${where}, ${what}) AS INTEGER)`),
  starts_with: scalar('12', [text, text], BOOLEAN, call('starts_with')),
  ends_with: scalar('12', [text, text], BOOLEAN, call('ends_with')),
  regexp: scalar('11', [text, text], BOOLEAN, call('regexp_matches')),
  length: scalar('docs', [text], INT, (of) => `CAST(strlen(${of}) AS INTEGER)`),
  // docs, string-functions/concat; NULL above get_olap_string_max_length (be/src/exprs/string_functions.cpp).
  concat: {
    kind: 'scalar',
    section: 'docs',
    args: [1, 1_000],
    build: (...args) => {
      const sql = `(${args.map((arg) => cast(arg, VARCHAR).sql).join(' || ')})`;
      return { sql: `CASE WHEN strlen(${sql}) <= ${CONCAT_BYTES_MAX} THEN ${sql} END`, type: VARCHAR };
    },
  },
  // docs, crytographic-functions/sha2: lower-case hexadecimal. Only the length that is used.
  sha2: {
    kind: 'scalar',
    section: 'docs',
    args: [2, 2],
    build: (of, length) => {
      if (length.sql !== '256') throw analyzeError(`sha2 of ${length.sql} bits: only 256 is known here`);
      return { sql: `sha256(${text(of, 'sha2')})`, type: VARCHAR };
    },
  },
  // Arrays.
  array_contains: {
    kind: 'scalar',
    section: '11',
    args: [2, 2],
    build: (of, value) => ({
      sql: `list_contains(${array(of).sql}, ${cast(value, array(of).of).sql})`,
      type: BOOLEAN,
    }),
  },
  array_contains_all: arrays('11', 'list_has_all'),
  arrays_overlap: arrays('11', 'list_has_any'),
  array_length: {
    kind: 'scalar',
    section: 'docs',
    args: [1, 1],
    build: (of) => ({ sql: `CAST(len(${array(of).sql}) AS INTEGER)`, type: INT }),
  },
  // docs, array-functions/array_join: NULL elements are left out; of no elements the empty text.
  array_join: {
    kind: 'scalar',
    section: 'docs',
    args: [2, 2],
    build: (of, separator) => {
      const { sql } = array(of);
      const joined = `coalesce(array_to_string(${sql}, ${text(separator, 'array_join')}), '')`;
      return { sql: `CASE WHEN ${sql} IS NOT NULL THEN ${joined} END`, type: VARCHAR };
    },
  },
  // Moments.
  year: field('docs', 'year'),
  month: field('12', 'month'),
  day: field('12', 'day'),
  hour: field('docs', 'hour'),
  minute: field('docs', 'minute'),
  dayofweek: scalar('docs', [moment], INT, (of) => `CAST(dayofweek(${of}) + 1 AS INTEGER)`),
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
  dayofyear: field('docs', 'dayofyear'),
  years_sub: shift('docs', 'to_years', '-'),
  days_sub: shift('docs', 'to_days', '-'),
  seconds_add: scalar('docs', [moment, integer], DATETIME, (of, n) => `(${of} + to_microseconds(${n} * 1000000))`),
  milliseconds_sub: scalar('12', [moment, integer], DATETIME, (of, n) => `(${of} - to_microseconds(${n} * 1000))`),
};
