import { createConnection } from 'mysql2/promise';
import type { Connection, ConnectionOptions, ResultSetHeader } from 'mysql2/promise';
import { StarrocksStandIn } from './standin';

/** For specs of the stand-in: rows as arrays, numbers as they are sent, strings as the UTF-8 that they are. */
export async function connect(mysqlUrl: string, more: ConnectionOptions = {}): Promise<Connection> {
  const connection = await createConnection({
    uri: mysqlUrl,
    rowsAsArray: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    typeCast: (field, next) => (field.type.includes('STRING') ? field.string('utf8') : next()),
    ...more,
  });
  // A server that goes may reset what was ended a moment before; a statement under way is told by itself.
  connection.on('error', () => undefined);
  return connection;
}

/** A stand-in with an empty database `d`, and a session that uses it. */
export async function startWithDatabase(): Promise<{
  readonly standIn: StarrocksStandIn;
  readonly connection: Connection;
}> {
  const standIn = await StarrocksStandIn.start();
  const connection = await connect(standIn.mysqlUrl);
  await write(connection, 'CREATE DATABASE d');
  await write(connection, 'USE d');
  return { standIn, connection };
}

export type Row = readonly (string | number | null)[];

export async function rowsOf(connection: Connection, sql: string): Promise<Row[]> {
  const [rows] = await connection.query(sql);
  return rows as Row[];
}

/** The only value of the only row. */
export async function valueOf(connection: Connection, expression: string): Promise<string | number | null> {
  const [row] = await rowsOf(connection, expression.startsWith('SELECT') ? expression : `SELECT ${expression}`);
  return row?.[0] ?? null;
}

/** @returns the number of rows that a statement wrote. */
export async function write(connection: Connection, sql: string): Promise<number> {
  const [header] = await connection.query<ResultSetHeader>(sql);
  return header.affectedRows;
}

/** Number and message of the error that a statement ends with. */
export async function errorOf(connection: Connection, sql: string): Promise<string> {
  return connection.query(sql).then(
    () => 'no error',
    (error: unknown) => {
      const { errno, message } = error as { readonly errno: number; readonly message: string };
      return `${errno} ${message}`;
    },
  );
}
