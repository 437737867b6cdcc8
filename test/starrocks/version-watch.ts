import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StarrocksPool, tableOf } from '@tessera/starrocks-engine';
import type { Catalog } from '@tessera/tag-catalog';
import { TABLES_DATABASE } from '../streams/compare-tables';

const SUMS = 'SELECT sum(`sys_begun`) AS begun, sum(`sys_next`) AS ended FROM `sys_positions`';
/** Between two tables, at most: an answer takes its time. */
const PAUSE_MS_MAX = 120;

/** Reads all tables again and again, as an answer would: two readings with the same data version must find the same rows. */
export class VersionWatch {
  /** What is wrong. */
  readonly flaws: string[] = [];
  /** Readings that had a data version. */
  readings = 0;
  readonly #digests = new Map<number, string>();
  #newest = 0;
  readonly #pool: StarrocksPool;
  readonly #tables: readonly string[];

  constructor(
    url: string,
    catalog: Catalog,
    private readonly random: (limit: number) => number,
  ) {
    this.#pool = new StarrocksPool({ urls: [url], database: TABLES_DATABASE });
    this.#tables = ['sys_users', ...catalog.types.map(tableOf)];
  }

  /** How many data versions it has seen. */
  get versions(): number {
    return this.#digests.size;
  }

  async watch(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.#look();
        await this.#pause();
      }
    } finally {
      await this.#pool.close();
    }
  }

  async #look(): Promise<void> {
    const before = await this.#version();
    if (before === null) return;
    const hash = createHash('sha1');
    for (const table of this.#tables) {
      await this.#pause();
      const rows = await this.#pool.rows(`SELECT * FROM \`${table}\``);
      hash
        .update(
          rows
            .map((row) => JSON.stringify(row))
            .sort()
            .join('\n'),
        )
        .update(table);
    }
    if ((await this.#version()) !== before) return;
    this.readings++;
    const digest = hash.digest('hex');
    const known = this.#digests.get(before);
    if (known !== undefined && known !== digest) this.flaws.push(`the rows of data version ${before} have changed`);
    if (before < this.#newest) this.flaws.push(`data version ${before} comes after ${this.#newest}`);
    this.#newest = before;
    this.#digests.set(before, digest);
  }

  #pause(): Promise<void> {
    return sleep(this.random(PAUSE_MS_MAX));
  }

  /** Null: something is being written. */
  async #version(): Promise<number | null> {
    const [row] = await this.#pool.rows(SUMS);
    return row?.['begun'] === row?.['ended'] ? Number(row?.['begun'] ?? 0) : null;
  }
}
