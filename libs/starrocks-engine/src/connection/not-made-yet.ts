import { StoreUnavailableError } from '@tessera/tag-catalog';
import { isUnknownColumn, isUnknownTable } from './starrocks-error';

/**
 * For reads of tables that are made from the catalogue: a tag or event type that was declared a moment ago has no column or table yet, and that is
 * not for ever, as it would be for a statement that is wrong.
 * @throws StoreUnavailableError, to be tried again; what `read` throws.
 */
export async function onceMade<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw notMadeYet(error) ?? error;
  }
}

/** What to say instead of the error; null: it is about something else. */
export function notMadeYet(error: unknown): StoreUnavailableError | null {
  if (!isUnknownTable(error) && !isUnknownColumn(error)) return null;
  const detail = error instanceof Error ? error.message : String(error);
  const message =
    `A table or column of a tag that was declared is not made in StarRocks yet (${detail}). Try again in a few seconds; ` +
    'if it goes on, see what is missing: npm run migrate -- --dry-run';
  return new StoreUnavailableError(message, true);
}
