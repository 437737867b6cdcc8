import { setTimeout as sleep } from 'node:timers/promises';
import { TOO_MANY_VERSIONS } from '../support/starrocks-standin/faults';
import type { Fault, FaultAction, Faults } from '../support/starrocks-standin/faults';

/** Between two faults, at most. */
const PAUSE_MS_MAX = 300;
/** So many wait for their statement, at most. */
const WAITING_MAX = 20;
const TABLES = ['profile_', 'kv_', 'event_', 'sys_users'];

type Draw = (limit: number) => number;

export interface FaultOptions {
  readonly random: Draw;
  /** False: rows go by Stream Load. */
  readonly isInsert: boolean;
  readonly isResting: () => boolean;
}

/** Has statements and loads fail in one way after the other. Resolves when the signal is aborted, with no fault left. @returns how many there were. */
export async function makeFaults(
  faults: Faults,
  { random, isInsert, isResting }: FaultOptions,
  signal: AbortSignal,
): Promise<number> {
  let made = 0;
  while (!signal.aborted) {
    // Some wait for what does not come.
    if (isResting() || faults.left >= WAITING_MAX) {
      made -= faults.left;
      faults.clear();
    } else {
      const fault = drawFault(random, isInsert);
      faults.add(fault);
      made += fault.times ?? 1;
    }
    await sleep(random(PAUSE_MS_MAX), undefined, { signal }).catch(() => undefined);
  }
  made -= faults.left;
  faults.clear();
  return made;
}

function drawFault(random: Draw, isInsert: boolean): Fault {
  const pick = <T>(...some: readonly T[]): T => some[random(some.length)] as T;
  const delay: FaultAction = { kind: 'delay', ms: random(600) };
  const before: readonly FaultAction[] = [{ kind: 'drop' }, TOO_MANY_VERSIONS, delay, { kind: 'hang' }];
  const behind: readonly FaultAction[] = [{ kind: 'drop' }, { kind: 'drop' }, delay];
  const late: FaultAction = { kind: 'publishLate', ms: random(500), isAnsweredAtOnce: random(2) === 0 };
  const table = pick(...TABLES);
  const times = 1 + random(2);
  const skip = random(3);
  if (random(4) === 0) {
    // A round that takes longer than anybody waits for its end.
    const slow: FaultAction = { kind: 'delay', ms: 350 + random(300) };
    const at = isInsert ? 'statement-before' : 'load-before';
    return {
      at,
      match: isInsert ? `^INSERT INTO \`${pick('profile_', 'kv_', 'event_')}` : table,
      action: slow,
      times: 10,
    };
  }
  switch (random(7)) {
    case 0:
      return { at: 'statement-before', match: '^INSERT INTO `sys_pos', action: pick(...before, late), times, skip };
    case 1:
      return { at: 'statement-after', match: '^INSERT INTO `sys_pos', action: pick(...behind), times, skip };
    case 2:
      return { at: pick('statement-before', 'statement-after'), match: '^DELETE', action: pick(...behind), skip };
    case 3:
    case 4:
      if (isInsert) {
        return { at: 'statement-before', match: `^INSERT INTO \`${table}`, action: pick(...before, late), times, skip };
      }
      return { at: 'load-before', match: table, action: pick(...before, labelTaken('RUNNING')), times, skip };
    case 5:
      if (isInsert) break;
      return {
        at: 'redirect',
        match: table,
        action: pick<FaultAction>({ kind: 'backendDown' }, { kind: 'drop' }),
        skip,
      };
  }
  if (isInsert) {
    return { at: 'statement-after', match: `^INSERT INTO \`${table}`, action: pick(...behind), times, skip };
  }
  return { at: 'load-after', match: table, action: pick(...behind, ...ENDS), times, skip };
}

function labelTaken(existingJobStatus: 'FINISHED' | 'RUNNING'): FaultAction {
  return { kind: 'labelExists', existingJobStatus };
}

/** Of loads that are written. */
const ENDS: readonly FaultAction[] = [{ kind: 'publishTimeout' }, labelTaken('FINISHED'), labelTaken('RUNNING')];
