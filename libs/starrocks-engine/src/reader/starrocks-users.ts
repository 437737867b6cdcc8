import type { Guid } from '@tessera/tag-catalog';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { CUID, GUID, identifier, USERS_TABLE } from '../schema/names';
import { chunksOf } from './chunks';
import { readWhole } from './read-cell';

const guid = identifier(GUID);
const cuid = identifier(CUID);

/** The guid → cuid table. */
export class StarrocksUsers {
  constructor(private readonly pool: Pick<StarrocksPool, 'rows'>) {}

  /** In order; undefined for erased and unknown ones. @throws StarrocksError */
  async cuidsOf(guids: ArrayLike<number>): Promise<readonly (string | undefined)[]> {
    const asked = Array.from(guids);
    const found = new Map<number, string>();
    await Promise.all(
      chunksOf([...new Set(asked)]).map(async (some) => {
        const rows = await this.pool.rows(
          `SELECT ${guid}, ${cuid} FROM ${identifier(USERS_TABLE)} WHERE ${guid} IN (${some.map(readWhole).join(', ')})`,
        );
        for (const row of rows) found.set(readWhole(row[GUID] ?? null), String(row[CUID]));
      }),
    );
    return asked.map((one) => found.get(one));
  }

  /** 0: there is nobody. @throws StarrocksError */
  async highestGuid(): Promise<number> {
    const [row] = await this.pool.rows(`SELECT ifnull(max(${guid}), 0) AS ${guid} FROM ${identifier(USERS_TABLE)}`);
    return readWhole(row?.[GUID] ?? 0);
  }

  /** Pairs in order of guids, from some guid on: for samples. @throws StarrocksError */
  async pairsFrom(least: number, limit: number): Promise<readonly { readonly guid: Guid; readonly cuid: string }[]> {
    const rows = await this.pool.rows(
      `SELECT ${guid}, ${cuid} FROM ${identifier(USERS_TABLE)} WHERE ${guid} >= ${readWhole(least)} ORDER BY ${guid} LIMIT ${readWhole(limit)}`,
    );
    return rows.map((row) => ({ guid: readWhole(row[GUID] ?? null) as Guid, cuid: String(row[CUID]) }));
  }
}
