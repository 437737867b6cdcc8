export { MysqlDatabase } from './mysql-database';
export type { MysqlOptions } from './mysql-database';
export { CommitUnknownError, DatabaseTimeoutError, DatabaseTooNewError } from './mysql-errors';
export type { MysqlRow, MysqlSession, MysqlValue } from './mysql-session';
