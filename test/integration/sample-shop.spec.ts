import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatInstant, formatValue } from '@tessera/tag-catalog';
import type { TagMessage } from '@tessera/tag-catalog';
import { generateShop, loadSampleShop } from '../../apps/standalone/src/sample';
import { DuckDbSession, sqlText } from '../bench/peers/duckdb-session';
import { documentedCounts, readDocument } from './read-document';
import { TesseraInProcess } from './tessera-in-process';

const SHOP = { customers: 20_000, seed: 20_111_209, endMs: Date.UTC(2026, 10, 20, 15, 30) };
const END = `TIMESTAMP '2026-11-20 15:30:00'`;
const QUESTIONS = documentedCounts(readDocument('README.md'));

/** The five audiences of README.md in SQL, by the start of their title; written for themselves, over the generated rows. */
const SQL_BY_TITLE: ReadonlyMap<string, string> = new Map([
  [
    '1.',
    `SELECT count(*) FROM shopper
     WHERE city IN ('beijing', 'shanghai', 'guangzhou') AND birthday >= DATE '1996-01-01'
       AND push_enabled AND NOT account_closed`,
  ],
  [
    '2.',
    `SELECT count(*) FROM shopper
     WHERE total_spend >= 2000 AND email_opt_in
       AND cuid NOT IN (SELECT cuid FROM purchase WHERE time > ${END} - INTERVAL 90 DAY AND time <= ${END})`,
  ],
  [
    '3.',
    `SELECT count(*) FROM (
       SELECT cuid FROM purchase WHERE category = 'toys' AND time > ${END} - INTERVAL 60 DAY AND time <= ${END}
       GROUP BY cuid HAVING count(DISTINCT order_id) >= 2 AND sum(amount) >= 300)`,
  ],
  [
    '4.',
    `SELECT count(*) FROM shopper
     WHERE cart_value >= 100 AND cart_time > ${END} - INTERVAL 14 DAY
       AND cuid NOT IN (SELECT cuid FROM purchase WHERE time > ${END} - INTERVAL 7 DAY AND time <= ${END})`,
  ],
  [
    '5.',
    `SELECT count(*) FROM shopper
     WHERE cuid IN (
         SELECT visit.cuid FROM visit JOIN purchase ON purchase.cuid = visit.cuid
         WHERE visit.landing_page = 'sale' AND purchase.time > visit.time
           AND purchase.time <= visit.time + INTERVAL 1 DAY
           AND purchase.time > ${END} - INTERVAL 30 DAY AND purchase.time <= ${END})
       AND coalesce(CAST(level >= 4 AS INT), 0) + coalesce(CAST(coupon IS NOT NULL AS INT), 0)
         + coalesce(CAST(list_contains(interests, 'music') OR list_contains(interests, 'travel') AS INT), 0) >= 2`,
  ],
]);

/** Writes what was generated as NDJSON, one file a type, for DuckDB to read. */
class ShopDump {
  readonly #streams = new Map<string, ReturnType<typeof createWriteStream>>();

  constructor(private readonly folder: string) {}

  fileOf(type: string): string {
    return path.join(this.folder, `${type}.ndjson`);
  }

  add(message: TagMessage): void {
    const type = message.type.name;
    let stream = this.#streams.get(type);
    if (stream === undefined) {
      stream = createWriteStream(this.fileOf(type));
      this.#streams.set(type, stream);
    }
    const fields = message.fields.flatMap((write) =>
      write.op === 'set' ? [[write.field.name, formatValue(write.field, write.value)] as const] : [],
    );
    const row = { cuid: message.cuid, time: formatInstant(message.timeMs), ...Object.fromEntries(fields) };
    stream.write(`${JSON.stringify(row)}\n`);
  }

  async close(): Promise<void> {
    for (const stream of this.#streams.values()) {
      stream.end();
      await once(stream, 'close');
    }
  }
}

