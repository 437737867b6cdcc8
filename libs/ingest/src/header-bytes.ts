import type { StreamHeaders } from './ports';

/** Most that Kafka adds to each header for the lengths of its name and value. */
const LENGTHS_BYTES = 10;

/** What headers take of a record, about; never less than they do. */
export function headerBytesOf(headers: StreamHeaders): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += Buffer.byteLength(name) + value.length + LENGTHS_BYTES;
  return bytes;
}
