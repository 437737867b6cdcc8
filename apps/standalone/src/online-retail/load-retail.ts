import type { JsonValue } from '@tessera/tag-catalog';
import { readRetailRows } from './read-retail-rows';
import { retailMessages } from './retail-messages';
import type { RetailTotals } from './retail-messages';
import { RETAIL_TAG_TYPES } from './retail-tag-types';
import { TesseraRequestError } from './tessera-client';
import type { MessagesAnswer, TesseraClient } from './tessera-client';

export interface RetailReport extends RetailTotals {
  accepted: number;
  stale: number;
  duplicate: number;
  rejected: number;
  /** The first few reasons for rejections. */
  readonly rejections: string[];
}

/** Lines a request: small enough to be tried again at little cost, large enough for the server to write in one go. */
const LINES_PER_REQUEST = 5_000;
/** The next request is filled while these are answered; reading the file waits for them. */
const REQUESTS_IN_FLIGHT = 2;
const REJECTIONS_SHOWN = 5;

/**
 * Declares the tag types where they are missing and sends the whole file.
 * @param onProgress called after each answered request.
 * @throws RetailFileError, TesseraRequestError.
 */
export async function loadRetail(
  client: TesseraClient,
  file: string,
  onProgress: (report: RetailReport) => void,
): Promise<RetailReport> {
  for (const declaration of RETAIL_TAG_TYPES) await ensureDeclared(client, declaration);
  const report: RetailReport = {
    rows: 0,
    rowsWithoutCustomer: 0,
    orderLines: 0,
    customers: 0,
    accepted: 0,
    stale: 0,
    duplicate: 0,
    rejected: 0,
    rejections: [],
  };
  const inFlight: Promise<MessagesAnswer>[] = [];
  const settleOldest = async (): Promise<void> => {
    const answer = await inFlight.shift();
    if (answer === undefined) return;
    addAnswer(report, answer);
    onProgress(report);
  };
  const send = async (lines: readonly string[]): Promise<void> => {
    const sent = client.sendLines(lines);
    // Its failure is reported when its turn comes; until then it must not count as unhandled.
    sent.catch(() => undefined);
    inFlight.push(sent);
    if (inFlight.length >= REQUESTS_IN_FLIGHT) await settleOldest();
  };
  let lines: string[] = [];
  for await (const message of retailMessages(readRetailRows(file), report)) {
    lines.push(JSON.stringify(message));
    if (lines.length < LINES_PER_REQUEST) continue;
    await send(lines);
    lines = [];
  }
  if (lines.length > 0) await send(lines);
  while (inFlight.length > 0) await settleOldest();
  return report;
}

function addAnswer(report: RetailReport, answer: MessagesAnswer): void {
  report.accepted += answer.accepted;
  report.stale += answer.stale;
  report.duplicate += answer.duplicate;
  report.rejected += answer.rejected.length;
  for (const rejection of answer.rejected) {
    if (report.rejections.length >= REJECTIONS_SHOWN) return;
    report.rejections.push(`${rejection.code}: ${rejection.detail}`);
  }
}

async function ensureDeclared(client: TesseraClient, declaration: JsonValue): Promise<void> {
  const wanted = shapeOf(declaration);
  const found = await client.tagType(wanted.name);
  if (found === null) {
    await client.declareTagType(wanted.name, declaration);
    return;
  }
  const standing = shapeOf(found);
  const missing = [...wanted.fields].filter(([name, type]) => standing.fields.get(name) !== type).map(([name]) => name);
  if (standing.kind === wanted.kind && missing.length === 0) return;
  throw new TesseraRequestError(
    `The tag type "${wanted.name}" is already declared in another shape (${missing.length === 0 ? standing.kind : missing.join(', ')} differ); use a Tessera without it`,
    409,
  );
}

/** Name, kind and the value type of each field of a tag type in its JSON form. */
function shapeOf(json: unknown): { name: string; kind: string; fields: Map<string, string> } {
  const entries = entriesOf(json);
  const fields = new Map<string, string>();
  for (const list of [entries.get('tags'), entries.get('properties')]) {
    for (const field of Array.isArray(list) ? list : []) {
      const parts = entriesOf(field);
      const scale = parts.get('valueType') === 'decimal' ? ` ${String(parts.get('scale'))}` : '';
      fields.set(String(parts.get('name')), `${String(parts.get('valueType'))}${scale}`);
    }
  }
  return { name: String(entries.get('name')), kind: String(entries.get('kind')), fields };
}

function entriesOf(json: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(typeof json === 'object' && json !== null ? Object.entries(json) : []);
}
