import { GUID, GUIDS, identifier, SEGMENT } from '../../schema/names';
import type { Gate, StoredGate, SumTest } from './gate';
import { insertKept } from './keep-results';
import type { GateWriter } from './levels';
import { writeLevels } from './levels';
import { nestLevels } from './nest-levels';
import { MEMBER } from './shape';
import type { KeptResult, Shape, StatementInput } from './shape';
import { fromUsers, segmentOf, storedRelations, USERS, whereUsers } from './user-rows';

const guid = identifier(GUID);
const segment = identifier(SEGMENT);

/** Terms of a flat sum; more of them are added in brackets, because a chain of additions nests once a term. */
const FLAT_TERMS_MAX = 8;

/** Gates as booleans. NULL is as good as false everywhere but under a negation. */
const BOOLEANS: GateWriter = {
  universe: null,
  and: (inputs) => `(${inputs.join(' AND ')})`,
  or: (inputs) => `(${inputs.join(' OR ')})`,
  less: (left, right) =>
    left === null ? `(NOT ifnull(${right}, false))` : `(${left} AND NOT ifnull(${right}, false))`,
  sum: (terms, test) => {
    const sum = addUp(terms.map(([text, weight]) => `if(${text}, ${weight}, 0)`));
    return testSum(sum, test);
  },
};

function addUp(terms: readonly string[]): string {
  if (terms.length <= FLAT_TERMS_MAX) return `(${terms.join(' + ')})`;
  const half = Math.ceil(terms.length / 2);
  return `(${addUp(terms.slice(0, half))} + ${addUp(terms.slice(half))})`;
}

function testSum(sum: string, test: SumTest): string {
  if (test.kind === 'atLeast') return `(${sum} >= ${test.least})`;
  return `((${sum} DIV ${2 ** test.digit}) % 2 = 1)`;
}

/**
 * One row a user: the users joined to the tables of their tags and events, and to the stored bitmaps of their segment. Every leaf and gate is
 * a boolean; no bitmap is built to count.
 */
export const mixedShape: Shape = {
  name: 'mixed',

  counts(gates, input) {
    const { from, columnOf } = rows(gates, input);
    const counts = gates.map((gate, index) =>
      gate.kind === 'all' ? `count(*) AS c${index}` : `count(if(${columnOf(gate)}, 1, NULL)) AS c${index}`,
    );
    return `SELECT ${counts.join(',\n  ')}\n${from}`;
  },

  segments(gate, input) {
    const { from, where } = rowsOf(gate, input);
    const of = segmentOf(guid);
    return [
      `SELECT ${of} AS ${segment}, bitmap_to_base64(bitmap_agg(${guid})) AS ${identifier(GUIDS)}`,
      `${from}${where}`,
      `GROUP BY ${of}`,
      `ORDER BY ${segment}`,
    ].join('\n');
  },

  members(gate, limit, input) {
    const { from, where } = rowsOf(gate, input);
    const page = limit === null ? '' : `\nLIMIT ${limit}`;
    return `SELECT ${guid}\n${from}${where}\nORDER BY ${guid}${page}`;
  },

  marked(gate, input) {
    const { from, columnOf } = rows([gate], input);
    return `(SELECT ${guid}, ${gate.kind === 'all' ? 'true' : columnOf(gate)} AS ${identifier(MEMBER)}\n${from})`;
  },

  keep(results: readonly KeptResult[], input) {
    const gates = results.map(({ gate }) => gate);
    const { from, columnOf } = rows(gates, input);
    const of = segmentOf(guid);
    const bitmaps = gates.map((gate, index) => {
      const members = gate.kind === 'all' ? guid : `if(${columnOf(gate)}, ${guid}, NULL)`;
      return `ifnull(bitmap_agg(${members}), bitmap_empty()) AS c${index}`;
    });
    const bySegment = `SELECT ${of} AS ${segment},\n  ${bitmaps.join(',\n  ')}\n${from}\nGROUP BY ${of}`;
    return insertKept(results, bySegment);
  },
};

/** The rows and, for one gate, which of them are its users. */
function rowsOf(gate: Gate, input: StatementInput): { readonly from: string; readonly where: string } {
  const { from, columnOf } = rows([gate], input);
  return { from, where: gate.kind === 'all' ? '' : `\nWHERE ${columnOf(gate)}` };
}

function rows(
  gates: readonly Gate[],
  { leaves, replaced, filter }: StatementInput,
): { readonly from: string; readonly columnOf: (gate: Gate) => string } {
  const written = writeLevels(gates, BOOLEANS, replaced);
  const stored = written.leaves.filter((entry): entry is [string, StoredGate] => entry[1].kind === 'stored');
  const relations = storedRelations(stored);
  const aliasOf = new Map(relations.flatMap(({ alias, names }) => names.map((name) => [name, alias] as const)));
  const columns = written.leaves.map(([name, leaf]) => {
    const text =
      leaf.kind === 'scan'
        ? leaves.add(leaf.node).condition
        : `bitmap_contains(${aliasOf.get(name) ?? ''}.${name}, ${USERS}.${guid})`;
    return `(${text}) AS ${name}`;
  });
  const joins = relations.map(
    ({ alias, sql }) =>
      `\nLEFT JOIN [broadcast] ${sql} ${alias} ON ${alias}.${segment} = ${segmentOf(`${USERS}.${guid}`)}`,
  );
  const base = `SELECT ${[`${USERS}.${guid}`, ...columns].join(',\n  ')}\n${fromUsers(leaves)}${joins.join('')}${whereUsers(filter)}`;
  return { from: nestLevels(base, written.levels), columnOf: (gate) => written.columnOf(gate) };
}
