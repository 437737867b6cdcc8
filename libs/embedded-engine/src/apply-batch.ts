import type {
  FieldWrite,
  MessageBatch,
  Rejection,
  SourcePosition,
  TagDefinition,
  TagMessage,
  Verdict,
} from '@tessera/tag-catalog';
import type { EngineState, TypeState } from './engine-state';
import { changedSet, incremented } from './field-operators';
import { localOf, shardOf } from './shard';
import { ScalarShard } from './tags/scalar-shard';
import type { SetShard } from './tags/set-shard';
import type { TagState } from './tags/tag-state';

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
  state.usedTypes.add(message.type.id);
  const isEvent = message.type.kind === 'event';
  const checkedId = isEvent || message.fields.some(isOperator) ? message.id : null;
  if (checkedId !== null && state.ids.has(message.type.name, message.cuid, checkedId)) {
    return 'duplicate';
  }
  const verdict = isEvent ? applyEvent(state, message) : applyFields(state, message);
  if (checkedId !== null && typeof verdict === 'string') {
    state.ids.add(message.type.name, message.cuid, checkedId, arrivalMs);
  }
  return verdict;
}

function isOperator(write: FieldWrite): boolean {
  return write.op !== 'set' && write.op !== 'clear';
}

function applyEvent(state: EngineState, message: TagMessage): Verdict {
  const guid = state.bind(message.cuid);
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

/** A field write with where it goes. */
interface Target {
  readonly write: FieldWrite;
  readonly tag: TagState;
}

function applyFields(state: EngineState, message: TagMessage): Verdict {
  const type = state.type(message.type.id);
  const targets = message.fields.map((write) => ({ write, tag: type.tag(asTag(write, message)) }));
  const known = state.identity.lookup(message.cuid);
  const rejection = findRejection(targets, known, message.timeMs);
  if (rejection !== null) {
    return rejection;
  }
  const guid = state.bind(message.cuid);
  const shard = shardOf(guid);
  const local = localOf(guid);
  const plain: TagState[] = [];
  let won = false;
  for (const { write, tag } of targets) {
    const tagShard = tag.shardForWrite(shard);
    if (message.timeMs < (tagShard.times.get(local) ?? -Infinity)) {
      continue;
    }
    won = true;
    tagShard.beforeWrite();
    writeValue(tag, tagShard, local, write);
    tag.lastWriteMs = Math.max(tag.lastWriteMs ?? message.timeMs, message.timeMs);
    if (!isOperator(write)) {
      plain.push(tag);
    }
  }
  recordTimes(type, plain, { shard, local, timeMs: message.timeMs });
  return won ? 'accepted' : 'stale';
}

function asTag(write: FieldWrite, message: TagMessage): TagDefinition {
  const tag = message.type.tags.find((candidate) => candidate.id === write.field.id);
  if (tag === undefined) {
    throw new Error(`Field ${write.field.name} is no tag of ${message.type.name}.`);
  }
  return tag;
}

/** Before anything is changed: does an operator take its field out of its type's range? */
function findRejection(targets: readonly Target[], guid: number, timeMs: number): Rejection | null {
  for (const { write, tag } of targets) {
    if (!isOperator(write)) {
      continue;
    }
    const shard = guid === 0 ? undefined : tag.shard(shardOf(guid));
    const local = localOf(guid);
    if (shard !== undefined && timeMs < (shard.times.get(local) ?? -Infinity)) {
      continue;
    }
    if (write.op === 'increment') {
      const sum = incremented(tag.tag, shard instanceof ScalarShard ? shard.get(local) : undefined, write.by);
      if (typeof sum !== 'number') {
        return sum;
      }
    } else if (write.op === 'add' || write.op === 'remove') {
      const before = guid === 0 ? undefined : tag.valueAt(shardOf(guid), local);
      const after = changedSet(tag.tag, Array.isArray(before) ? before : undefined, write.op, write.values);
      if ('code' in after) {
        return after;
      }
    }
  }
  return null;
}

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
        const codes = tag.encodeSet(write.values);
        const before = shard.get(local) ?? new Uint32Array(0);
        const changed = new Set(before);
        for (const code of codes) {
          if (write.op === 'add') {
            changed.add(code);
          } else {
            changed.delete(code);
          }
        }
        shard.set(local, Uint32Array.from(changed).sort());
      }
  }
}

/**
 * Notes the write time of the fields that won. One time a user and type is kept where it can be: if at least as many fields move to the
 * new time as stay at the shared one, the shared time moves and those that stay become exceptions.
 */
function recordTimes(
  type: TypeState,
  written: readonly TagState[],
  at: { readonly shard: number; readonly local: number; readonly timeMs: number },
): void {
  if (written.length === 0) {
    return;
  }
  const { shard, local, timeMs } = at;
  const shared = type.sharedTimes(shard);
  const before = shared.get(local);
  if (before === undefined) {
    shared.set(local, timeMs);
  } else if (before !== timeMs) {
    const staying: TagState[] = [];
    for (const tag of type.tags.values()) {
      if (!written.includes(tag) && tag.shard(shard)?.times.usesShared(local) === true) {
        staying.push(tag);
      }
    }
    if (staying.length <= written.length) {
      shared.set(local, timeMs);
      for (const tag of staying) {
        const tagShard = tag.shardForWrite(shard);
        tagShard.beforeWrite();
        tagShard.times.set(local, before);
      }
    }
  }
  for (const tag of written) {
    tag.shardForWrite(shard).times.set(local, timeMs);
  }
}
