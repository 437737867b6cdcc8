import type { EngineState } from './engine-state';

/** Memory that the state takes, by part, in bytes. */
export interface StateBytes {
  readonly identity: number;
  readonly tags: number;
  readonly events: number;
  readonly lists: number;
  readonly ids: number;
}

export function stateBytes(state: EngineState): StateBytes {
  let tags = 0;
  for (const type of state.types.values()) {
    tags += type.timesBytes;
    for (const tag of type.tags.values()) {
      tags += tag.bytes;
    }
  }
  return {
    identity: state.identity.bytes,
    tags,
    events: sum(state.events.values()),
    lists: sum(state.lists.values()),
    ids: state.ids.bytes,
  };
}

/** All parts together. */
export function totalBytes(state: EngineState): number {
  const { identity, tags, events, lists, ids } = stateBytes(state);
  return identity + tags + events + lists + ids;
}

function sum(items: Iterable<{ readonly bytes: number }>): number {
  let bytes = 0;
  for (const item of items) {
    bytes += item.bytes;
  }
  return bytes;
}

const LOG_BYTES_MIN = 256 * 1024 * 1024;
const LOG_BYTES_MAX = 512 * 1024 * 1024;
/** Parts of the state that the log may reach between those limits before it is worth rewriting what has changed. */
const STATE_PARTS = 4;

/** Log bytes at which a checkpoint is due where nothing else is asked for. */
export function logBytesForCheckpoint(state: EngineState): number {
  const part = totalBytes(state) / STATE_PARTS;
  return Math.min(LOG_BYTES_MAX, Math.max(LOG_BYTES_MIN, part));
}
