import type { FieldDefinition, FieldWrite, Rejection, TagValue } from '@tessera/tag-catalog';

/** One write of one field, with the time of its message. */
export interface TimedWrite {
  readonly write: FieldWrite;
  readonly timeMs: number;
}

/** What a field's writes amount to. */
export interface ReplayedField {
  /** null: cleared. */
  readonly value: TagValue | null;
  /** Time of the last plain write; null: only increments were made. */
  readonly timeMs: number | null;
}

const INT_ABS_MAX = 2n ** 53n - 1n;
const DECIMAL_ABS_MAX = 10n ** 15n - 1n;
const SET_SIZE_MAX = 1_000;

function isPlain(write: FieldWrite): boolean {
  return write.op === 'set' || write.op === 'clear';
}

/**
 * Position of the plain write in force, of a field's writes in order of arrival: the newest time wins, at equal times the
 * later arrival. −1: there is none.
 */
function lastPlainWrite(writes: readonly TimedWrite[]): number {
  let winner = -1;
  writes.forEach((candidate, position) => {
    if (!isPlain(candidate.write)) return;
    const holder = writes[winner];
    if (holder === undefined || candidate.timeMs >= holder.timeMs) winner = position;
  });
  return winner;
}

/**
 * Whether the last of these writes won (MEANING section 2): a plain write by becoming the one in force, an increment by not
 * being earlier than the plain write in force.
 */
export function lastWriteWins(writes: readonly TimedWrite[]): boolean {
  const last = writes.at(-1);
  if (last === undefined) return false;
  const plain = lastPlainWrite(writes);
  if (isPlain(last.write)) return plain === writes.length - 1;
  const inForce = writes[plain];
  return inForce === undefined || last.timeMs >= inForce.timeMs;
}

function outOfRange(field: FieldDefinition, limit: string): Rejection {
  return {
    code: 'outOfRange',
    detail: `${field.name}: the result would go past ${limit}. Send a plain value, or a smaller change.`,
  };
}

function addUp(field: FieldDefinition, start: TagValue | null, writes: readonly TimedWrite[]): TagValue | Rejection {
  let sum = BigInt(typeof start === 'number' ? start : 0);
  for (const { write } of writes) if (write.op === 'increment') sum += BigInt(write.by);
  const limit = field.valueType === 'decimal' ? DECIMAL_ABS_MAX : INT_ABS_MAX;
  if (sum > limit || sum < -limit) return outOfRange(field, `±${limit} (in units of 10^-${field.scale})`);
  return Number(sum);
}

function changeSet(
  field: FieldDefinition,
  start: TagValue | null,
  writes: readonly TimedWrite[],
): TagValue | Rejection {
  const elements = new Set<string>(Array.isArray(start) ? (start as readonly string[]) : []);
  for (const { write } of writes) {
    if (write.op === 'add') write.values.forEach((value) => elements.add(value));
    if (write.op === 'remove') write.values.forEach((value) => elements.delete(value));
  }
  if (elements.size > SET_SIZE_MAX) return outOfRange(field, `${SET_SIZE_MAX} elements`);
  return [...elements].sort(compareByCodePoint);
}

/**
 * The state of a field from all its writes in order of arrival, stale and void ones included. Literally MEANING section 2: the
 * value is that of the plain write in force, changed by the increments that came after it and are not earlier than it. (Those
 * before it were replaced by it; an earlier-dated one after it is void.) undefined: never written. A rejection: the result is
 * outside the type's range.
 */
export function replayField(
  field: FieldDefinition,
  writes: readonly TimedWrite[],
): ReplayedField | Rejection | undefined {
  if (writes.length === 0) return undefined;
  const plain = writes[lastPlainWrite(writes)];
  const start = plain?.write.op === 'set' ? plain.write.value : null;
  const increments = writes
    .slice(lastPlainWrite(writes) + 1)
    .filter(({ write, timeMs }) => !isPlain(write) && (plain === undefined || timeMs >= plain.timeMs));
  const timeMs = plain?.timeMs ?? null;
  if (increments.length === 0) return { value: start, timeMs };
  const value = field.valueType === 'set' ? changeSet(field, start, increments) : addUp(field, start, increments);
  return typeof value === 'object' && 'code' in value ? value : { value, timeMs };
}

/** Order by Unicode code points, which is the order of UTF-8 bytes. */
export function compareByCodePoint(left: string, right: string): number {
  const leftPoints = Array.from(left, (character) => character.codePointAt(0) ?? 0);
  const rightPoints = Array.from(right, (character) => character.codePointAt(0) ?? 0);
  for (let at = 0; at < Math.min(leftPoints.length, rightPoints.length); at += 1) {
    const difference = (leftPoints[at] ?? 0) - (rightPoints[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return leftPoints.length - rightPoints.length;
}
