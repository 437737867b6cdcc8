import type { Catalog, TagTypeDefinition } from './catalog';
import { DAY_MS } from './calendar';
import { checkCuid } from './check-cuid';
import { describeJson, isJsonObject, quote } from './describe-json';
import { formatInstant, parseInstant, retentionStartMs } from './instant';
import { RESERVED_PREFIX } from './name';
import { reject } from './rejection';
import type { RejectedMessage } from './rejection';
import { measureUtf8 } from './utf8';

/** Longest message id in bytes of UTF-8. */
export const MESSAGE_ID_BYTES_MAX = 128;
/** How far after its arrival a message may be dated, unless configured otherwise. */
export const FUTURE_TOLERANCE_MS = DAY_MS;

export interface HeaderOptions {
  /** Narrows cuids beyond 1 to 128 bytes of UTF-8; anchor it to speak about the whole cuid. */
  readonly cuidPattern?: RegExp;
  /** How long after its arrival a message may be dated; default {@link FUTURE_TOLERANCE_MS}. */
  readonly futureToleranceMs?: number;
}

export interface MessageHeader {
  readonly kind: 'header';
  readonly type: TagTypeDefinition;
  readonly cuid: string;
  readonly timeMs: number;
  readonly id: string | null;
}

/** Checks the header: its keys, then type, cuid, time (retention included) and id, in this order; the first fault counts. */
export function parseHeader(
  catalog: Catalog,
  json: unknown,
  arrivalMs: number,
  options: HeaderOptions,
): MessageHeader | RejectedMessage {
  if (!isJsonObject(json)) {
    return reject(
      'invalidHeader',
      `header must be an object {"type", "cuid", "time"?, "id"?}, got ${describeJson(json)}`,
    );
  }
  for (const key of Object.keys(json)) {
    if (key !== 'type' && key !== 'cuid' && key !== 'time' && key !== 'id') {
      return reject('unknownKey', `header has the unknown key ${quote(key)}; known: type, cuid, time, id`);
    }
  }
  const type = findType(catalog, json['type']);
  if (type.kind === 'rejected') {
    return type;
  }
  const checked = checkCuid(json['cuid'], options.cuidPattern);
  if (!checked.ok) {
    return reject(checked.code, checked.message);
  }
  const timeMs = readTime(json['time'], type, arrivalMs, options.futureToleranceMs ?? FUTURE_TOLERANCE_MS);
  if (typeof timeMs !== 'number') {
    return timeMs;
  }
  const id = json['id'];
  if (id !== undefined) {
    const problem = idProblem(id);
    if (problem !== null) {
      return reject('invalidId', problem);
    }
  }
  return { kind: 'header', type, cuid: checked.cuid, timeMs, id: typeof id === 'string' ? id : null };
}

function findType(catalog: Catalog, name: unknown): TagTypeDefinition | RejectedMessage {
  if (typeof name !== 'string') {
    return reject('invalidType', `header.type must be the name of a tag type, got ${describeJson(name)}`);
  }
  const type = catalog.type(name);
  if (type !== undefined) {
    return type;
  }
  return name.startsWith(RESERVED_PREFIX)
    ? reject('reservedType', `types beginning "${RESERVED_PREFIX}" belong to the system; ${quote(name)} can't be sent`)
    : reject('unknownType', `there is no tag type ${quote(name)}; declare it with POST /v1/tag-types`);
}

function readTime(
  json: unknown,
  type: TagTypeDefinition,
  arrivalMs: number,
  futureToleranceMs: number,
): number | RejectedMessage {
  if (json === undefined) {
    return arrivalMs;
  }
  const timeMs = typeof json === 'string' ? parseInstant(json) : null;
  if (timeMs === null) {
    const form = 'RFC 3339 with zone and at most 3 fraction digits, like "2026-01-31T09:30:00Z"';
    return reject(
      'invalidTime',
      `header.time must be ${form}, got ${describeJson(json)}; leave it out for the time of arrival`,
    );
  }
  if (timeMs < 0) {
    return reject(
      'timeTooEarly',
      `header.time ${formatInstant(timeMs)} is before 1970-01-01T00:00:00Z, the earliest possible`,
    );
  }
  if (timeMs > arrivalMs + futureToleranceMs) {
    const latest = formatInstant(arrivalMs + futureToleranceMs);
    return reject(
      'timeInFuture',
      `header.time ${formatInstant(timeMs)} is after ${latest}, the latest possible; check the clock`,
    );
  }
  if (type.retentionDays !== null && timeMs < retentionStartMs(type.retentionDays, arrivalMs)) {
    const start = formatInstant(retentionStartMs(type.retentionDays, arrivalMs));
    const kept = `rows of "${type.name}" are kept ${type.retentionDays} days, now from ${start}`;
    return reject('expired', `header.time ${formatInstant(timeMs)} is too old: ${kept}`);
  }
  return timeMs;
}

function idProblem(id: unknown): string | null {
  if (typeof id !== 'string') {
    return `header.id must be a string of 1 to ${MESSAGE_ID_BYTES_MAX} bytes, got ${describeJson(id)}`;
  }
  const bytes = measureUtf8(id);
  if (bytes < 0) {
    return `header.id ${quote(id)} holds half of a surrogate pair and has no UTF-8 form`;
  }
  return bytes === 0 || bytes > MESSAGE_ID_BYTES_MAX
    ? `header.id ${quote(id)} has ${bytes} bytes of UTF-8; 1 to ${MESSAGE_ID_BYTES_MAX} are allowed`
    : null;
}
