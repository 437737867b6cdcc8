import type { EventRow, EventTotals, RowWants, SnapshotWants, TotalsWants } from '@tessera/audience';
import { compareUtf8, fieldsOf, INSTANT_MAX_MS, INSTANT_MIN_MS, retentionStartMs } from '@tessera/tag-catalog';
import type { FieldDefinition, Guid, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import type { Column } from '../compile/leaves/column';
import type { StarrocksRow } from '../connection/starrocks-connection';
import { notMadeYet } from '../connection/not-made-yet';
import { isUnknownTable } from '../connection/starrocks-error';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { readValue } from '../engine/read-value';
import {
  GUID,
  GUIDS,
  identifier,
  LISTS_TABLE,
  ROW,
  SEGMENT,
  SEGMENT_GUIDS,
  SNAPSHOTS_TABLE,
  tableOf,
  TIME,
} from '../schema/names';
import { instantLiteral, textLiteral } from '../sql/literal';
import { chunksOf } from './chunks';
import { readInstant, readWhole } from './read-cell';
import { rowsIfMade } from './rows-if-made';
import { TableColumns } from './table-columns';

const ELEMENT = 'sys_element';
const COUNT = 'sys_rows';
const LAST = 'sys_last';
const TYPE = 'sys_type';
/** Event types summed up in one statement. */
const TYPES_A_STATEMENT = 50;

const [guid, time, row, seg, guids] = [GUID, TIME, ROW, SEGMENT, GUIDS].map(identifier);

/** Rows with fromMs ≤ t < toMs. */
interface Span {
  readonly fromMs: number | null;
  readonly toMs: number;
}

/** What the engine has of single users beside their tags. Of a table that is not made yet: nothing. */
export class StarrocksUserRows {
  readonly #columns: TableColumns;

  /** @param nowMs wall clock, for retention. */
  constructor(
    private readonly pool: Pick<StarrocksPool, 'rows'>,
    private readonly nowMs: () => number,
  ) {
    this.#columns = new TableColumns(pool);
  }

  /**
   * The wanted rows by user, each user's ascending by time, ties in order of arrival; users without rows are left out. `newest` is kept to for a single user, of
   * several all rows are given.
   *
   * @throws StarrocksError
   */
  async rows(users: readonly Guid[], want: RowWants): Promise<ReadonlyMap<Guid, readonly EventRow[]>> {
    const { type, newest } = want;
    const found = new Map<Guid, EventRow[]>();
    let span = this.#kept(type, want);
    const [only] = users;
    if (newest !== null && only !== undefined && users.length === 1) {
      const leastMs = await this.#oldestOf(
        type,
        only,
        { ...span, toMs: Math.min(span.toMs, newest.beforeMs) },
        newest.rows,
      );
      span = { ...span, fromMs: Math.max(leastMs ?? -Infinity, span.fromMs ?? -Infinity) };
    }
    if (isEmpty(span)) return found;
    const fields = await this.#fieldsOf(type);
    for (const some of chunksOf(users)) {
      const columns = [guid, time, row, ...fields.map(columnOf)].join(', ');
      const rows = await rowsIfMade(
        this.pool,
        `SELECT ${columns} ${fromWhere(type, some, span)} ORDER BY ${guid}, ${time}, ${row}`,
      );
      // Behind the rows: what has come between has rows that are not asked for, not rows without elements.
      const sets =
        rows.length === 0 ? new Map<string, never>() : await this.#setsOf(type, fields, { users: some, span });
      for (const one of rows) {
        const read = readRow(one, fields, sets.get(keyOf(one)));
        if (read === null) continue;
        const owner = readWhole(one[GUID] ?? null) as Guid;
        const of = found.get(owner) ?? [];
        of.push(read);
        found.set(owner, of);
      }
    }
    return found;
  }

  /** By user and id of the event type; what has no rows is left out. @throws StarrocksError */
  async totals(
    users: readonly Guid[],
    wants: readonly TotalsWants[],
  ): Promise<ReadonlyMap<Guid, ReadonlyMap<number, EventTotals>>> {
    const found = new Map<Guid, Map<number, EventTotals>>();
    for (const some of chunksOf(users)) {
      const answers = await Promise.all(chunksOf(wants, TYPES_A_STATEMENT).map((each) => this.#totalsOf(some, each)));
      for (const one of answers.flat()) {
        const owner = readWhole(one[GUID] ?? null) as Guid;
        const of = found.get(owner) ?? new Map<number, EventTotals>();
        of.set(readWhole(one[TYPE] ?? null), {
          rows: readWhole(one[COUNT] ?? null),
          lastMs: readInstant(one[LAST] ?? null),
        });
        found.set(owner, of);
      }
    }
    return found;
  }

  /** Of the users, those in each list. @throws StarrocksError */
  async inLists(users: readonly Guid[], lists: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
    const found = new Map<string, ReadonlySet<number>>();
    for (const list of lists) {
      found.set(list, await this.#inBitmaps(users, LISTS_TABLE, `\`sys_list\` = ${textLiteral(list)}`));
    }
    return found;
  }

  /** Of the users, those in a snapshot. @throws StarrocksError */
  inSnapshot(users: readonly Guid[], { audienceId, version }: SnapshotWants): Promise<ReadonlySet<number>> {
    const condition = `\`sys_audience\` = ${textLiteral(audienceId)} AND \`sys_version\` = ${readWhole(version)}`;
    return this.#inBitmaps(users, SNAPSHOTS_TABLE, condition);
  }

  /** Those that have a column: one that was declared a moment ago has no values yet. */
  async #fieldsOf(type: TagTypeDefinition): Promise<readonly FieldDefinition[]> {
    const fields = fieldsOf(type);
    if (fields.length === 0) return fields;
    const columns = await this.#columns.of(
      tableOf(type),
      fields.map(({ name }) => name),
    );
    return fields.filter(({ name }) => columns.has(name));
  }

  /** Retention holds whatever is asked for. */
  #kept(type: TagTypeDefinition, { fromMs, toMs }: Span): Span {
    if (type.retentionDays === null) return { fromMs, toMs };
    return { fromMs: Math.max(fromMs ?? -Infinity, retentionStartMs(type.retentionDays, this.nowMs())), toMs };
  }

  /** Time of the oldest of a user's newest rows; null: there are fewer. */
  async #oldestOf(type: TagTypeDefinition, user: Guid, span: Span, rows: number): Promise<number | null> {
    if (isEmpty(span)) return null;
    const times = await rowsIfMade(
      this.pool,
      `SELECT ${time} ${fromWhere(type, [user], span)} ORDER BY ${time} DESC LIMIT ${readWhole(rows)}`,
    );
    const last = times.at(-1);
    return last === undefined || times.length < rows ? null : readInstant(last[TIME] ?? null);
  }

  /** Elements of set-typed properties: an array itself comes as text that can't be read back for sure. */
  async #setsOf(
    type: TagTypeDefinition,
    fields: readonly FieldDefinition[],
    { users, span }: { readonly users: readonly Guid[]; readonly span: Span },
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, string[]>>> {
    const found = new Map<string, Map<number, string[]>>();
    for (const field of fields) {
      if (field.valueType !== 'set') continue;
      const rows = await rowsIfMade(
        this.pool,
        `SELECT ${guid}, ${time}, ${row}, u.${identifier(ELEMENT)} FROM ${identifier(tableOf(type))}, ` +
          `unnest(${identifier(field.name)}) AS u(${identifier(ELEMENT)}) WHERE ${whereOf(users, span)}`,
      );
      for (const one of rows) {
        const of = found.get(keyOf(one)) ?? new Map<number, string[]>();
        of.set(field.id, [...(of.get(field.id) ?? []), String(one[ELEMENT])]);
        found.set(keyOf(one), of);
      }
    }
    return found;
  }

  async #totalsOf(users: readonly Guid[], wants: readonly TotalsWants[]): Promise<readonly StarrocksRow[]> {
    const parts = wants.flatMap(({ type, toMs }) => {
      const span = this.#kept(type, { fromMs: null, toMs });
      return isEmpty(span)
        ? []
        : [
            `SELECT ${type.id} AS ${identifier(TYPE)}, ${guid}, count(*) AS ${identifier(COUNT)}, max(${time}) AS ${identifier(LAST)} ` +
              `${fromWhere(type, users, span)} GROUP BY ${guid}`,
          ];
    });
    if (parts.length === 0) return [];
    try {
      return await this.pool.rows(parts.join(' UNION ALL '));
    } catch (error) {
      if (!isUnknownTable(error)) throw notMadeYet(error) ?? error;
      // One that is not made yet must not hide the others.
      return (await Promise.all(parts.map((part) => rowsIfMade(this.pool, part)))).flat();
    }
  }

  async #inBitmaps(users: readonly Guid[], table: string, condition: string): Promise<ReadonlySet<number>> {
    const members = new Set<number>();
    const segments = new Map<number, Guid[]>();
    for (const user of users) {
      const segment = Math.floor(user / SEGMENT_GUIDS);
      segments.set(segment, [...(segments.get(segment) ?? []), user]);
    }
    for (const [segment, all] of segments) {
      for (const some of chunksOf(all)) {
        const columns = some.map(
          (user, place) => `bitmap_contains(${guids}, ${user}) AS ${identifier(`sys_f${place}`)}`,
        );
        const sql = `SELECT ${columns.join(', ')} FROM ${identifier(table)} WHERE ${condition} AND ${seg} = ${segment}`;
        for (const one of await rowsIfMade(this.pool, sql)) {
          some.forEach((user, place) => {
            if (Number(one[`sys_f${place}`]) === 1) members.add(user);
          });
        }
      }
    }
    return members;
  }
}

