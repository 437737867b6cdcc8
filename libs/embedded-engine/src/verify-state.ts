import { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';
import type { EngineState } from './engine-state';
import { guidAt } from './shard';
import type { ScalarShard } from './tags/scalar-shard';
import type { SetShard } from './tags/set-shard';
import type { TagState } from './tags/tag-state';

const FINDINGS_MAX = 1000;
/** Of one kind in one place. */
const STRANGERS_MAX = 10;

export interface Verification {
  /** One sentence for each thing that does not agree; empty: all is well. Cut at 1,000. */
  readonly findings: readonly string[];
  readonly users: number;
  readonly tagShards: number;
  readonly eventRows: number;
}

/**
 * Checks that what is stored twice agrees: indexes with forward columns, codes with dictionaries, the universe with the identity (a
 * bijection over the guids not retired), and that nothing is kept of retired users: no value, write time, row or place in a list. Reads everything once; slow on purpose.
 */
export function verifyState(state: EngineState): Verification {
  const findings: string[] = [];
  verifyIdentity(state, findings);
  verifyLists(state, findings);
  let tagShards = 0;
  for (const type of state.types.values()) {
    for (const tag of type.tags.values()) {
      tagShards += verifyTag(state, tag, findings);
    }
  }
  let eventRows = 0;
  for (const events of state.events.values()) {
    let rows = 0;
    for (let shard = 0; shard < events.shardCount; shard++) {
      for (const bucket of events.buckets(shard, null, Infinity)) {
        rows += bucket.rows;
        for (let row = 0; row < bucket.rows; row++) {
          if (!state.isKnown(guidAt(shard, bucket.locals[row] ?? 0))) {
            findings.push(`${bucket.key} row ${row}: user ${guidAt(shard, bucket.locals[row] ?? 0)} is not known`);
          }
        }
      }
    }
    if (rows !== events.rows) {
      findings.push(`Event type ${events.type.name}: ${rows} rows in buckets, counter says ${events.rows}`);
    }
    eventRows += rows;
  }
  return { findings: findings.slice(0, FINDINGS_MAX), users: state.knownUsers, tagShards, eventRows };
}

/** What was read from disk leaves memory again where there is little. */
function makeRoom({ residency }: EngineState): void {
  if (residency.isLookDue) {
    residency.look();
  }
}

function verifyIdentity(state: EngineState, findings: string[]): void {
  const { identity } = state;
  let live = 0;
  for (let number = 1; number <= identity.highestGuid; number++) {
    const guid = number as Guid;
    const cuid = identity.cuidOf(guid);
    if (identity.isRetired(guid) !== (cuid === undefined)) {
      findings.push(`guid ${guid}: retired and bound at once, or neither`);
    }
    if (cuid !== undefined) {
      live++;
      if (identity.lookup(cuid) !== guid) {
        findings.push(`guid ${guid}: its cuid leads to guid ${identity.lookup(cuid)}`);
      }
    }
    if (state.isKnown(guid) !== (cuid !== undefined)) {
      findings.push(`guid ${guid}: ${cuid === undefined ? 'retired but known' : 'bound but not known'}`);
    }
  }
  if (live !== identity.bound || live !== state.knownUsers) {
    findings.push(`${live} guids bound, identity counts ${identity.bound}, the universe ${state.knownUsers}`);
  }
}

function verifyTag(state: EngineState, tag: TagState, findings: string[]): number {
  let shards = 0;
  for (let index = 0; index < tag.shardCount; index++) {
    const shard = tag.shard(index);
    if (shard === undefined) {
      continue;
    }
    shards++;
    findings.push(...shard.verify());
    const strangers = RoaringBitmap32.andNot(shard.present, state.universe(index));
    for (const local of strangers.toUint32Array(STRANGERS_MAX)) {
      findings.push(`${shard.key}: user ${guidAt(index, local)} has a value but is not known`);
    }
    verifyTimes(state, shard, index, findings);
    verifyCodes(tag, shard, findings);
    makeRoom(state);
  }
  return shards;
}

/** Write times of users that are not known, and fields that rely on a shared time that is not there. */
function verifyTimes(state: EngineState, shard: ScalarShard | SetShard, index: number, findings: string[]): void {
  const { times } = shard;
  let strangers = 0;
  for (let local = 0; local < times.end && strangers < STRANGERS_MAX; local++) {
    const isWritten = times.isWritten(local);
    if (isWritten && !state.isKnown(guidAt(index, local))) {
      strangers++;
      findings.push(`${shard.key}: user ${guidAt(index, local)} has a write time but is not known`);
    } else if (isWritten && times.get(local) === undefined) {
      strangers++;
      findings.push(`${shard.key}: the write time of user ${guidAt(index, local)} is missing`);
    }
  }
}

/** Codes whose text is gone. */
function verifyCodes(tag: TagState, shard: ScalarShard | SetShard, findings: string[]): void {
  if (tag.dictionary.size === 0) {
    return;
  }
  const lost = new Set<number>();
  shard.eachCode((code) => {
    if (tag.dictionary.textOf(code) === undefined) {
      lost.add(code);
    }
    return lost.size < STRANGERS_MAX;
  });
  for (const code of lost) {
    findings.push(`${shard.key}: code ${code} has no text in the dictionary`);
  }
}

function verifyLists(state: EngineState, findings: string[]): void {
  for (const list of state.lists.values()) {
    for (let index = 0; index < list.shardCount; index++) {
      const strangers = RoaringBitmap32.andNot(list.shard(index) ?? new RoaringBitmap32(), state.universe(index));
      for (const local of strangers.toUint32Array(STRANGERS_MAX)) {
        findings.push(`${list.key}: user ${guidAt(index, local)} is in the list but is not known`);
      }
    }
  }
}
