import type { MessageBatch, Rejection, SourcePosition, Verdict } from '@tessera/tag-catalog';
import { applyFields } from './apply-fields';
import type { EngineState } from './engine-state';
import { type EventPlan, type MessagePlan, planMessages } from './message-plan';
import { localOf, shardOf } from './shard';
import { packBatch, type PackedBatch, RowReader } from './storage/packed-batch';

const GUIDS_EXHAUSTED: Rejection = {
  code: 'guidsExhausted',
  detail:
    'No guid is left: 2^32 − 2 have been handed out, and none is used twice. Known users can still be written; new ones need a new data directory.',
};

/** Batches of more shapes have few messages of each. */
const TOUCHED_SHAPES_MAX = 4;

/** As `applyPacked`, of messages that have not been packed. */
export function applyBatch(state: EngineState, batch: MessageBatch, source?: SourcePosition): Verdict[] {
  return applyPacked(state, packBatch(batch, source, null));
}

/**
 * Applies one batch to the state, in order, and says what became of each message (MEANING section 2). Deterministic: the same batches in
 * the same order give the same state and verdicts, live and at replay.
 * @throws RangeError for bytes that end too early, and for a guid that was never given out.
 */
export function applyPacked(state: EngineState, batch: PackedBatch): Verdict[] {
  const { source, guids, arrivalMs } = batch;
  const verdicts: Verdict[] = [];
  if (source !== undefined && state.hasApplied(source)) {
    for (let index = 0; index < guids.length; index++) {
      verdicts.push('duplicate');
    }
    return verdicts;
  }
  state.ids.expire(arrivalMs);
  const plans: (MessagePlan | undefined)[] = [];
  const row = new RowReader(batch);
  if (batch.shapes.length <= TOUCHED_SHAPES_MAX) {
    touchUsers(state, batch);
  }
  for (let index = 0; index < guids.length; index++) {
    row.next(index);
    const plan = (plans[row.shapeIndex] ??= planMessages(state, row.shape));
    verdicts.push(applyMessage(state, plan, row, guids[index]!, arrivalMs));
  }
  if (source !== undefined) {
    state.advance(source, verdicts);
  }
  return verdicts;
}

/** Makes users known who have sent nothing. */
export function applyBinding(state: EngineState, cuids: readonly string[], source?: SourcePosition): Verdict[] {
  if (source !== undefined && state.hasApplied(source)) {
    return cuids.map(() => 'duplicate');
  }
  const verdicts = cuids.map((cuid): Verdict => {
    if (state.identity.lookup(cuid) !== 0) {
      return 'stale';
    }
    if (state.isFull) {
      return GUIDS_EXHAUSTED;
    }
    state.bind(cuid);
    return 'accepted';
  });
  if (source !== undefined) {
    state.advance(source, verdicts);
  }
  return verdicts;
}

/** @param named the guid that the row gives; 0: it names the cuid. */
function applyMessage(
  state: EngineState,
  plan: MessagePlan,
  row: RowReader,
  named: number,
  arrivalMs: number,
): Verdict {
  const { hasId, type } = plan.shape;
  if (hasId && state.ids.has(type.name, row.cuid, row.id, arrivalMs)) {
    return 'duplicate';
  }
  const known = named === 0 ? state.identity.lookup(row.cuid) : named;
  if (known === 0 && state.isFull) {
    return GUIDS_EXHAUSTED;
  }
  if (known > state.identity.highestGuid) {
    throw new RangeError(`Guid ${known} was never given out: log and checkpoint do not belong together.`);
  }
  const verdict = plan.kind === 'event' ? applyEvent(state, plan, row, known) : applyFields(state, plan, row, known);
  if (typeof verdict === 'string') {
    state.usedTypes.add(type.id);
    if (hasId) {
      state.ids.add(type.name, row.cuid, row.id, arrivalMs);
    }
  }
  return verdict;
}

/** @param known the user's guid, 0 for a new one. */
function applyEvent(state: EngineState, plan: EventPlan, row: RowReader, known: number): Verdict {
  const guid = known === 0 ? state.bind(row.cuid) : known;
  const values: (readonly [number, number])[] = [];
  for (let place = 0; place < plan.properties.length; place++) {
    const { id, form, state: property } = plan.properties[place]!;
    switch (form) {
      case 'text':
        values.push([id, property.dictionary.internUtf8(row.bytes, row.operands[place]!, row.lengths[place]!)]);
        break;
      case 'texts':
        values.push([id, property.encode(row.texts(place))]);
        break;
      case 'number':
      case 'bool':
        values.push([id, row.operands[place]!]);
        break;
      case 'none':
    }
  }
  plan.events.append(shardOf(guid), localOf(guid), row.timeMs, values);
  return 'accepted';
}

/**
 * Reads once what most messages of a batch will change. Users are spread over all memory: a loop that does nothing else waits for many
 * of its places at a time, applying message by message for one after the other.
 */
function touchUsers(state: EngineState, { shapes, guids }: PackedBatch): number {
  let sum = 0;
  for (const shape of shapes) {
    const type = state.types.get(shape.type.id);
    for (const { field } of shape.fields) {
      const columns = type?.tags.get(field.id)?.columns() ?? [];
      for (let index = 0; index < guids.length; index++) {
        const guid = guids[index]!;
        const data = columns[shardOf(guid)];
        if (data !== undefined) {
          sum ^= data[localOf(guid)] ?? 0;
        }
      }
    }
    for (let index = 0; index < guids.length; index++) {
      const guid = guids[index]!;
      sum ^= type?.timesAt(shardOf(guid), localOf(guid)) ?? 0;
    }
  }
  return sum;
}
