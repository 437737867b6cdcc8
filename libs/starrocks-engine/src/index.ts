export { tableOf } from './schema/names';
