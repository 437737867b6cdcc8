import type { EventStatistics, FieldStatisticsReader, TagStatistics } from '@tessera/audience';
import { retentionStartMs } from '@tessera/tag-catalog';
import type { TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import type { StarrocksRow } from '../connection/starrocks-connection';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { GUID, identifier, kvColumnOf, TAG, tableOf, tableOfTag, TIME, timeColumnOf } from '../schema/names';
import { instantLiteral } from '../sql/literal';
import { chunksOf } from './chunks';
import { readInstant, readWhole } from './read-cell';
import { rowsIfMade } from './rows-if-made';
import { TableColumns } from './table-columns';

/** How long figures are told again: they cost a scan. */
const KEPT_MS = 10_000;

/** Each distinct count holds the values it has seen in memory. */
const TAGS_A_STATEMENT = 20;

const NOTHING: TagStatistics = { coverage: 0, distinct: 0, lastWriteMs: null, bytes: null };

interface Kept {
  readonly untilMs: number;
  readonly statistics: Promise<ReadonlyMap<number, TagStatistics>>;
}

/** What is stored of tags and events, counted in SQL; one scan for every 20 tags of a table and a few seconds. Of a table or column that is not made yet: nothing. */
export class StarrocksStatistics implements FieldStatisticsReader {
  /** By table, and by the tags that were asked for. */
  readonly #kept = new Map<string, Kept>();
  readonly #made: TableColumns;

  /** @param mayTellAgain asked in the caller's asynchronous context; false: figures are counted now, for others too. */
  constructor(
    private readonly pool: Pick<StarrocksPool, 'rows'>,
    private readonly nowMs: () => number,
    private readonly mayTellAgain: () => boolean = () => true,
  ) {
    this.#made = new TableColumns(pool);
  }

  async tagStatistics(tags: readonly TagDefinition[]): Promise<readonly TagStatistics[]> {
    const tables = new Map<string, TagDefinition[]>();
    for (const tag of tags) {
      const table = tableOfTag(tag);
      tables.set(table, [...(tables.get(table) ?? []), tag]);
    }
    const found = new Map<number, TagStatistics>();
    for (const of of await Promise.all([...tables].map(([table, some]) => this.#ofTable(table, some)))) {
      for (const [id, statistics] of of) found.set(id, statistics);
    }
    return tags.map((tag) => found.get(tag.id) ?? NOTHING);
  }

  async hasData(type: TagTypeDefinition): Promise<boolean> {
    return (
      (await rowsIfMade(this.pool, `SELECT ${identifier(GUID)} FROM ${identifier(tableOf(type))} LIMIT 1`)).length > 0
    );
  }

  async eventRows(type: TagTypeDefinition): Promise<EventStatistics> {
    const time = identifier(TIME);
    const where =
      type.retentionDays === null
        ? ''
        : ` WHERE ${time} >= ${instantLiteral(retentionStartMs(type.retentionDays, this.nowMs()))}`;
    const [row] = await rowsIfMade(
      this.pool,
      `SELECT count(*) AS \`sys_rows\`, max(${time}) AS \`sys_last\` FROM ${identifier(tableOf(type))}${where}`,
    );
    return { rows: readWhole(row?.['sys_rows'] ?? 0), lastMs: instantOrNull(row?.['sys_last']), bytes: null };
  }

  #ofTable(table: string, tags: readonly TagDefinition[]): Promise<ReadonlyMap<number, TagStatistics>> {
    const key = `${table} ${tags.map(({ id }) => id).join(' ')}`;
    const nowMs = performance.now();
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.untilMs > nowMs && this.mayTellAgain()) return kept.statistics;
    for (const [other, { untilMs }] of this.#kept) if (untilMs <= nowMs) this.#kept.delete(other);
    const statistics = tags[0]?.kind === 'kv' ? this.#ofKv(table, tags) : this.#ofProfile(table, tags);
    this.#kept.set(key, { untilMs: nowMs + KEPT_MS, statistics });
    statistics.catch(() => this.#kept.delete(key));
    return statistics;
  }

  async #ofProfile(table: string, declared: readonly TagDefinition[]): Promise<ReadonlyMap<number, TagStatistics>> {
    const made = await this.#made.of(
      table,
      declared.flatMap((tag) => [tag.name, timeColumnOf(tag)]),
    );
    const tags = declared.filter((tag) => made.has(tag.name) && made.has(timeColumnOf(tag)));
    const found = new Map<number, TagStatistics>();
    for (const some of chunksOf(tags, TAGS_A_STATEMENT)) {
      for (const [id, statistics] of await this.#ofColumns(table, some)) found.set(id, statistics);
    }
    return found;
  }

  async #ofColumns(table: string, tags: readonly TagDefinition[]): Promise<ReadonlyMap<number, TagStatistics>> {
    const columns = tags.flatMap((tag, place) => {
      const column = identifier(tag.name);
      return [
        `count(${column}) AS \`sys_c${place}\``,
        ...(tag.valueType === 'set' ? [] : [`count(DISTINCT ${column}) AS \`sys_d${place}\``]),
        `max(${identifier(timeColumnOf(tag))}) AS \`sys_m${place}\``,
      ];
    });
    const [row] = await rowsIfMade(this.pool, `SELECT ${columns.join(', ')} FROM ${identifier(table)}`);
    const found = new Map<number, TagStatistics>();
    if (row === undefined) return found;
    for (const [place, tag] of tags.entries()) {
      const distinct =
        tag.valueType === 'set' ? await this.#elements(table, identifier(tag.name), '') : row[`sys_d${place}`];
      found.set(tag.id, statisticsOf(row[`sys_c${place}`], distinct, row[`sys_m${place}`]));
    }
    return found;
  }

  async #ofKv(table: string, tags: readonly TagDefinition[]): Promise<ReadonlyMap<number, TagStatistics>> {
    const found = new Map<number, TagStatistics>();
    for (const tag of tags) {
      const column = identifier(kvColumnOf(tag));
      const where = ` WHERE ${identifier(TAG)} = ${tag.id}`;
      const isSet = tag.valueType === 'set';
      const [row] = await rowsIfMade(
        this.pool,
        `SELECT count(${column}) AS \`sys_c\`, ${isSet ? '' : `count(DISTINCT ${column}) AS \`sys_d\`, `}` +
          `max(${identifier(TIME)}) AS \`sys_m\` FROM ${identifier(table)}${where}`,
      );
      if (row === undefined) continue;
      const distinct = isSet ? await this.#elements(table, column, where) : row['sys_d'];
      found.set(tag.id, statisticsOf(row['sys_c'], distinct, row['sys_m']));
    }
    return found;
  }

  /** Distinct elements of sets. */
  async #elements(table: string, column: string, where: string): Promise<StarrocksRow[string]> {
    const [row] = await rowsIfMade(
      this.pool,
      `SELECT count(DISTINCT u.\`sys_element\`) AS \`sys_d\` FROM ${identifier(table)}, unnest(${column}) AS u(\`sys_element\`)${where}`,
    );
    return row?.['sys_d'] ?? 0;
  }
}

function statisticsOf(
  coverage: StarrocksRow[string] | undefined,
  distinct: StarrocksRow[string] | undefined,
  last: StarrocksRow[string] | undefined,
): TagStatistics {
  return {
    coverage: readWhole(coverage ?? 0),
    distinct: readWhole(distinct ?? 0),
    lastWriteMs: instantOrNull(last),
    bytes: null,
  };
}

function instantOrNull(cell: StarrocksRow[string] | undefined): number | null {
  return cell === null || cell === undefined ? null : readInstant(cell);
}
