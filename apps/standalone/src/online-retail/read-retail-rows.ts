import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { MONEY_SCALE } from './retail-tag-types';

/** One row of the file. */
export interface RetailRow {
  /** From 1, the header not counted. */
  readonly rowNumber: number;
  /** Starts with `C` for a cancellation. */
  readonly invoice: string;
  readonly stockCode: string;
  /** Negative in cancellations. */
  readonly quantity: number;
  /** RFC 3339; the file's local times, written as UTC. */
  readonly time: string;
  /** In 1/1000 GBP. */
  readonly unitPriceThousandths: number;
  /** The customer number as text; null where the file has none. */
  readonly customer: string | null;
  readonly country: string;
}

/** The file is not the Online Retail data, or is damaged. */
export class RetailFileError extends Error {
  override readonly name = 'RetailFileError';
}

const COLUMNS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

const TIME_PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/;
const PRICE_PATTERN = /^(-?)(\d+)(?:\.(\d{1,3}))?$/;
const QUANTITY_PATTERN = /^-?\d+$/;
const THOUSAND = 10 ** MONEY_SCALE;

/**
 * Reads the rows in the order of the file, no faster than they are taken.
 * @param file `.csv`, or `.csv.gz` (anything ending in `.gz` is unzipped).
 * @throws RetailFileError naming the row and column of the first value that can't be read exactly.
 */
export async function* readRetailRows(file: string): AsyncGenerator<RetailRow, void> {
  const parser = parse({ bom: true, skip_empty_lines: true });
  const source = createReadStream(file);
  // Errors of any stage come out of the iteration below.
  const onEnd = (): void => undefined;
  if (file.endsWith('.gz')) pipeline(source, createGunzip(), parser, onEnd);
  else pipeline(source, parser, onEnd);
  let rowNumber = -1;
  const records: AsyncIterable<unknown> = parser;
  for await (const record of records) {
    rowNumber += 1;
    const cells = cellsOf(record);
    if (rowNumber === 0) checkHeader(cells);
    else yield parseRow(cells, rowNumber);
  }
  if (rowNumber < 0) throw new RetailFileError('The file is empty');
}

function cellsOf(record: unknown): readonly string[] {
  return Array.isArray(record) ? record.map((cell) => String(cell)) : [];
}

function checkHeader(cells: readonly string[]): void {
  if (cells.join() === COLUMNS.join()) return;
  throw new RetailFileError(
    `The header is "${cells.join().slice(0, 200)}"; the Online Retail data has "${COLUMNS.join()}"`,
  );
}

function parseRow(cells: readonly string[], rowNumber: number): RetailRow {
  const [invoice = '', stockCode = '', , quantity = '', time = '', price = '', customer = '', country = ''] = cells;
  if (invoice === '') throw cellError(rowNumber, 'InvoiceNo', invoice, 'a number');
  if (!QUANTITY_PATTERN.test(quantity)) throw cellError(rowNumber, 'Quantity', quantity, 'a whole number');
  if (!TIME_PATTERN.test(time)) throw cellError(rowNumber, 'InvoiceDate', time, 'YYYY-MM-DDThh:mm:ss');
  return {
    rowNumber,
    invoice,
    stockCode,
    quantity: Number(quantity),
    time: `${time}Z`,
    unitPriceThousandths: parsePrice(price, rowNumber),
    customer: customer === '' ? null : customer,
    country,
  };
}

/** Digit by digit: a price times 1,000 as doubles would not always be whole. */
function parsePrice(price: string, rowNumber: number): number {
  const match = PRICE_PATTERN.exec(price);
  if (match === null) throw cellError(rowNumber, 'UnitPrice', price, 'a number with at most three fraction digits');
  const [, sign, whole, fraction = ''] = match;
  const thousandths = Number(whole) * THOUSAND + Number(fraction.padEnd(MONEY_SCALE, '0'));
  return sign === '-' && thousandths !== 0 ? -thousandths : thousandths;
}

function cellError(rowNumber: number, column: string, value: string, expected: string): RetailFileError {
  return new RetailFileError(`Row ${rowNumber}: ${column} is "${value.slice(0, 100)}", expected ${expected}`);
}
