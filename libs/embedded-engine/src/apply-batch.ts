import type {
  FieldWrite,
  MessageBatch,
  Rejection,
  SourcePosition,
  TagDefinition,
  TagMessage,
  TagTypeDefinition,
  Verdict,
} from '@tessera/tag-catalog';
import type { EngineState, TypeState } from './engine-state';
import { refuseIncrement, refuseSetSize } from './field-operators';
import { recordTimes } from './record-times';
import { localOf, shardOf } from './shard';
import { ScalarShard } from './tags/scalar-shard';
import type { SetShard } from './tags/set-shard';
import type { TagState } from './tags/tag-state';

const GUIDS_EXHAUSTED: Rejection = {
  code: 'guidsExhausted',
  detail:
    'No guid is left: 2^32 − 2 have been handed out, and none is used twice. Known users can still be written; new ones need a new data directory.',
};

/**
 * Applies one batch to the state, in order, and says what became of each message (MEANING section 2). Deterministic: the same batches in
 * the same order give the same state and verdicts, live and at replay.
 */
export function applyBatch(state: EngineState, batch: MessageBatch, source?: SourcePosition): Verdict[] {
  if (source !== undefined) {
    if (source.position <= (state.sources.get(source.source) ?? -Infinity)) {
      return batch.messages.map(() => 'duplicate');
    }
    state.sources.set(source.source, source.position);
  }
  state.ids.expire(batch.arrivalMs);
  return batch.messages.map((message) => applyMessage(state, message, batch.arrivalMs));
}

function applyMessage(state: EngineState, message: TagMessage, arrivalMs: number): Verdict {
  const isEvent = message.type.kind === 'event';
  const hasOperator = message.fields.some(isOperator);
  const checkedId = isEvent || hasOperator ? message.id : null;
  if (checkedId !== null && state.ids.has(message.type.name, message.cuid, checkedId, arrivalMs)) {
    return 'duplicate';
  }
  const known = state.identity.lookup(message.cuid);
  if (known === 0 && state.isFull) {
    return GUIDS_EXHAUSTED;
  }
  const verdict = isEvent ? applyEvent(state, message, known) : applyFields(state, message, known, hasOperator);
  if (typeof verdict === 'string') {
    state.usedTypes.add(message.type.id);
    if (checkedId !== null) {
      state.ids.add(message.type.name, message.cuid, checkedId, arrivalMs);
    }
  }
  return verdict;
}

function isOperator(write: FieldWrite): boolean {
  return write.op !== 'set' && write.op !== 'clear';
}

/** @param known the user's guid, 0 for a new one. */
function applyEvent(state: EngineState, message: TagMessage, known: number): Verdict {
  const guid = known === 0 ? state.bind(message.cuid) : known;
  const events = state.eventType(message.type);
  const values: (readonly [number, number])[] = [];
  for (const write of message.fields) {
    if (write.op === 'set') {
      values.push([write.field.id, events.property(write.field).encode(write.value)]);
    }
  }
  events.append(shardOf(guid), localOf(guid), message.timeMs, values);
  return 'accepted';
}

/** @param known the user's guid, 0 for a new one. */
function applyFields(state: EngineState, message: TagMessage, known: number, hasOperator: boolean): Verdict {
  const type = state.type(message.type.id);
  const rejection = hasOperator ? findRejection(type, message, known) : null;
  if (rejection !== null) {
    return rejection;
  }
  const guid = known === 0 ? state.bind(message.cuid) : known;
  const shard = shardOf(guid);
  const local = localOf(guid);
  const { timeMs } = message;
  const plain: TagState[] = [];
  let won = false;
  for (const write of message.fields) {
    const tag = tagOf(type, message.type, write);
    const tagShard = tag.shardForWrite(shard);
    if (timeMs < (tagShard.times.get(local) ?? -Infinity)) {
      continue;
    }
    won = true;
    tagShard.beforeWrite();
    writeValue(tag, tagShard, local, write);
    tag.noteWrite(timeMs);
    if (!isOperator(write)) {
      plain.push(tag);
    }
  }
  recordTimes(type, plain, { shard, local, timeMs });
  return won ? 'accepted' : 'stale';
}

function tagOf(type: TypeState, definition: TagTypeDefinition, write: FieldWrite): TagState {
  return type.tags.get(write.field.id) ?? type.tag(definitionOf(definition, write));
}

function definitionOf(type: TagTypeDefinition, write: FieldWrite): TagDefinition {
  const tag = type.tags.find((candidate) => candidate.id === write.field.id);
  if (tag === undefined) {
    throw new Error(`Field ${write.field.name} is no tag of ${type.name}.`);
  }
  return tag;
}

/** Before anything is changed: does an operator take its field out of its type's range? */
function findRejection(type: TypeState, message: TagMessage, known: number): Rejection | null {
  const local = localOf(known);
  for (const write of message.fields) {
    if (!isOperator(write)) {
      continue;
    }
    const tag = tagOf(type, message.type, write);
    const shard = known === 0 ? undefined : tag.shard(shardOf(known));
    if (shard !== undefined && message.timeMs < (shard.times.get(local) ?? -Infinity)) {
      continue;
    }
    const rejection = refuseOperator(tag, shard, local, write);
    if (rejection !== null) {
      return rejection;
    }
  }
  return null;
}

/** @param shard of the user; undefined: there is none yet. */
function refuseOperator(
  tag: TagState,
  shard: ScalarShard | SetShard | undefined,
  local: number,
  write: FieldWrite,
): Rejection | null {
  if (write.op === 'increment') {
    return refuseIncrement(tag.tag, shard instanceof ScalarShard ? shard.get(local) : undefined, write.by);
  }
  if (write.op !== 'add' || shard instanceof ScalarShard) {
    return null;
  }
  const before = shard?.get(local) ?? NO_CODES;
  const held = new Set(before);
  let size = before.length;
  for (const value of write.values) {
    const code = tag.dictionary.code(value);
    if (code === undefined || !held.has(code)) {
      size++;
    }
  }
  return refuseSetSize(tag.tag, size);
}

const NO_CODES = new Uint32Array(0);

function writeValue(tag: TagState, shard: ScalarShard | SetShard, local: number, write: FieldWrite): void {
  switch (write.op) {
    case 'clear':
      shard.clear(local);
      return;
    case 'set':
      if (shard instanceof ScalarShard) {
        if (typeof write.value !== 'object') {
          shard.set(local, tag.encode(write.value));
        }
      } else if (typeof write.value === 'object') {
        shard.set(local, tag.encodeSet(write.value));
      }
      return;
    case 'increment':
      if (shard instanceof ScalarShard) {
        shard.set(local, (shard.get(local) ?? 0) + write.by);
      }
      return;
    case 'add':
    case 'remove':
      if (!(shard instanceof ScalarShard)) {
        shard.set(local, changedCodes(tag, shard.get(local) ?? NO_CODES, write.op, write.values));
      }
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
