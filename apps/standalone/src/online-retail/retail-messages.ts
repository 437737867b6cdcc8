import type { JsonValue } from '@tessera/tag-catalog';
import type { RetailRow } from './read-retail-rows';
import { MONEY_SCALE } from './retail-tag-types';

/** A message as `POST /v1/messages` takes it. */
export interface JsonMessage {
  readonly header: { readonly type: string; readonly cuid: string; readonly time: string; readonly id?: string };
  readonly body: { readonly [field: string]: JsonValue };
}

interface CustomerSummary {
  readonly orders: Set<string>;
  readonly cancellations: Set<string>;
  country: string;
  latestRowAt: string;
  firstOrderAt: string | null;
  lastOrderAt: string | null;
  revenueThousandths: number;
}

/** True for an invoice that cancels an earlier one, or a part of it. */
export function isCancellation(invoice: string): boolean {
  return invoice.startsWith('C');
}

/**
 * The `order_line` message of a row with a customer. Its id is the row's place in the file, so that loading the file again
 * stores nothing twice, while rows that are equal in every column stay the separate rows that they are.
 */
export function orderLineMessage(row: RetailRow, customer: string): JsonMessage {
  return {
    header: { type: 'order_line', cuid: customer, time: row.time, id: `online-retail:${row.rowNumber}:${row.invoice}` },
    body: {
      invoice: row.invoice,
      stock_code: row.stockCode,
      quantity: row.quantity,
      unit_price: money(row.unitPriceThousandths),
      amount: money(row.quantity * row.unitPriceThousandths),
      cancelled: isCancellation(row.invoice),
    },
  };
}

/** The double nearest to a whole number of thousandths prints as just these digits. */
function money(thousandths: number): number {
  const value = thousandths / 10 ** MONEY_SCALE;
  return value === 0 ? 0 : value;
}

/** Sums up each customer over all rows. Memory: one entry per customer and invoice. */
export class CustomerSummaries {
  readonly #summaries = new Map<string, CustomerSummary>();

  get size(): number {
    return this.#summaries.size;
  }

  add(row: RetailRow, customer: string): void {
    const summary = this.#summaryOf(customer);
    // All times have one form and one zone: their order as text is their order in time. Of equal ones the later row counts.
    if (row.time >= summary.latestRowAt) {
      summary.latestRowAt = row.time;
      summary.country = row.country;
    }
    summary.revenueThousandths += row.quantity * row.unitPriceThousandths;
    if (isCancellation(row.invoice)) {
      summary.cancellations.add(row.invoice);
      return;
    }
    summary.orders.add(row.invoice);
    if (summary.firstOrderAt === null || row.time < summary.firstOrderAt) summary.firstOrderAt = row.time;
    if (summary.lastOrderAt === null || row.time > summary.lastOrderAt) summary.lastOrderAt = row.time;
  }

  /** One `customer` message each, dated with the customer's latest row, so that a newer file wins and the same one changes nothing. */
  *messages(): Generator<JsonMessage, void> {
    for (const [customer, summary] of this.#summaries) {
      yield {
        header: { type: 'customer', cuid: customer, time: summary.latestRowAt },
        body: {
          country: summary.country,
          ...(summary.firstOrderAt === null ? {} : { first_order_at: summary.firstOrderAt }),
          ...(summary.lastOrderAt === null ? {} : { last_order_at: summary.lastOrderAt }),
          orders: summary.orders.size,
          revenue: money(summary.revenueThousandths),
          cancellations: summary.cancellations.size,
        },
      };
    }
  }

  #summaryOf(customer: string): CustomerSummary {
    let summary = this.#summaries.get(customer);
    if (summary === undefined) {
      summary = {
        orders: new Set(),
        cancellations: new Set(),
        country: '',
        latestRowAt: '',
        firstOrderAt: null,
        lastOrderAt: null,
        revenueThousandths: 0,
      };
      this.#summaries.set(customer, summary);
    }
    return summary;
  }
}

/** What was read from the file so far. */
export interface RetailTotals {
  rows: number;
  rowsWithoutCustomer: number;
  orderLines: number;
  customers: number;
}

/**
 * The messages of a whole file: an `order_line` for each row with a customer, then a `customer` for each customer.
 * @param totals counted up as rows are read.
 */
export async function* retailMessages(
  rows: AsyncIterable<RetailRow>,
  totals: RetailTotals,
): AsyncGenerator<JsonMessage, void> {
  const summaries = new CustomerSummaries();
  for await (const row of rows) {
    totals.rows += 1;
    if (row.customer === null) {
      totals.rowsWithoutCustomer += 1;
      continue;
    }
    totals.orderLines += 1;
    summaries.add(row, row.customer);
    totals.customers = summaries.size;
    yield orderLineMessage(row, row.customer);
  }
  yield* summaries.messages();
}
