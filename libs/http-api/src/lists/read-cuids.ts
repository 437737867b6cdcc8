import { TextDecoder } from 'node:util';
import { parseJsonBytes } from '@tessera/platform';
import { checkCuid } from '@tessera/tag-catalog';
import { CsvError, parse } from 'csv-parse';
import { HttpProblem, invalidRequest } from '../problem/http-problem';
import { isBlank, LineSplitter } from '../messages/split-lines';

/** A line of a list. */
const LINE_BYTES_MAX = 1024 * 1024;

/** NDJSON: one JSON string a line, blank lines skipped. @throws HttpProblem 400 naming the line, 413 for one over 1 MiB. */
export async function* cuidsOfNdjson(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const splitter = new LineSplitter(LINE_BYTES_MAX);
  let line = 0;
  for await (const chunk of chunks) {
    for (const bytes of splitter.push(chunk)) {
      const cuid = cuidOfLine(bytes, ++line);
      if (cuid !== undefined) yield cuid;
    }
  }
  for (const bytes of splitter.end()) {
    const cuid = cuidOfLine(bytes, ++line);
    if (cuid !== undefined) yield cuid;
  }
}

function cuidOfLine(bytes: Buffer | 'tooLarge', line: number): string | undefined {
  if (bytes === 'tooLarge') throw lineTooLarge(line);
  if (isBlank(bytes)) return undefined;
  const parsed = parseJsonBytes(bytes);
  if (!parsed.ok)
    throw invalidRequest('', parsed.code, `Line ${line} is not JSON: ${parsed.message}; send one string a line`);
  return checkedCuid(parsed.value, line);
}

/**
 * CSV: the first column, quotes and line ends as in RFC 4180; empty lines are skipped. There is no header row unless `hasHeader`.
 *
 * @throws HttpProblem 400 naming the line, 413 for a row over 1 MiB.
 */
export async function* cuidsOfCsv(
  chunks: AsyncIterable<Buffer>,
  hasHeader: boolean,
): AsyncGenerator<string, void, undefined> {
  const parser = parse({
    bom: true,
    relaxColumnCount: true,
    skipEmptyLines: true,
    info: true,
    fromLine: hasHeader ? 2 : 1,
    maxRecordSize: LINE_BYTES_MAX,
  });
  const feeding = feed(chunks, parser);
  try {
    const rows: AsyncIterable<CsvRow> = parser;
    for await (const row of rows) yield cuidOfRow(row);
    await feeding;
  } catch (error) {
    parser.destroy();
    throw await csvProblem(error, feeding);
  }
}

/** Hands the text over as fast as it is parsed. Never rejects: tells what went wrong. */
async function feed(chunks: AsyncIterable<Buffer>, parser: ReturnType<typeof parse>): Promise<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for await (const chunk of chunks) {
      if (!parser.write(decode(decoder, chunk))) await drained(parser);
      if (parser.destroyed) return undefined;
    }
    parser.end(decode(decoder));
    return undefined;
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(String(error)));
    return error;
  }
}

function drained(parser: ReturnType<typeof parse>): Promise<void> {
  return new Promise((resolve) => {
    parser.once('drain', resolve).once('close', resolve);
  });
}

/** Without a chunk: the end, at which no character may be left half. */
function decode(decoder: TextDecoder, chunk?: Buffer): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw invalidRequest('', 'invalidUtf8', 'The file is not UTF-8; save it as UTF-8');
  }
}

interface CsvRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function cuidOfRow(row: CsvRow): string {
  // The parser looks at the size only when it reads on.
  if ((row.record[0]?.length ?? 0) > LINE_BYTES_MAX) throw lineTooLarge(row.info.lines);
  return checkedCuid(row.record[0], row.info.lines);
}

async function csvProblem(error: unknown, feeding: Promise<unknown>): Promise<unknown> {
  if (error instanceof CsvError) {
    if (error.code === 'CSV_MAX_RECORD_SIZE') return lineTooLarge(Number(error['lines'] ?? 0));
    return invalidRequest('', 'invalidCsv', `The file is not CSV: ${error.message}`);
  }
  if (error instanceof HttpProblem) return error;
  return (await feeding) ?? error;
}

function checkedCuid(json: unknown, line: number): string {
  const checked = checkCuid(json);
  if (!checked.ok) throw invalidRequest('', checked.code, `Line ${line}: ${checked.message}`);
  return checked.cuid;
}

function lineTooLarge(line: number): HttpProblem {
  const message = `Line ${line} is longer than ${LINE_BYTES_MAX} bytes; a cuid has at most 128`;
  return new HttpProblem('too-large', message, { errors: [{ path: '', code: 'tooLarge', message }] });
}
