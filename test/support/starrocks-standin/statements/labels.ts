import type { DuckDBConnection } from '@duckdb/node-api';
import { StarrocksError } from '../starrocks-error';
import { quoteText } from '../translate/typed';

/** A label that a committed load has taken. */
export class LabelTakenError extends StarrocksError {
  constructor(label: string) {
    super(`Label [${label}] has already been used.`);
  }
}

/**
 * Takes a label in the transaction of its load: it is used if and only if the load was committed, also after a crash.
 * @throws LabelTakenError
 */
export async function takeLabel(
  connection: DuckDBConnection,
  database: string,
  label: string,
  transaction: number,
): Promise<void> {
  if (await isLabelTaken(connection, database, label)) throw new LabelTakenError(label);
  await connection.run(
    `INSERT INTO standin.labels VALUES (${quoteText(database)}, ${quoteText(label)}, ${transaction}, 'FINISHED')`,
  );
}

/** Whether a load with it was committed. */
export async function isLabelTaken(connection: DuckDBConnection, database: string, label: string): Promise<boolean> {
  const where = `database_name = ${quoteText(database)} AND label = ${quoteText(label)}`;
  const found = await connection.runAndReadAll(`SELECT 1 FROM standin.labels WHERE ${where}`);
  return found.currentRowCount > 0;
}