describe('the sample shop', () => {
  let folder: string;
  let tessera: TesseraInProcess;
  let duckDb: DuckDbSession;
  let rowCounts: ReadonlyMap<string, number>;

  beforeAll(async () => {
    tessera = await TesseraInProcess.open(() => SHOP.endMs);
    const { catalogStore, engine, documents } = tessera;
    const result = await loadSampleShop({
      catalogStore,
      tagStore: engine,
      documents,
      ...SHOP,
      nowMs: () => SHOP.endMs,
    });
    expect(result.outcome).toBe('loaded');

    folder = await mkdtemp(path.join(tmpdir(), 'tessera-shop-'));
    const dump = new ShopDump(folder);
    const counts = new Map<string, number>();
    for (const messages of generateShop(catalogStore.current(), SHOP)) {
      for (const message of messages) {
        dump.add(message);
        counts.set(message.type.name, (counts.get(message.type.name) ?? 0) + 1);
      }
    }
    rowCounts = counts;
    await dump.close();
    duckDb = await DuckDbSession.open(2);
    await readDump(duckDb, dump);
  }, 300_000);

  afterAll(async () => {
    duckDb.close();
    await tessera.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('holds every customer and row', async () => {
    expect(await tessera.count({ expression: { all: true } }, SHOP.endMs)).toBe(SHOP.customers);
    const type = tessera.catalogStore.current().type('purchase');
    if (type === undefined) throw new Error('purchase is not declared');
    expect(tessera.engine.eventRows(type).rows).toBe(rowCounts.get('purchase'));
    expect(await duckDb.count('SELECT count(*) FROM purchase')).toBe(rowCounts.get('purchase'));
  });

  it('has five audiences in README.md', () => {
    expect(QUESTIONS).toHaveLength(SQL_BY_TITLE.size);
  });

  it.each(QUESTIONS)('README audience $title counts what SQL counts', async (question) => {
    const sql = SQL_BY_TITLE.get(question.title.slice(0, 2)) ?? '';
    const expected = await duckDb.count(sql);
    expect(expected).toBeGreaterThan(5);
    expect(await tessera.count(question.body, SHOP.endMs)).toBe(expected);
  });
});

/** Tables `purchase`, `visit` and `shopper`; the last holds one row a customer, the cart's write and its time beside the profile. */
async function readDump(duckDb: DuckDbSession, dump: ShopDump): Promise<void> {
  const money = 'DECIMAL(18, 2)';
  await duckDb.run(`SET TimeZone = 'UTC'`);
  const table = async (name: string, source: string, columns: string): Promise<void> => {
    const file = sqlText(dump.fileOf(source));
    await duckDb.run(
      `CREATE TABLE ${name} AS SELECT * FROM read_json(${file}, format = 'newline_delimited', columns = {${columns}})`,
    );
  };
  await table(
    'purchase',
    'purchase',
    `cuid: 'VARCHAR', time: 'TIMESTAMP', order_id: 'VARCHAR', category: 'VARCHAR', amount: '${money}'`,
  );
  await table('visit', 'visit', `cuid: 'VARCHAR', time: 'TIMESTAMP', landing_page: 'VARCHAR'`);
  await table('marketing', 'marketing', `cuid: 'VARCHAR', coupon: 'VARCHAR'`);
  await table(
    'profile',
    'shopper',
    `cuid: 'VARCHAR', time: 'TIMESTAMP', city: 'VARCHAR', birthday: 'DATE', level: 'INT', email_opt_in: 'BOOLEAN',
     push_enabled: 'BOOLEAN', account_closed: 'BOOLEAN', interests: 'VARCHAR[]', total_spend: '${money}', cart_value: '${money}'`,
  );
  await duckDb.run(`
    CREATE TABLE shopper AS
    SELECT person.* EXCLUDE (cart_value, time), cart.cart_value, cart.time AS cart_time, marketing.coupon
    FROM (SELECT * FROM profile WHERE city IS NOT NULL) AS person
    LEFT JOIN (SELECT * FROM profile WHERE cart_value IS NOT NULL) AS cart USING (cuid)
    LEFT JOIN marketing USING (cuid)`);
}
