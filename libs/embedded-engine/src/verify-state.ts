import { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';
import type { EngineState } from './engine-state';
import { guidAt } from './shard';
import type { TagState } from './tags/tag-state';

const FINDINGS_MAX = 1000;

export interface Verification {
  /** One sentence for each thing that does not agree; empty: all is well. Cut at 1,000. */
  readonly findings: readonly string[];
  readonly users: number;
  readonly tagShards: number;
  readonly eventRows: number;
}

/**
 * Checks that what is stored twice agrees: indexes with forward columns, the universe with the identity (a bijection over the guids not
 * retired), and that nothing is kept of retired users. Reads everything once; slow on purpose.
 */
export function verifyState(state: EngineState): Verification {
  const findings: string[] = [];
  verifyIdentity(state, findings);
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
    for (const local of strangers.toUint32Array(10)) {
      findings.push(`${shard.key}: user ${guidAt(index, local)} has a value but is not known`);
    }
  }
  return shards;
}
