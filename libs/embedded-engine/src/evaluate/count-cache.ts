import type { EngineState } from '../engine-state';
import { ScalarShard } from '../tags/scalar-shard';
import type { LoweredNode, LoweredTest } from './lowered-plan';

/** Rules kept: with 250 shards each takes 4 KB. */
const RULES_MAX = 1024;

interface Entry {
  /** By shard: of what version of the shard the count is; −1: none. */
  readonly versions: Float64Array;
  readonly counts: Float64Array;
}

/**
 * How many users of each shard a rule had when it was last counted. A shard's count holds as long as none of the rule's tags has changed in
 * that shard, so a rule that is asked again costs a look at a few numbers a shard.
 */
export class CountCache {
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();

  get bytes(): number {
    let bytes = 0;
    for (const [key, { counts }] of this.#entries) {
      bytes += key.length * 2 + counts.byteLength * 2 + 200;
    }
    return bytes;
  }

  /** The counts of a node, as many as there are shards. */
  entry(node: LoweredNode, shardCount: number): Entry {
    let entry = this.#entries.get(node.key);
    this.#entries.delete(node.key);
    if (entry === undefined || entry.counts.length < shardCount) {
      const versions = new Float64Array(shardCount).fill(-1);
      const counts = new Float64Array(shardCount);
      if (entry !== undefined) {
        versions.set(entry.versions);
        counts.set(entry.counts);
      }
      entry = { versions, counts };
    }
    this.#entries.set(node.key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > RULES_MAX && oldest !== undefined) {
      this.#entries.delete(oldest);
    }
    return entry;
  }
}

/** A number that changes whenever something changes that these tests depend on in the shard. */
export function versionOf(state: EngineState, tests: readonly LoweredTest[], shard: number): number {
  let version = state.universeVersion(shard);
  for (const test of tests) {
    const held = state.tagShard(test.typeId, test.tagId, shard);
    if (held instanceof ScalarShard) {
      version += held.version + 1;
    }
  }
  return version;
}
