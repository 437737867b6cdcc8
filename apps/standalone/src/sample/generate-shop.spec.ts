import { isDeepStrictEqual } from 'node:util';
import { Catalog, formatInstant, formatValue, parseMessage } from '@tessera/tag-catalog';
import type { FieldWrite, JsonValue, TagMessage, TagValue } from '@tessera/tag-catalog';
import { addShopTypes } from './declare-shop';
import { CUSTOMERS_PER_BATCH, generateShop, shopBatchCount } from './generate-shop';

const END_MS = Date.UTC(2026, 10, 20, 15, 30);
const DAY_MS = 86_400_000;
const catalog = addShopTypes(Catalog.empty);

function generate(customers: number, seed: number, firstBatch = 0): TagMessage[] {
  return [...generateShop(catalog, { customers, seed, endMs: END_MS }, firstBatch)].flat();
}

function valueOf(message: TagMessage, name: string): TagValue | undefined {
  for (const write of message.fields) if (write.op === 'set' && write.field.name === name) return write.value;
  return undefined;
}

function toJson(message: TagMessage): JsonValue {
  const body = message.fields.map((write: FieldWrite): [string, JsonValue] => {
    if (write.op !== 'set') throw new Error(`The shop only sets values, this is ${write.op}`);
    return [write.field.name, formatValue(write.field, write.value)];
  });
  return {
    header: { type: message.type.name, cuid: message.cuid, time: formatInstant(message.timeMs) },
    body: Object.fromEntries(body),
  };
}

describe('generateShop', () => {
  const seed = 11;
  const messages = generate(4_000, seed);
  const ofType = (name: string): TagMessage[] => messages.filter((message) => message.type.name === name);

  it('is the same for the same options, another for another seed', () => {
    expect(generate(300, seed).map(toJson)).toEqual(generate(300, seed).map(toJson));
    expect(generate(300, seed).map(toJson)).not.toEqual(generate(300, seed + 1).map(toJson));
  });

  it('makes the later batches without the earlier ones', () => {
    const customers = 3 * CUSTOMERS_PER_BATCH - 100;
    expect(shopBatchCount(customers)).toBe(3);
    const all = [...generateShop(catalog, { customers, seed, endMs: END_MS })];
    expect(all).toHaveLength(3);
    expect(generate(customers, seed, 2).map(toJson)).toEqual(all[2]?.map(toJson));
  });

  it('makes only messages that the catalogue accepts, equal to what their JSON is parsed into', () => {
    for (const message of messages.slice(0, 6_000)) {
      const parsed = parseMessage(catalog, toJson(message), END_MS);
      if (parsed.kind !== 'message') throw new Error(`${JSON.stringify(toJson(message))}: ${JSON.stringify(parsed)}`);
      // Node's comparison: hundreds of times the speed of the matcher over so many values.
      if (!isDeepStrictEqual(parsed.message, message)) expect(parsed.message).toEqual(message);
    }
  });

  it('covers the 18 months up to the end, and not a millisecond more', () => {
    const events = messages.filter((message) => message.type.kind === 'event');
    expect(events.filter((event) => event.timeMs >= END_MS || event.timeMs < END_MS - 549 * DAY_MS)).toEqual([]);
    expect(messages.filter((message) => message.timeMs > END_MS)).toEqual([]);
    const lastDay = events.filter((event) => event.timeMs >= END_MS - DAY_MS);
    expect(lastDay.length).toBeGreaterThan(20);
  });

  it('has some 15 rows a customer, skewed, and every customer once', () => {
    const perCustomer = new Map<string, number>();
    for (const message of messages) {
      if (message.type.kind === 'event') perCustomer.set(message.cuid, (perCustomer.get(message.cuid) ?? 0) + 1);
    }
    const rows = [...perCustomer.values()].sort((left, right) => right - left);
    const total = rows.reduce((sum, count) => sum + count, 0);
    expect(total / 4_000).toBeGreaterThan(12);
    expect(total / 4_000).toBeLessThan(19);
    const topTenth = rows.slice(0, 400).reduce((sum, count) => sum + count, 0);
    expect(topTenth / total).toBeGreaterThan(0.4);
    const cities = new Set(ofType('shopper').map((message) => valueOf(message, 'city')));
    expect(cities.size).toBeGreaterThan(100);
    expect(new Set(ofType('shopper').map((message) => message.cuid)).size).toBe(4_000);
  });

  it('has weekdays, a Christmas and growth', () => {
    const visits = ofType('visit');
    const inMonth = (year: number, month: number): number =>
      visits.filter((visit) =>
        new Date(visit.timeMs).toISOString().startsWith(`${year}-${month.toString().padStart(2, '0')}`),
      ).length;
    const onWeekday = (day: number): number =>
      visits.filter((visit) => new Date(visit.timeMs).getUTCDay() === day).length;
    expect(onWeekday(6)).toBeGreaterThan(1.2 * onWeekday(2));
    expect(inMonth(2025, 12)).toBeGreaterThan(1.25 * inMonth(2026, 1));
    expect(inMonth(2026, 10)).toBeGreaterThan(1.3 * inMonth(2025, 10));
  });

  it('leaves values out, and total_spend is the sum of the amounts', () => {
    const shoppers = ofType('shopper').filter((message) => valueOf(message, 'city') !== undefined);
    const withGender = shoppers.filter((message) => valueOf(message, 'gender') !== undefined);
    expect(withGender.length / shoppers.length).toBeGreaterThan(0.88);
    expect(withGender.length / shoppers.length).toBeLessThan(0.95);
    expect(shoppers.some((message) => valueOf(message, 'interests') === undefined)).toBe(true);
    expect(shoppers.some((message) => Array.isArray(valueOf(message, 'interests')))).toBe(true);
    const spent = new Map<string, number>();
    for (const purchase of ofType('purchase')) {
      spent.set(purchase.cuid, (spent.get(purchase.cuid) ?? 0) + Number(valueOf(purchase, 'amount')));
    }
    expect(shoppers.filter((shopper) => valueOf(shopper, 'total_spend') !== spent.get(shopper.cuid))).toEqual([]);
  });
});
