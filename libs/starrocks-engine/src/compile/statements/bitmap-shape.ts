import { GUID, GUIDS, identifier, SEGMENT, USERS_TABLE } from '../../schema/names';
import type { Gate, ScanGate, StoredGate } from './gate';
import { insertKept } from './keep-results';
import type { GateWriter } from './levels';
import { writeLevels } from './levels';
import { nestLevels } from './nest-levels';
import { MEMBER } from './shape';
import type { KeptResult, Shape, StatementInput } from './shape';
import { fromUsers, segmentOf, storedRelations, USERS, whereUsers } from './user-rows';

const guid = identifier(GUID);
const segment = identifier(SEGMENT);
/** The column of all users of a segment. */
const UNIVERSE = 'sys_all';

/** Gates as bitmaps, none of them ever NULL: with a NULL input every function is NULL, and its count 0. */
const BITMAPS: GateWriter = {
  universe: UNIVERSE,
  and: (inputs) => balance('bitmap_and', inputs),
  or: (inputs) => balance('bitmap_or', inputs),
  less: (left, right) => `bitmap_andnot(${left ?? UNIVERSE}, ${right})`,
  sum: () => {
    throw new Error('bitmaps can not be counted per user: sums have to be spelled out as gates');
  },
};

/** A tree of calls of a function of two arguments, as flat as can be. */
function balance(name: string, inputs: readonly string[]): string {
  const [first = ''] = inputs;
  if (inputs.length < 2) return first;
  const half = Math.ceil(inputs.length / 2);
  return `${name}(${balance(name, inputs.slice(0, half))}, ${balance(name, inputs.slice(half))})`;
}

/**
 * One row a segment of users: scans are aggregated into bitmaps over the users they are joined to, stored bitmaps are cut down to the users;
 * the rest is algebra of bitmaps.
 */
export const bitmapShape: Shape = {
  name: 'bitmap',

  counts(gates, input) {
    const { from, columnOf } = rows(gates, input);
    const counts = gates.map((gate, index) => `sum(bitmap_count(${columnOf(gate)})) AS c${index}`);
    return `SELECT ${counts.join(',\n  ')}\n${from}`;
  },

  segments(gate, input) {
    const { from, columnOf } = rows([gate], input);
    const column = columnOf(gate);
    return [
      `SELECT ${segment}, bitmap_to_base64(${column}) AS ${identifier(GUIDS)}`,
      from,
      `WHERE bitmap_count(${column}) > 0`,
      `ORDER BY ${segment}`,
    ].join('\n');
  },

  members(gate, limit, input) {
    const { from, columnOf } = rows([gate], input);
    const page = limit === null ? '' : `\nLIMIT ${limit}`;
    return [
      `SELECT g.${guid}`,
      `FROM (\nSELECT ${columnOf(gate)} AS c0\n${from}\n) s, unnest_bitmap(s.c0) AS g(${guid})`,
      `ORDER BY g.${guid}${page}`,
    ].join('\n');
  },

  marked(gate, input) {
    const { from, columnOf } = rows([gate], input);
    const of = `${USERS}.${guid}`;
    return [
      `(SELECT ${of}, bitmap_contains(s.c0, ${of}) AS ${identifier(MEMBER)}`,
      `FROM ${identifier(USERS_TABLE)} ${USERS}`,
      `LEFT JOIN [broadcast] (SELECT ${segment}, ${columnOf(gate)} AS c0\n${from}) s ON s.${segment} = ${segmentOf(of)})`,
    ].join('\n');
  },

  keep(results: readonly KeptResult[], input) {
    const gates = results.map(({ gate }) => gate);
    const { from, columnOf } = rows(gates, input);
    const columns = gates.map((gate, index) => `${columnOf(gate)} AS c${index}`);
    return insertKept(results, `SELECT ${segment},\n  ${columns.join(',\n  ')}\n${from}`);
  },
};

function rows(
  gates: readonly Gate[],
  { leaves, replaced, filter }: StatementInput,
): { readonly from: string; readonly columnOf: (gate: Gate) => string } {
  const written = writeLevels(gates, BITMAPS, replaced);
  const scans = written.leaves.filter((entry): entry is [string, ScanGate] => entry[1].kind === 'scan');
  const stored = written.leaves.filter((entry): entry is [string, StoredGate] => entry[1].kind === 'stored');
  const users = usersBySegment(scans, { leaves, replaced, filter });
  const relations = storedRelations(stored);
  const columns = [
    `a.${segment}`,
    `a.${UNIVERSE}`,
    ...scans.map(([name]) => `a.${name}`),
    ...relations.flatMap(({ alias, names }) =>
      names.map((name) => `bitmap_and(a.${UNIVERSE}, ifnull(${alias}.${name}, bitmap_empty())) AS ${name}`),
    ),
  ];
  const joins = relations.map(({ alias, sql }) => `\nLEFT JOIN ${sql} ${alias} ON ${alias}.${segment} = a.${segment}`);
  const base =
    relations.length === 0 ? users : `SELECT ${columns.join(',\n  ')}\nFROM (\n${users}\n) a${joins.join('')}`;
  return {
    from: nestLevels(base, written.levels),
    columnOf: (gate) => (gate.kind === 'all' ? UNIVERSE : written.columnOf(gate)),
  };
}

/** The users of each segment, and those of each scan, in one scan of the users. */
function usersBySegment(scans: readonly (readonly [string, ScanGate])[], { leaves, filter }: StatementInput): string {
  const conditions = scans.map(([name, { node }]) => `(${leaves.add(node).condition}) AS ${name}`);
  const from = `${fromUsers(leaves)}${whereUsers(filter)}`;
  const bitmaps = [
    `ifnull(bitmap_agg(s.${guid}), bitmap_empty()) AS ${UNIVERSE}`,
    ...scans.map(([name]) => `ifnull(bitmap_agg(if(s.${name}, s.${guid}, NULL)), bitmap_empty()) AS ${name}`),
  ];
  const of = segmentOf(`s.${guid}`);
  return [
    `SELECT ${of} AS ${segment},`,
    `  ${bitmaps.join(',\n  ')}`,
    `FROM (\nSELECT ${[`${USERS}.${guid}`, ...conditions].join(',\n  ')}\n${from}\n) s`,
    `GROUP BY ${of}`,
  ].join('\n');
}
