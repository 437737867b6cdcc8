import type { Interval, SequenceScanNode } from '@tessera/audience';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import { GUID, TIME, identifier, tableOf } from '../../schema/names';
import { FALSE, TRUE, allOf, disjunction } from './condition';
import { rowLists, whereConditions } from './event-relation';
import { fromSql } from './from-sql';
import type { LeafBuilder, LeafContext } from './leaf-context';
import { intervalConditions, keptInterval } from './row-time';

const DAY_MS = 86_400_000;
const GUID_COLUMN = identifier(GUID);
const TIME_COLUMN = identifier(TIME);
/** Times of rows are from 1970 to tomorrow, so no two lie further apart. */
const WITHIN_MS_MAX = 900 * 366 * DAY_MS;

/** Flags of one event type's rows: what makes a row match each step that is of this type. */
interface Branch {
  readonly from: string;
  readonly where: string;
  /** By step; null: a step of another type. */
  readonly matches: readonly (string | null)[];
}

/**
 * The users with a sequence. All rows that match some step, one row a user and time with a flag a step (`sys_h1`, …), so that rows of one time
 * can't follow one another. Then step by step, over the rows in order of time, `sys_c<k>`: of the chains of k steps that end at this row, the latest
 * first time. It is the latest of those of k − 1 steps that end at an earlier row, since only the first time of a chain matters to
 * what follows: to `within`, which the latest one meets if any does.
 */
export class SequenceRelation implements LeafBuilder {
  readonly #branches: readonly Branch[];

  private constructor(
    readonly node: SequenceScanNode,
    readonly alias: string,
    branches: readonly Branch[],
  ) {
    this.#branches = branches;
  }

  /** Undefined: no row can be the last one, or match some step. */
  static of(node: SequenceScanNode, alias: string, context: LeafContext): SequenceRelation | undefined {
    const { steps } = node;
    const last = steps.at(-1);
    if (last === undefined || keptInterval(node.interval, last.eventType, context.nowMs) === null) return undefined;
    const types = [...new Map(steps.map(({ eventType }) => [eventType.id, eventType])).values()];
    const branches = types.map((type) => branchOf(node, type, context));
    const isHopeless = steps.some((_, step) => branches.every(({ matches }) => (matches[step] ?? FALSE) === FALSE));
    return isHopeless ? undefined : new SequenceRelation(node, alias, branches);
  }

  sql(): string {
    const steps = this.node.steps.length;
    let rows = this.#flagged();
    for (let step = 1; step <= steps; step += 1) {
      const start = step === 1 ? TIME_COLUMN : `max(${identifier(`sys_c${step - 1}`)}) OVER (${BEFORE})`;
      const later = Array.from({ length: steps - step }, (_, index) => identifier(`sys_h${step + index + 1}`));
      const chain = `if(${identifier(`sys_h${step}`)} = 1, ${start}, NULL) AS ${identifier(`sys_c${step}`)}`;
      rows = `(SELECT ${[GUID_COLUMN, TIME_COLUMN, chain, ...later].join(', ')} FROM ${rows} AS q${step})`;
    }
    const whole = this.#reached(identifier(`sys_c${steps}`));
    return `(SELECT ${GUID_COLUMN} FROM ${rows} AS q WHERE ${whole} GROUP BY ${GUID_COLUMN})`;
  }

  #reached(start: string): string {
    const { withinMs } = this.node;
    if (withinMs === null || withinMs >= WITHIN_MS_MAX) return `${start} IS NOT NULL`;
    const days = Math.floor(withinMs / DAY_MS);
    const rest = withinMs % DAY_MS;
    const back = days === 0 ? TIME_COLUMN : `days_sub(${TIME_COLUMN}, ${days})`;
    // In two steps: the functions take an INT, and as milliseconds that is 24 days.
    return `${start} >= ${rest === 0 ? back : `milliseconds_sub(${back}, ${rest})`}`;
  }

  #flagged(): string {
    const flags = this.node.steps.map((_, step) => identifier(`sys_h${step + 1}`));
    const [only, ...others] = this.#branches;
    if (only !== undefined && others.length === 0) {
      const most = only.matches.map((match, step) => `max(${flagSql(match)}) AS ${flags[step] ?? ''}`);
      const key = `r.${GUID_COLUMN}, r.${TIME_COLUMN}`;
      return `(SELECT ${[key, ...most].join(', ')} FROM ${only.from}${only.where} GROUP BY ${key})`;
    }
    const selects = this.#branches.map(({ from, where, matches }) => {
      const own = matches.map((match, step) => `${flagSql(match)} AS ${flags[step] ?? ''}`);
      return `SELECT r.${GUID_COLUMN}, r.${TIME_COLUMN}, ${own.join(', ')} FROM ${from}${where}`;
    });
    const most = flags.map((flag) => `max(${flag}) AS ${flag}`);
    const key = `${GUID_COLUMN}, ${TIME_COLUMN}`;
    return `(SELECT ${[key, ...most].join(', ')} FROM (${selects.join(' UNION ALL ')}) AS q0 GROUP BY ${key})`;
  }
}

const BEFORE = `PARTITION BY ${GUID_COLUMN} ORDER BY ${TIME_COLUMN} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING`;

/** For a place beside OR. */
function bracketed(condition: string): string {
  return condition.includes(' AND ') ? `(${condition})` : condition;
}

function flagSql(match: string | null): string {
  if (match === null || match === FALSE) return '0';
  return match === TRUE ? '1' : `if(${match}, 1, 0)`;
}

/** Rows of the steps: before the window's end, and not further before its start than `within`. */
export function rowsInterval({ interval, withinMs }: SequenceScanNode): Interval {
  const { fromMs, toMs } = interval;
  return { fromMs: fromMs === null || withinMs === null ? null : fromMs - withinMs, toMs };
}

function branchOf(node: SequenceScanNode, type: TagTypeDefinition, context: LeafContext): Branch {
  const table = identifier(tableOf(type));
  const lists = rowLists(table, context);
  const scope = context.scope(lists);
  const rows = keptInterval(rowsInterval(node), type, context.nowMs);
  const times = rows === null ? [FALSE] : intervalConditions(rows);
  const matches = node.steps.map(({ eventType, where }, step) => {
    if (eventType.id !== type.id) return null;
    const isLast = step === node.steps.length - 1;
    const kept = isLast ? keptInterval(node.interval, type, context.nowMs) : rows;
    const window = kept === null ? [FALSE] : intervalConditions(kept).filter((time) => !times.includes(time));
    return allOf([...window, ...whereConditions(where, scope)]);
  });
  const some = disjunction(matches.filter((match) => match !== null).map(bracketed));
  const conditions = [...times, ...(some === TRUE ? [] : [some])];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return { from: fromSql(table, lists.joins(times)), where, matches };
}
