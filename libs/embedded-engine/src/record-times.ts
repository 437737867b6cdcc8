import type { TypeState } from './engine-state';
import type { TagState } from './tags/tag-state';

/** From so many fields a message on, a set finds them faster than a walk. */
const WALK_MAX = 8;

/**
 * Notes the write time of the fields that a message wrote plainly. One time a user and type is kept where it can be: if at least as many
 * fields move to the new time as stay at the shared one, the shared time moves and those that stay become exceptions.
 */
export function recordTimes(
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
    const staying = stayingAtShared(type, written, shard, local);
    if (staying !== null) {
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

/** The fields that would have to become exceptions if the shared time moved; null: more than those that move. */
function stayingAtShared(
  type: TypeState,
  written: readonly TagState[],
  shard: number,
  local: number,
): readonly TagState[] | null {
  if (written.length === type.tags.size) {
    return [];
  }
  const moving = written.length > WALK_MAX ? new Set(written) : null;
  const staying: TagState[] = [];
  for (const tag of type.tags.values()) {
    if (tag.shard(shard)?.times.usesShared(local) === true && !(moving?.has(tag) ?? written.includes(tag))) {
      staying.push(tag);
      if (staying.length > written.length) {
        return null;
      }
    }
  }
  return staying;
}
