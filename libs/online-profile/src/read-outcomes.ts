import { decimalText, DECIMAL_ORDINAL_MAX, SET_VALUES_MAX } from '@tessera/tag-catalog';
import type { FieldState, FieldWrite, ProfileEntry, ProfileOutcome, Rejection } from '@tessera/tag-catalog';
import { readField } from './read-fields';
import { readValue } from './value-codec';

const ACCEPTED = 0;
const PARTLY = 1;
const REPEATED = 2;
const STALE = 3;
const DUPLICATE = 4;
const RETIRED = 5;
const REJECTED = 6;

/** Reads what the script APPLY told of entries, one after the other. */
export class OutcomeReader {
  #at = 0;

  constructor(private readonly answer: Buffer) {}

  /** @param entry the next one that the script was given. @throws RangeError if the answer ends before it. */
  next({ content }: ProfileEntry): ProfileOutcome {
    const fields = typeof content === 'string' || content.type.kind === 'event' ? [] : content.fields;
    const timeMs = typeof content === 'string' ? 0 : content.timeMs;
    const status = this.answer.readUInt8(this.#at++);
    switch (status) {
      case ACCEPTED:
        return { verdict: 'accepted', fields: fields.map((write) => written(write, timeMs)) };
      case PARTLY:
        return { verdict: 'accepted', fields: this.#states(fields, timeMs) };
      case REPEATED:
        return { verdict: 'repeated', fields: this.#states(fields, timeMs) };
      case STALE:
        return { verdict: 'stale', fields: [] };
      case DUPLICATE:
        return { verdict: 'duplicate', fields: [] };
      case RETIRED:
        return { verdict: 'retired', fields: [] };
      case REJECTED:
        return { verdict: outOfRange(fields[this.#uint16()]!), fields: [] };
      default:
        throw new RangeError(`an answer that the script does not give: ${status}`);
    }
  }

  #states(writes: readonly FieldWrite[], timeMs: number): FieldState[] {
    return Array.from({ length: this.#uint16() }, () => {
      const write = writes[this.#uint16()]!;
      const isTold = this.answer.readUInt8(this.#at++) === 1;
      if (!isTold) return written(write, timeMs);
      const stored = readField(this.answer, this.#at, 0);
      this.#at = stored.end;
      const value = stored.value === null ? null : readValue(write.field, stored.value);
      return { field: write.field, value, timeMs: stored.timeMs };
    });
  }

  #uint16(): number {
    const value = this.answer.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }
}

/** The state of a field that a plain write has won. */
function written(write: FieldWrite, timeMs: number): FieldState {
  return { field: write.field, value: write.op === 'set' ? write.value : null, timeMs };
}

function outOfRange({ field, op }: FieldWrite): Rejection {
  if (op === 'add') {
    const detail = `body.${field.name}: the set would have more than ${SET_VALUES_MAX} values. Remove some first.`;
    return { code: 'outOfRange', detail };
  }
  const most = field.valueType === 'decimal' ? DECIMAL_ORDINAL_MAX : Number.MAX_SAFE_INTEGER;
  const limit = decimalText(most, field.scale);
  return {
    code: 'outOfRange',
    detail: `body.${field.name}: the increment would take the value past ±${limit}. Increment by less or set the value.`,
  };
}
