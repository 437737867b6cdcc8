import type { EngineState } from './engine-state';
import { type FieldPlan, type FieldsPlan, type MessagePlan, planMessages } from './message-plan';
import { localOf, shardOf } from './shard';
import type { StoredRecord } from './storage/log-codec';
import { type PackedBatch, RowReader } from './storage/packed-batch';
import { ScalarShard } from './tags/scalar-shard';
import type { TagState } from './tags/tag-state';

/**
 * Makes room for what a record is about to write: columns that are too short or too narrow for it are copied to larger ones, which takes a
 * millisecond or so each, and the first writes of a tag need one in every shard. A record is applied in one go; this comes before it, with
 * a pause after each column. Nothing that anybody reads changes, and what is missed here is made up for when the record is applied.
 */
export function* roomSteps(state: EngineState, record: StoredRecord): Generator<void> {
  if (record.kind === 'packed' && (record.source === undefined || !state.hasApplied(record.source))) {
    yield* roomForBatch(state, record);
  }
}

function* roomForBatch(state: EngineState, batch: PackedBatch): Generator<void> {
  const { highestGuid } = state.identity;
  const row = new RowReader(batch);
  const plans: (MessagePlan | undefined)[] = [];
  const newTexts = new NewTexts();
  for (let index = 0; index < batch.guids.length; index++) {
    row.next(index);
    const plan = (plans[row.shapeIndex] ??= planMessages(state, row.shape));
    const guid = batch.guids[index]!;
    // Users without a guid come one after the other at the end: their columns grow once in many batches.
    if (plan.kind !== 'fields' || guid === 0 || guid > highestGuid) {
      continue;
    }
    for (let place = -1; place < plan.fields.length; place++) {
      const steps =
        place === -1
          ? roomForTime(plan, row.timeMs, guid)
          : roomForField(plan.fields[place]!, row, place, guid, newTexts);
      if (steps !== null) {
        yield* steps;
        yield;
      }
    }
  }
}

function roomForTime({ type }: FieldsPlan, timeMs: number, guid: number): Iterable<void> | null {
  const times = type.sharedTimes(shardOf(guid));
  return times.hasRoom(localOf(guid), timeMs) ? null : times.roomSteps(localOf(guid), timeMs);
}

/** Null: there is room. */
function roomForField(
  { op, form, tag }: FieldPlan,
  row: RowReader,
  place: number,
  guid: number,
  newTexts: NewTexts,
): Iterable<void> | null {
  if ((op !== 'set' && op !== 'increment') || form === 'texts') {
    return null;
  }
  const local = localOf(guid);
  const shard = tag.shardToBe(shardOf(guid));
  if (!(shard instanceof ScalarShard)) {
    return null;
  }
  if (op === 'set' && !shard.times.hasRoom(local)) {
    shard.times.makeRoom(local);
  }
  let value: number;
  if (form === 'text') {
    value = newTexts.codeOf(tag, row, place);
  } else {
    value = row.operands[place]! + (op === 'increment' ? (shard.get(local) ?? 0) : 0);
  }
  // An increment that leaves the safe integers will be refused.
  const isRoomy = !Number.isSafeInteger(value) || shard.column.hasRoom(local, value);
  return isRoomy ? null : shard.column.roomSteps(local, value);
}

/** Texts of a batch that have no code yet. */
class NewTexts {
  readonly #codes = new Map<TagState, Map<string, number>>();

  /** The code that the text has, or the highest that it can get. */
  codeOf(tag: TagState, row: RowReader, place: number): number {
    const { dictionary } = tag;
    const known = dictionary.codeUtf8(row.bytes, row.operands[place]!, row.lengths[place]!);
    if (known !== undefined) {
      return known;
    }
    let codes = this.#codes.get(tag);
    if (codes === undefined) {
      codes = new Map();
      this.#codes.set(tag, codes);
    }
    const text = row.text(place);
    const code = codes.get(text) ?? dictionary.size + codes.size;
    codes.set(text, code);
    return code;
  }
}
