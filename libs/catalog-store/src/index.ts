export { LmdbCatalogStore } from './lmdb-catalog-store';
