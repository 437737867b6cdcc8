import { RE2JS } from 're2js';
import { inputsOf } from '@tessera/audience';
import type { PlanNode, ReferenceEngine } from '@tessera/audience';
import { LeafCompiler, patternQuestions } from '@tessera/starrocks-engine';
import type { LeafSql, Relation, ScanNode } from '@tessera/starrocks-engine';
import type { StarrocksStore } from './starrocks-store';

/** All leaves of the nodes that are judged from columns, each once. */
export function scanNodesOf(nodes: readonly PlanNode[]): readonly ScanNode[] {
  const found = new Map<string, ScanNode>();
  const visit = (node: PlanNode): void => {
    if (isScan(node)) found.set(node.key, node);
    inputsOf(node).forEach(visit);
  };
  nodes.forEach(visit);
  return [...found.values()];
}

function isScan(node: PlanNode): node is ScanNode {
  return ['profileScan', 'kvRead', 'eventScan', 'sequenceScan'].includes(node.kind);
}

/** The distinct values that match each pattern, asked of the tables. */
export async function askPatterns(
  duck: StarrocksStore,
  nodes: readonly ScanNode[],
  nowMs: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const matches = new Map<string, readonly string[]>();
  for (const { key, pattern, statement } of patternQuestions(nodes, nowMs)) {
    const compiled = RE2JS.compile(pattern);
    const values = (await duck.select(statement)).map(([value]) => String(value));
    matches.set(key, values.filter((value) => compiled.matcher(value).find()).sort());
  }
  return matches;
}

/** The statement that tells every user's guid and, for each leaf, whether the user is a member. */
export function membersStatement(leaves: readonly LeafSql[], relations: readonly Relation[]): string {
  const joins = relations.map(({ alias, sql, joinedBy }) =>
    joinedBy === null
      ? ` LEFT JOIN [colocate] ${sql} AS ${alias} ON ${alias}.\`sys_guid\` = u.\`sys_guid\``
      : ` LEFT JOIN [broadcast] ${sql} AS ${alias} ON ${joinedBy}`,
  );
  const columns = leaves.map(({ condition }, index) => `if(${condition}, 1, 0) AS c${index}`);
  return `SELECT ${['u.`sys_guid`', ...columns].join(', ')} FROM \`sys_users\` AS u${joins.join('')} ORDER BY 1`;
}

/** Ids of long lists are never used twice. */
let lists = 0;

/** What SQL and the oracle make of each leaf, all leaves in one statement; a sentence for each difference. */
export async function compareLeaves(
  duck: StarrocksStore,
  oracle: ReferenceEngine,
  nodes: readonly ScanNode[],
  nowMs: number,
): Promise<readonly string[]> {
  if (nodes.length === 0) return [];
  lists += 1;
  const matches = await askPatterns(duck, nodes, nowMs);
  const compiler = new LeafCompiler({ nowMs, matches, listId: (slot) => `list ${lists}-${slot}` });
  const leaves = nodes.map((node) => compiler.add(node));
  await duck.fillValues(compiler.valueLists());
  const relations = compiler.relations();
  const rows = await duck.select(membersStatement(leaves, relations));
  const differences: string[] = [];
  const withoutRows = await duck.select(withoutRowsStatement(leaves, relations));
  for (const [index, node] of nodes.entries()) {
    const leaf = leaves[index];
    const found = rows.filter((row) => row[index + 1] === 1).map(([guid]) => Number(guid));
    const { set } = await oracle.materialise(node);
    const expected = [...set.page(0, set.size + 1)];
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      differences.push(`${node.key}\n  expected ${expected.join()}\n  found ${found.join()}\n  ${leaf?.condition}`);
    }
    if ((withoutRows[0]?.[index] === 1) !== leaf?.holdsWithoutRow) {
      differences.push(`${node.key}: holdsWithoutRow is ${leaf?.holdsWithoutRow}\n  ${leaf?.condition}`);
    }
    const unknown = leaf?.relations.filter((alias) => !relations.some((relation) => relation.alias === alias)) ?? [];
    const unnamed = relations.filter(({ alias }) => leaf?.condition.includes(`${alias}.`) === true);
    const missing = unnamed.filter(({ alias }) => leaf?.relations.includes(alias) !== true);
    if (unknown.length > 0 || missing.length > 0) {
      differences.push(`${node.key}: looks at ${leaf?.condition} but names ${leaf?.relations.join()}`);
    }
  }
  return differences;
}

/** One row: each leaf of a user for whom no relation has a row. */
function withoutRowsStatement(leaves: readonly LeafSql[], relations: readonly Relation[]): string {
  const users = '(SELECT CAST(-1 AS BIGINT) AS `sys_guid`) AS u';
  const whole = membersStatement(leaves, relations).replace('`sys_users` AS u', users);
  const columns = leaves.map((_, index) => `m.c${index}`);
  return `SELECT ${columns.join(', ')} FROM (${whole.replace(/ ORDER BY 1$/, '')}) AS m`;
}
