import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { loadRetail } from './load-retail';
import type { RetailReport } from './load-retail';
import { readRetailRows } from './read-retail-rows';
import type { RetailRow } from './read-retail-rows';
import { CustomerSummaries, orderLineMessage } from './retail-messages';
import { TesseraClient } from './tessera-client';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n';
const SMALL = `${HEADER}536365,85123A,"HEART, WHITE",6,2010-12-01T08:26:00,2.55,17850,United Kingdom
536365,85123A,"HEART, WHITE",6,2010-12-01T08:26:00,2.55,17850,United Kingdom
536370,22728,CLOCK,24,2010-12-01T08:45:00,3.75,12583,France
C536379,D,Discount,-1,2010-12-01T09:41:00,27.5,14527,United Kingdom
536544,21773,"NO CUSTOMER",1,2010-12-01T14:32:00,2.51,,United Kingdom
550193,PADS,PADS,1,2011-04-15T09:27:00,0.001,12583,Belgium
C550200,22728,CLOCK,-4,2011-04-16T09:27:00,3.75,12583,Belgium
`;

/** Speaks the three calls that loading needs, and remembers ids as the real one does. */
class LittleTessera {
  readonly types = new Map<string, unknown>();
  readonly messages: { readonly header: { readonly type: string; readonly cuid: string; readonly id?: string } }[] = [];
  readonly #ids = new Set<string>();
  /** Statuses answered instead, first come first served; 0 cuts the connection. */
  readonly troubles: number[] = [];
  readonly apiKeys = new Set<string | undefined>();
  inFlight = 0;
  inFlightMax = 0;
  readonly #server: Server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.apiKeys.add(request.headers.authorization);
    const body = await text(request);
    const trouble = this.troubles.shift();
    if (trouble === 0) {
      request.socket.destroy();
      return;
    }
    if (trouble !== undefined) {
      response.writeHead(trouble, { 'retry-after': '0' }).end('{"title":"trouble"}');
      return;
    }
    if (request.url === '/v1/messages') {
      this.inFlight += 1;
      this.inFlightMax = Math.max(this.inFlightMax, this.inFlight);
      await new Promise((resolve) => setTimeout(resolve, 5));
      this.inFlight -= 1;
      response.end(JSON.stringify(this.#take(body)));
    } else if (request.method === 'POST') {
      const type = JSON.parse(body);
      this.types.set(String(type.name), type);
      response.writeHead(201).end(body);
    } else {
      const type = this.types.get(String(request.url).split('/').at(-1) ?? '');
      response.writeHead(type === undefined ? 404 : 200).end(JSON.stringify(type ?? {}));
    }
  }

  #take(body: string): unknown {
    const answer = { accepted: 0, stale: 0, duplicate: 0, rejected: new Array<unknown>(), offset: 'x' };
    for (const line of body.trimEnd().split('\n')) {
      const message = JSON.parse(line);
      const { id } = message.header;
      if (message.header.cuid === '14527')
        answer.rejected.push({ index: 0, code: 'outOfRange', detail: 'refused for a test' });
      else if (id !== undefined && this.#ids.has(id)) answer.duplicate += 1;
      else {
        answer.accepted += 1;
        this.messages.push(message);
        if (id !== undefined) this.#ids.add(id);
      }
    }
    return answer;
  }
}

describe('loading the Online Retail data', () => {
  let folder: string;
  let tessera: LittleTessera;
  let url: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tessera-retail-'));
    tessera = new LittleTessera();
    url = await tessera.listen();
  });

