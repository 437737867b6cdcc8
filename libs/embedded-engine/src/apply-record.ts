import type { Verdict } from '@tessera/tag-catalog';
import { applyBinding, applyPacked } from './apply-batch';
import type { EngineState } from './engine-state';
import { ListState } from './lists/list-state';
import type { StoredRecord } from './storage/log-codec';

/** What applying a record brought about. */
export interface Applied {
  readonly verdicts: readonly Verdict[];
  /** Of an erasure: the cuid was known. Of a list's removal: there was one. */
  readonly found: boolean;
}

/** Applies one record of the log; records are applied in log order, live and at replay alike. */
export function applyRecord(state: EngineState, sequence: number, record: StoredRecord): Applied {
  if (sequence !== state.appliedSequence + 1) {
    throw new Error(`Record ${sequence} does not follow ${state.appliedSequence}: records are applied in log order.`);
  }
  state.appliedSequence = sequence;
  switch (record.kind) {
    case 'packed':
      return { verdicts: applyPacked(state, record), found: true };
    case 'bind':
      return { verdicts: applyBinding(state, record.cuids, record.source), found: true };
    case 'erase': {
      if (record.source !== undefined) {
        if (state.hasApplied(record.source)) {
          return { verdicts: [], found: false };
        }
        state.advance(record.source, []);
      }
      const guid = state.identity.lookup(record.cuid);
      if (guid !== 0) {
        state.erase(guid);
      }
      return { verdicts: [], found: guid !== 0 };
    }
    case 'putList': {
      const list = new ListState(record.id, record.name, record.createdAt, record.guids, state.tracker);
      list.beforeWrite();
      state.lists.set(record.id, list);
      for (const guid of record.guids.toUint32Array()) {
        if (!state.isKnown(guid)) {
          list.remove(guid);
        }
      }
      return { verdicts: [], found: true };
    }
    case 'removeList': {
      const list = state.lists.get(record.id);
      if (list !== undefined) {
        state.lists.delete(record.id);
        state.tracker.remove(list);
      }
      return { verdicts: [], found: list !== undefined };
    }
    case 'retention':
      state.retentionDay = record.day;
      for (const [typeId, firstDay] of record.firstDays) {
        state.events.get(typeId)?.dropBefore(firstDay);
      }
      return { verdicts: [], found: true };
  }
}
