export { addShopTypes, declareShop, ShopConflictError } from './declare-shop';
export { shopCuid } from './generate-customer';
export type { ShopOptions } from './generate-customer';
export { generateShop } from './generate-shop';
export { loadSampleShop, SHOP_CUSTOMERS_MAX, SHOP_SEED_DEFAULT } from './load-sample-shop';
export type { LoadProgress, LoadSampleShopRequest, LoadSampleShopResult } from './load-sample-shop';
export { readSampleState } from './sample-state';
export type { SampleDocuments, SampleState } from './sample-state';
