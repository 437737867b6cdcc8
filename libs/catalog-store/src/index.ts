export { LmdbCatalogStore } from './lmdb-catalog-store';
export { MysqlCatalogStore } from './mysql-catalog-store';
export type { MysqlCatalogOptions } from './mysql-catalog-store';
