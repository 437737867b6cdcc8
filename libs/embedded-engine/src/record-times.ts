import type { TypeState } from './engine-state';
import type { TagState } from './tags/tag-state';
import { NO_TIME } from './columns/time-vector';

/**
 * Notes the write time of the fields that a message wrote plainly. One time a user and type is kept where it can be: if at least as many
 * fields move to the new time as stay at the shared one, the shared time moves and those that stay become exceptions.
 */
export function recordTimes(
  type: TypeState,
  written: readonly TagState[],
  shard: number,
  local: number,
  timeMs: number,
): void {
  if (written.length === 0) {
    return;
  }
  const shared = type.sharedTimes(shard);
  const before = shared.at(local);
  if (before !== timeMs) {
    if (before === NO_TIME) {
      shared.set(local, timeMs);
    } else if (!moveShared(type, written, shard, local, timeMs)) {
      for (let index = 0; index < written.length; index++) {
        written[index]!.shardForWrite(shard).times.set(local, timeMs);
      }
      return;
    }
  }
  for (let index = 0; index < written.length; index++) {
    written[index]!.shardForWrite(shard).times.setShared(local);
  }
}

/** Moves the shared time, unless more fields stay at it than are written. */
function moveShared(
  type: TypeState,
  written: readonly TagState[],
  shard: number,
  local: number,
  timeMs: number,
): boolean {
  const tags = type.tagList;
  const shared = type.sharedTimes(shard);
  if (written.length < tags.length) {
    let staying = 0;
    for (let index = 0; index < tags.length; index++) {
      if (tags[index]!.shard(shard)?.times.usesShared(local) === true) {
        staying++;
      }
    }
    for (let index = 0; index < written.length; index++) {
      if (written[index]!.shard(shard)?.times.usesShared(local) === true) {
        staying--;
      }
    }
    if (staying > written.length) {
      return false;
    }
    if (staying > 0) {
      keepStaying(type, written, shard, local);
    }
  }
  shared.set(local, timeMs);
  return true;
}

/** The fields that were not written and rely on the shared time get it as their own. */
function keepStaying(type: TypeState, written: readonly TagState[], shard: number, local: number): void {
  const before = type.sharedTimes(shard).at(local);
  for (const tag of type.tagList) {
    const tagShard = tag.shard(shard);
    if (tagShard?.times.usesShared(local) === true && !written.includes(tag)) {
      tagShard.beforeWriteAt(local);
      tagShard.times.keepOwn(local, before);
    }
  }
}
