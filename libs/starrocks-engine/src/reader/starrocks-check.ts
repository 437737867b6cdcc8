import type { DataVersion } from '@tessera/audience';
import type { Catalog, TagTypeDefinition } from '@tessera/tag-catalog';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { dataVersionAt } from '../engine/data-version';
import { CUID, GUID, identifier, POSITIONS_TABLE, tableOf, USERS_TABLE } from '../schema/names';
import { readWhole } from './read-cell';
import { rowsIfMade } from './rows-if-made';

const SHOWN_MAX = 10;

const [guid, cuid] = [GUID, CUID].map(identifier);
const users = identifier(USERS_TABLE);

/** Compares what StarRocks holds with itself. Every look reads whole tables, one after the other. */
export class StarrocksCheck {
  constructor(
    private readonly pool: Pick<StarrocksPool, 'rows'>,
    private readonly catalog: () => Catalog,
    /** Wall clock, ms. */
    private readonly clock: () => number,
  ) {}

  /** One sentence for each thing that does not agree. What workers write meanwhile may be taken for one. @throws StarrocksError */
  async findings(): Promise<readonly string[]> {
    const found = [...(await this.#sharedCuids())];
    for (const type of this.catalog().types) found.push(...(await this.#strangersIn(type)));
    return found;
  }

  /** @throws StarrocksError */
  async users(): Promise<number> {
    return this.#count(`SELECT count(*) AS \`sys_rows\` FROM ${users}`);
  }

  /** Rows of all events, those past their retention included that are still stored. @throws StarrocksError */
  async eventRows(): Promise<number> {
    let rows = 0;
    for (const type of this.catalog().types) {
      if (type.kind !== 'event') continue;
      rows += await this.#count(`SELECT count(*) AS \`sys_rows\` FROM ${identifier(tableOf(type))}`);
    }
    return rows;
  }

  /** Null while something is being written. @throws StarrocksError */
  async dataVersion(): Promise<DataVersion> {
    const [row] = await this.pool.rows(
      'SELECT ifnull(sum(`sys_begun`), 0) AS `sys_begun`, ifnull(sum(`sys_next`), 0) AS `sys_next` ' +
        `FROM ${identifier(POSITIONS_TABLE)}`,
    );
    const [begun, next] = [readWhole(row?.['sys_begun'] ?? 0), readWhole(row?.['sys_next'] ?? 0)];
    return begun === next ? dataVersionAt(next, this.clock()) : null;
  }

  async #sharedCuids(): Promise<readonly string[]> {
    const rows = await this.pool.rows(
      `SELECT ${cuid}, count(*) AS \`sys_rows\`, min(${guid}) AS \`sys_least\`, max(${guid}) AS \`sys_most\` ` +
        `FROM ${users} GROUP BY ${cuid} HAVING count(*) > 1 LIMIT ${SHOWN_MAX}`,
    );
    return rows.map(
      (row) =>
        `The cuid ${JSON.stringify(row[CUID])} has ${readWhole(row['sys_rows'] ?? null)} guids, ${row['sys_least']} and ${row['sys_most']} among them.`,
    );
  }

  /** Data of users who are not known. */
  async #strangersIn(type: TagTypeDefinition): Promise<readonly string[]> {
    const table = identifier(tableOf(type));
    const rows = await rowsIfMade(
      this.pool,
      `SELECT count(*) AS \`sys_rows\`, min(t.${guid}) AS \`sys_least\` FROM ${table} t LEFT JOIN ${users} u ON u.${guid} = t.${guid} ` +
        `WHERE u.${guid} IS NULL`,
    );
    const count = readWhole(rows[0]?.['sys_rows'] ?? 0);
    if (count === 0) return [];
    return [`${tableOf(type)} has ${count} rows of guids that nobody has, ${rows[0]?.['sys_least']} for one.`];
  }

  async #count(statement: string): Promise<number> {
    const [row] = await rowsIfMade(this.pool, statement);
    return readWhole(row?.['sys_rows'] ?? 0);
  }
}
