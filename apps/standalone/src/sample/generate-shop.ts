import type { Catalog, TagMessage } from '@tessera/tag-catalog';
import { CustomerGenerator } from './generate-customer';
import type { ShopOptions } from './generate-customer';
import { ShopFields } from './shop-fields';

/**
 * Customers a batch: some 8,000 messages. Batch n holds the customers from n × CUSTOMERS_PER_BATCH; its number is its source position, so
 * changing this makes an interrupted load of an older version resume wrongly: change SHOP_SOURCE with it.
 */
export const CUSTOMERS_PER_BATCH = 512;

/** Number of batches of a shop. */
export function shopBatchCount(customers: number): number {
  return Math.ceil(customers / CUSTOMERS_PER_BATCH);
}

/**
 * The shop's messages in batches, the same for the same options; by customer, the times of one customer in no order.
 * @param catalog one that has the shop's tag types.
 * @param firstBatch where to begin; batches before it are not made at all.
 */
export function* generateShop(catalog: Catalog, options: ShopOptions, firstBatch = 0): Generator<TagMessage[], void> {
  const generator = new CustomerGenerator(new ShopFields(catalog), options);
  for (let batch = firstBatch; batch < shopBatchCount(options.customers); batch += 1) {
    const messages: TagMessage[] = [];
    const end = Math.min((batch + 1) * CUSTOMERS_PER_BATCH, options.customers);
    for (let index = batch * CUSTOMERS_PER_BATCH; index < end; index += 1) generator.generate(index, messages);
    yield messages;
  }
}
