import { parseMessage } from '@tessera/tag-catalog';
import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

let api: ReferenceApi;
beforeEach(async () => {
  api = await startReferenceApi();
  await fillSmallShop(api);
});
afterEach(() => api.close());

const SECONDS = ['10:00:00', '10:00:01', '10:00:01', '10:00:01', '10:00:02', '10:00:02'];

async function write(type: string, second: string, body: object): Promise<void> {
  const raw = { header: { type, cuid: 'eve', time: `2026-10-20T${second}Z` }, body };
  const parsed = parseMessage(api.catalogStore.current(), raw, api.time.nowMs);
  if (parsed.kind !== 'message') throw new Error(JSON.stringify(parsed));
  await api.store.apply({ arrivalMs: api.time.nowMs, messages: [parsed.message] });
}

async function writeAll(): Promise<void> {
  for (const [index, second] of SECONDS.entries()) {
    await write('order_paid', second, { amount: index });
    await write('page_view', second, {});
  }
}

const events = (query: object, cuid = 'eve') => request(api.server).get(`/v1/users/${cuid}/events`).query(query);

interface Row {
  readonly type: string;
  readonly time: string;
  readonly properties: object;
}

async function readPages(query: object, between: () => Promise<void> = () => Promise.resolve()): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await events({ ...query, ...(cursor === undefined ? {} : { cursor }) }).expect(200);
    rows.push(...body.events);
    cursor = body.nextCursor;
    await between();
  } while (cursor !== undefined);
  return rows;
}

describe('paging through the rows of a user', () => {
  it.each([1, 2, 3, 5, 11, 12, 13])('loses and repeats none of an instant, %i a page', async (limit) => {
    await writeAll();
    const { body } = await events({ limit: 1_000 }).expect(200);
    expect(body.events).toHaveLength(12);
    expect(body.nextCursor).toBeUndefined();
    expect(await readPages({ limit })).toEqual(body.events);
    expect(await readPages({ limit, type: 'order_paid' })).toEqual(
      body.events.filter((row: Row) => row.type === 'order_paid'),
    );
  });

  it('stays in its place while rows of the same instants arrive', async () => {
    await writeAll();
    const { body } = await events({ limit: 1_000 }).expect(200);
    const paged = await readPages({ limit: 3 }, async () => {
      for (const second of new Set(SECONDS)) await write('order_paid', second, { category: 'late' });
    });
    expect(paged.filter((row) => !('category' in row.properties))).toEqual(body.events);
  });

  it('honours before together with a cursor', async () => {
    await writeAll();
    const rows = await readPages({ limit: 2, before: '2026-10-20T10:00:01Z' });
    expect(rows.map((row) => row.time)).toEqual(['2026-10-20T10:00:00Z', '2026-10-20T10:00:00Z']);
  });

  it('refuses cursors that were never issued, or for somebody else', async () => {
    await writeAll();
    const { body } = await events({ limit: 1 }).expect(200);
    const forged = `${body.nextCursor.slice(0, -1)}${body.nextCursor.endsWith('A') ? 'B' : 'A'}`;
    for (const call of [
      events({ cursor: forged }),
      events({ cursor: '' }),
      events({ cursor: body.nextCursor }, 'ann'),
    ]) {
      expect((await call).body).toMatchObject({ status: 400, errors: [{ path: '/cursor', code: 'invalidCursor' }] });
    }
  });
});