function isEmpty({ fromMs, toMs }: Span): boolean {
  return toMs <= INSTANT_MIN_MS || (fromMs !== null && (fromMs >= toMs || fromMs > INSTANT_MAX_MS));
}

function fromWhere(type: TagTypeDefinition, users: readonly Guid[], span: Span): string {
  return `FROM ${identifier(tableOf(type))} WHERE ${whereOf(users, span)}`;
}

function whereOf(users: readonly Guid[], { fromMs, toMs }: Span): string {
  return [
    `${guid} IN (${users.map(readWhole).join(', ')})`,
    ...(fromMs === null || fromMs <= INSTANT_MIN_MS ? [] : [`${time} >= ${instantLiteral(fromMs)}`]),
    ...(toMs > INSTANT_MAX_MS ? [] : [`${time} < ${instantLiteral(toMs)}`]),
  ].join(' AND ');
}

/** Of a set: how many elements it has, NULL for none at all. */
function columnOf(field: FieldDefinition): string {
  const column = identifier(field.name);
  return field.valueType === 'set' ? `array_length(${column}) AS ${column}` : column;
}

function keyOf(one: StarrocksRow): string {
  return `${one[GUID]} ${one[TIME]} ${one[ROW]}`;
}

/** Null: a set has lost its elements, so the row was deleted behind the first look. */
function readRow(
  one: StarrocksRow,
  fields: readonly FieldDefinition[],
  sets: ReadonlyMap<number, readonly string[]> | undefined,
): EventRow | null {
  const properties = new Map<number, TagValue>();
  for (const field of fields) {
    const cell = one[field.name] ?? null;
    if (cell === null) continue;
    if (field.valueType !== 'set') {
      properties.set(field.id, readValue(typedColumn(field), cell));
      continue;
    }
    const elements = [...(sets?.get(field.id) ?? [])];
    if (elements.length !== readWhole(cell)) return null;
    properties.set(field.id, elements.sort(compareUtf8));
  }
  return { timeMs: readInstant(one[TIME] ?? null), properties };
}

/** In event tables a property has a column of its own type. */
function typedColumn(field: FieldDefinition): Column {
  return { sql: identifier(field.name), spec: field, form: 'typed', fieldId: field.id };
}
