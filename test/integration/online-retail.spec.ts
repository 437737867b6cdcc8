import { declareTagType, parseMessage } from '@tessera/tag-catalog';
import type { TagMessage } from '@tessera/tag-catalog';
import { readRetailRows } from '../../apps/standalone/src/online-retail/read-retail-rows';
import { retailMessages } from '../../apps/standalone/src/online-retail/retail-messages';
import type { JsonMessage, RetailTotals } from '../../apps/standalone/src/online-retail/retail-messages';
import { RETAIL_TAG_TYPES } from '../../apps/standalone/src/online-retail/retail-tag-types';
import { DuckDbSession, sqlText } from '../bench/peers/duckdb-session';
import { describeWithDataFile } from './data-files';
import { documentedCounts, readDocument } from './read-document';
import { TesseraInProcess } from './tessera-in-process';

const NOW_MS = Date.UTC(2026, 0, 1);
const BATCH_MESSAGES = 20_000;
const PAGE = readDocument('docs/online-retail.md');
const QUESTIONS = documentedCounts(PAGE);

interface LoadOutcome {
  readonly totals: RetailTotals;
  readonly customers: readonly JsonMessage[];
  accepted: number;
  duplicate: number;
  other: number;
}

/** What the command does, without the network: every message goes through its JSON text. */
async function load(tessera: TesseraInProcess, file: string): Promise<LoadOutcome> {
  const totals: RetailTotals = { rows: 0, rowsWithoutCustomer: 0, orderLines: 0, customers: 0 };
  const customers: JsonMessage[] = [];
  const outcome = { totals, customers, accepted: 0, duplicate: 0, other: 0 };
  const catalog = tessera.catalogStore.current();
  let messages: TagMessage[] = [];
  const apply = async (): Promise<void> => {
    const { verdicts } = await tessera.engine.apply({ arrivalMs: NOW_MS, messages });
    for (const verdict of verdicts) {
      outcome[verdict === 'accepted' || verdict === 'duplicate' ? verdict : 'other'] += 1;
    }
    messages = [];
  };
  for await (const json of retailMessages(readRetailRows(file), totals)) {
    if (json.header.type === 'customer') customers.push(json);
    const parsed = parseMessage(catalog, JSON.parse(JSON.stringify(json)), NOW_MS);
    if (parsed.kind !== 'message') throw new Error(`${JSON.stringify(json)}: ${JSON.stringify(parsed)}`);
    if (messages.push(parsed.message) === BATCH_MESSAGES) await apply();
  }
  await apply();
  return outcome;
}

describe('docs/online-retail.md', () => {
  it('asks five questions, each with its SQL and its count', () => {
    expect(QUESTIONS).toHaveLength(5);
    for (const question of QUESTIONS) {
      expect(question.sql).not.toBeNull();
      expect(question.count).toBeGreaterThan(0);
    }
  });
});

describeWithDataFile('the Online Retail data', 'online-retail.csv.gz', (file) => {
  let tessera: TesseraInProcess;
  let duckDb: DuckDbSession;
  let loaded: LoadOutcome;

  beforeAll(async () => {
    tessera = await TesseraInProcess.open(() => NOW_MS);
    await tessera.catalogStore.update((catalog) =>
      RETAIL_TAG_TYPES.reduce((current, declaration) => {
        const declared = declareTagType(current, declaration);
        if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
        return declared.value;
      }, catalog),
    );
    loaded = await load(tessera, file);
    duckDb = await DuckDbSession.open(2);
    const setup = /^```sql lines\n([\s\S]*?)^```/m.exec(PAGE)?.[1] ?? '';
    await duckDb.run(setup.replace("'online-retail.csv.gz'", sqlText(file)));
  }, 300_000);

  afterAll(async () => {
    duckDb.close();
    await tessera.close();
  });

  it('is read and stored whole', async () => {
    expect(loaded.totals).toEqual({
      rows: 541_909,
      rowsWithoutCustomer: 135_080,
      orderLines: 406_829,
      customers: 4_372,
    });
    expect(loaded).toMatchObject({ accepted: 406_829 + 4_372, duplicate: 0, other: 0 });
    expect(await tessera.count({ expression: { all: true } }, NOW_MS)).toBe(4_372);
    expect(await duckDb.count('SELECT count(*) FROM lines')).toBe(406_829);
  });

  it.each(QUESTIONS)('$title: the page, Tessera and SQL on the raw file agree', async (question) => {
    expect(await duckDb.count(question.sql ?? '')).toBe(question.count);
    expect(await tessera.count(question.body, NOW_MS)).toBe(question.count);
  });

  it('sums every customer up as SQL does', async () => {
    const rows = await duckDb.rows(`
      SELECT customer, arg_max(country, (time, row)), strftime(max(time), '%Y-%m-%dT%H:%M:%SZ'),
             strftime(min(time) FILTER (NOT cancelled), '%Y-%m-%dT%H:%M:%SZ'),
             strftime(max(time) FILTER (NOT cancelled), '%Y-%m-%dT%H:%M:%SZ'),
             count(DISTINCT invoice) FILTER (NOT cancelled), CAST(sum(amount * 1000) AS BIGINT),
             count(DISTINCT invoice) FILTER (cancelled)
      FROM lines GROUP BY customer`);
    const expected = new Map(rows.map(([customer, ...cells]) => [String(customer), cells.map(String)]));
    expect(loaded.customers).toHaveLength(expected.size);
    for (const { header, body } of loaded.customers) {
      const { country, first_order_at = null, last_order_at = null, orders, revenue, cancellations } = body;
      const thousandths = Math.round(Number(revenue) * 1_000);
      const cells = [country, header.time, first_order_at, last_order_at, orders, thousandths, cancellations];
      expect([header.cuid, ...cells.map(String)]).toEqual([header.cuid, ...(expected.get(header.cuid) ?? [])]);
    }
  });

  it('stores nothing twice when it is loaded again', async () => {
    const again = await load(tessera, file);
    expect(again).toMatchObject({ duplicate: 406_829, accepted: 4_372, other: 0 });
    for (const question of QUESTIONS) expect(await tessera.count(question.body, NOW_MS)).toBe(question.count);
  }, 300_000);
});