  afterEach(async () => {
    await tessera.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function write(name: string, content: string | Buffer): Promise<string> {
    const file = path.join(folder, name);
    await writeFile(file, content);
    return file;
  }

  async function load(file: string, apiKey: string | null = null): Promise<RetailReport> {
    return await loadRetail(new TesseraClient({ url, apiKey, retryDelayMs: 1 }), file, () => undefined);
  }

  async function rowsOf(content: string): Promise<RetailRow[]> {
    const rows: RetailRow[] = [];
    for await (const row of readRetailRows(await write('rows.csv', content))) rows.push(row);
    return rows;
  }

  it('declares the tag types and sends every row with a customer, equal rows too', async () => {
    const report = await load(await write('small.csv', SMALL), 'secret');
    expect([...tessera.types.keys()]).toEqual(['customer', 'order_line']);
    expect(report).toMatchObject({ rows: 7, rowsWithoutCustomer: 1, orderLines: 6, customers: 3 });
    expect(report).toMatchObject({ accepted: 7, duplicate: 0, rejected: 2 });
    expect(report.rejections).toEqual(['outOfRange: refused for a test', 'outOfRange: refused for a test']);
    expect(tessera.messages.filter((message) => message.header.cuid === '17850')).toHaveLength(3);
    expect([...tessera.apiKeys]).toEqual(['Bearer secret']);
  });

  it('stores nothing twice when the same file comes again, zipped this time', async () => {
    await load(await write('small.csv', SMALL));
    const report = await load(await write('small.csv.gz', gzipSync(SMALL)));
    expect(report).toMatchObject({ accepted: 2, duplicate: 5 });
  });

  it('tries again when the server is busy, draining or cuts the connection', async () => {
    tessera.troubles.push(429, 503, 0);
    expect(await load(await write('small.csv', SMALL))).toMatchObject({ accepted: 7 });
    expect(tessera.troubles).toEqual([]);
  });

  it('gives up on what trying again does not mend, and says why', async () => {
    tessera.troubles.push(401);
    await expect(load(await write('small.csv', SMALL))).rejects.toThrow(/401 when reading the tag type customer/);
    await tessera.close();
    await expect(load(await write('small.csv', SMALL))).rejects.toThrow(/No answer from .*; start Tessera there/);
    tessera = new LittleTessera();
    url = await tessera.listen();
  });

  it('refuses a server where the names mean something else', async () => {
    tessera.types.set('customer', { name: 'customer', kind: 'profile', tags: [{ name: 'country', valueType: 'int' }] });
    await expect(load(await write('small.csv', SMALL))).rejects.toThrow(/"customer" is already declared.*country/);
  });

  it('reads no faster than the server answers', async () => {
    const line = '536365,85123A,HEART,6,2010-12-01T08:26:00,2.55,17850,United Kingdom\n';
    const report = await load(await write('many.csv', HEADER + line.repeat(23_000)));
    expect(report).toMatchObject({ rows: 23_000, accepted: 23_001 });
    expect(tessera.inFlightMax).toBeLessThanOrEqual(2);
  });

  it('computes amounts exactly', async () => {
    const cells = (quantity: string, price: string): string =>
      `1,X,,${quantity},2011-01-01T00:00:00,${price},7,Spain\n`;
    const rows = await rowsOf(
      HEADER + cells('3', '0.1') + cells('-80995', '2.08') + cells('7', '0.001') + cells('9', '38970'),
    );
    const bodies = rows.map((row) => JSON.stringify(orderLineMessage(row, '7').body));
    expect(bodies.map((body) => /"unit_price":([^,]*),"amount":([^,]*)/.exec(body)?.slice(1))).toEqual([
      ['0.1', '0.3'],
      ['2.08', '-168469.6'],
      ['0.001', '0.007'],
      ['38970', '350730'],
    ]);
  });

  it('sums customers up: latest country, orders without cancellations, revenue with them', async () => {
    const summaries = new CustomerSummaries();
    for (const row of await rowsOf(SMALL)) if (row.customer !== null) summaries.add(row, row.customer);
    const messages = new Map([...summaries.messages()].map((message) => [message.header.cuid, message]));
    expect(messages.get('12583')).toEqual({
      header: { type: 'customer', cuid: '12583', time: '2011-04-16T09:27:00Z' },
      body: {
        country: 'Belgium',
        first_order_at: '2010-12-01T08:45:00Z',
        last_order_at: '2011-04-15T09:27:00Z',
        orders: 2,
        revenue: 75.001,
        cancellations: 1,
      },
    });
    // Only ever cancelled: no order, so no time of one.
    expect(messages.get('14527')?.body).toEqual({
      country: 'United Kingdom',
      orders: 0,
      revenue: -27.5,
      cancellations: 1,
    });
  });

  it.each([
    ['another header', 'a,b\n1,2\n', /The header is "a,b"/],
    ['an empty file', '', /The file is empty/],
    ['a fraction of a piece', `${HEADER}1,X,,1.5,2011-01-01T00:00:00,1,7,Spain\n`, /Row 1: Quantity is "1.5"/],
    [
      'too many fraction digits',
      `${HEADER}1,X,,1,2011-01-01T00:00:00,1.0001,7,Spain\n`,
      /Row 1: UnitPrice is "1.0001"/,
    ],
    [
      'a date of another form',
      `${HEADER}1,X,,1,01/12/2010 08:26,1,7,Spain\n`,
      /Row 1: InvoiceDate is "01\/12\/2010 08:26"/,
    ],
    ['a row cut off', `${HEADER}1,X,,1\n`, /Invalid Record Length/],
  ])('refuses %s', async (_what, content, reason) => {
    await expect(rowsOf(content)).rejects.toThrow(reason);
  });

  it('fails for a file that is not there, or is no gzip', async () => {
    await expect(load(path.join(folder, 'none.csv'))).rejects.toThrow(/ENOENT/);
    await expect(load(await write('no.csv.gz', SMALL))).rejects.toThrow(/incorrect header check/);
  });
});
