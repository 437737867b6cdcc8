import type { Rejection, Verdict } from '@tessera/tag-catalog';
import type { EngineState } from './engine-state';
import { refuseIncrement, refuseSetSize } from './field-operators';
import type { FieldPlan, FieldsPlan } from './message-plan';
import { recordTimes } from './record-times';
import { localOf, shardOf } from './shard';
import type { RowReader } from './storage/packed-batch';
import { ScalarShard } from './tags/scalar-shard';
import type { SetShard } from './tags/set-shard';
import type { TagState } from './tags/tag-state';

const NO_CODES = new Uint32Array(0);
/** The fields that the message under way has plainly written; used again for each. */
const plain: TagState[] = [];

/**
 * Applies a profile or kv message.
 * @param known the user's guid, 0 for a new one.
 */
export function applyFields(state: EngineState, plan: FieldsPlan, row: RowReader, known: number): Verdict {
  const rejection = plan.hasOperator ? findRejection(plan, row, known) : null;
  if (rejection !== null) {
    return rejection;
  }
  const guid = known === 0 ? state.bind(row.cuid) : known;
  const shard = shardOf(guid);
  const local = localOf(guid);
  const { timeMs } = row;
  const { fields, type } = plan;
  // Where no time of the user differs from the shared one, that decides for all fields.
  const winsShared = timeMs >= type.sharedTimes(shard).at(local);
  plain.length = 0;
  let won = false;
  for (let place = 0; place < fields.length; place++) {
    const field = fields[place]!;
    const { tag } = field;
    const tagShard = tag.shardForWrite(shard);
    if (!(winsShared && tagShard.times.isUniform) && timeMs < tagShard.times.at(local)) {
      continue;
    }
    won = true;
    tagShard.beforeWriteAt(local);
    writeValue(field, tagShard, local, row, place);
    tag.noteWrite(timeMs);
    if (!field.isOperator) {
      plain.push(tag);
    }
  }
  recordTimes(type, plain, shard, local, timeMs);
  return won ? 'accepted' : 'stale';
}

/** Before anything is changed: does an operator take its field out of its type's range? */
function findRejection(plan: FieldsPlan, row: RowReader, known: number): Rejection | null {
  const local = localOf(known);
  for (let place = 0; place < plan.fields.length; place++) {
    const field = plan.fields[place]!;
    if (!field.isOperator) {
      continue;
    }
    const shard = known === 0 ? undefined : field.tag.shard(shardOf(known));
    if (shard !== undefined && row.timeMs < shard.times.at(local)) {
      continue;
    }
    const rejection = refuseOperator(field, shard, local, row, place);
    if (rejection !== null) {
      return rejection;
    }
  }
  return null;
}

/** @param shard of the user; undefined: there is none yet. */
function refuseOperator(
  { op, tag }: FieldPlan,
  shard: ScalarShard | SetShard | undefined,
  local: number,
  row: RowReader,
  place: number,
): Rejection | null {
  if (op === 'increment') {
    const before = shard instanceof ScalarShard ? shard.get(local) : undefined;
    return refuseIncrement(tag.tag, before, row.operands[place]!);
  }
  if (op !== 'add' || shard instanceof ScalarShard) {
    return null;
  }
  const before = shard?.get(local) ?? NO_CODES;
  const held = new Set(before);
  let size = before.length;
  for (const value of row.texts(place)) {
    const code = tag.dictionary.code(value);
    if (code === undefined || !held.has(code)) {
      size++;
    }
  }
  return refuseSetSize(tag.tag, size);
}

function writeValue(
  { op, tag, form }: FieldPlan,
  shard: ScalarShard | SetShard,
  local: number,
  row: RowReader,
  place: number,
): void {
  if (shard instanceof ScalarShard) {
    switch (op) {
      case 'set':
        shard.set(
          local,
          form === 'text'
            ? tag.dictionary.internUtf8(row.bytes, row.operands[place]!, row.lengths[place]!)
            : row.operands[place]!,
        );
        return;
      case 'increment':
        shard.set(local, (shard.get(local) ?? 0) + row.operands[place]!);
        return;
      case 'clear':
        shard.clear(local);
        return;
      case 'add':
      case 'remove':
        return;
    }
  }
  switch (op) {
    case 'set':
      shard.set(local, tag.encodeSet(row.texts(place)));
      return;
    case 'add':
    case 'remove':
      shard.set(local, changedCodes(tag, shard.get(local) ?? NO_CODES, op, row.texts(place)));
      return;
    case 'clear':
      shard.clear(local);
      return;
    case 'increment':
  }
}

/** The codes of a set after `$add` or `$remove`, ascending. */
function changedCodes(
  tag: TagState,
  before: Uint32Array,
  op: 'add' | 'remove',
  values: readonly string[],
): Uint32Array {
  const changed = new Set(before);
  for (const value of values) {
    if (op === 'add') {
      changed.add(tag.dictionary.intern(value));
    } else {
      // A text nobody has needs no code to be taken away.
      changed.delete(tag.dictionary.code(value) ?? -1);
    }
  }
  return Uint32Array.from(changed).sort();
}
