import type { KvReadNode, TagTest } from '@tessera/audience';
import type { ScanNode } from '../compile/leaf';
import type { StoredBitmap } from '../compile/statements/gate';
import type { StarrocksRow } from '../connection/starrocks-connection';
import { identifier, KV_BITMAPS_TABLE, POSITIONS_TABLE, TAG } from '../schema/names';
import { textLiteral } from '../sql/literal';

/** Where kv tags are read from, and why. */
export interface KvPlacements {
  /** Null: from the tag's own table. */
  place(node: KvReadNode): StoredBitmap | null;
  /** One sentence for each tag. */
  readonly notes: readonly string[];
}

/** Sources of a roll-up are called this, the tag's id, and the source of the primary that it has read. */
const PREFIX = 'kv_bitmaps/';
const VALUES_MAX = 1_000;
/** Of a condition, beside its values. */
const CONDITION_PARTS = 8;
const SOURCE = identifier('sys_source');
const NONE: KvPlacements = { place: () => null, notes: [] };

/** How far a source has been written; null: somebody is at it. */
type Positions = ReadonlyMap<string, string | null>;

/**
 * Decides for each kv tag of a question, once its positions are read. The bitmaps of a tag count only if they have applied exactly what every source of its
 * primary, the table, has applied by now (MEANING section 4).
 */
export class KvPlacement {
  /** When it was last seen that nobody fills bitmaps. The table is never wrong, so this may be old. */
  #noneMs: number | null = null;

  async of(
    scans: readonly ScanNode[],
    rows: (statement: string) => Promise<readonly StarrocksRow[]>,
  ): Promise<KvPlacements> {
    const reads = scans.filter((node): node is KvReadNode => node.kind === 'kvRead' && hinders(node.test) === null);
    const isKnownNone = this.#noneMs !== null && performance.now() - this.#noneMs < NONE_FOR_MS;
    if (reads.length === 0 || isKnownNone) return NONE;
    const bitmaps = positionsOf(await rows(startingWith([PREFIX])), true);
    if (bitmaps.size === 0) {
      this.#noneMs = performance.now();
      return NONE;
    }
    this.#noneMs = null;
    const types = [...new Set(reads.map(({ test }) => primaryPrefix(test)))].sort();
    const primary = positionsOf(await rows(startingWith(types)), false);
    return decide(reads, bitmaps, primary);
  }
}

const NONE_FOR_MS = 10_000;

function decide(reads: readonly KvReadNode[], bitmaps: Positions, primary: Positions): KvPlacements {
  const placed = new Set<number>();
  const notes = new Map<number, string>();
  for (const { test } of reads) {
    const { tag } = test;
    if (notes.has(tag.id)) continue;
    const behind = behindOf(test, bitmaps, primary);
    if (behind === null) placed.add(tag.id);
    notes.set(
      tag.id,
      behind === null
        ? `${tag.name} is read from ${KV_BITMAPS_TABLE}, which has applied everything that its table has`
        : `${tag.name} is read from its table: ${behind}`,
    );
  }
  return {
    place: (node) => (placed.has(node.test.tag.id) && hinders(node.test) === null ? bitmapOf(node.test) : null),
    notes: [...notes.values()],
  };
}

/** Why bitmaps can't answer the test; null: they can. They know neither times nor the order of values. */
function hinders({ tag, condition, validAfterMs, includeMissing }: TagTest): string | null {
  if (validAfterMs !== null) return 'its values expire';
  if (includeMissing) return 'users without a value are wanted';
  if (tag.valueType === 'set') return 'it holds sets';
  if (condition.kind === 'present') return null;
  return condition.kind === 'oneOf' && condition.values.length <= VALUES_MAX ? null : 'values are not listed';
}

/** What the bitmaps have not applied; null: nothing. */
function behindOf({ tag }: TagTest, bitmaps: Positions, primary: Positions): string | null {
  if (bitmaps.get(`${PREFIX}${tag.id}`) === null) return 'its bitmaps are being replaced';
  const sources = [...primary.keys()].filter((source) => source.startsWith(primaryPrefix({ tag })));
  if (sources.length === 0) return 'nothing is known of its sources';
  const behind = sources.filter((source) => {
    const applied = primary.get(source) ?? null;
    return applied === null || bitmaps.get(`${PREFIX}${tag.id}/${source}`) !== applied;
  });
  return behind.length === 0 ? null : `the bitmaps are behind ${behind.length} of its ${sources.length} sources`;
}

function bitmapOf({ tag, condition }: TagTest): StoredBitmap {
  const ofTag = `${identifier(TAG)} = ${tag.id}`;
  if (condition.kind !== 'oneOf') return { table: KV_BITMAPS_TABLE, condition: ofTag };
  const values = condition.values.map((value) => textLiteral(String(value))).join(', ');
  const among = `${identifier('sys_value')} ${condition.negated ? 'NOT IN' : 'IN'} (${values})`;
  return {
    table: KV_BITMAPS_TABLE,
    condition: `${ofTag} AND ${among}`,
    parts: condition.values.length + CONDITION_PARTS,
  };
}

/** Sources of the messages of the tag's type: the Kafka partitions of its topic. */
function primaryPrefix({ tag }: Pick<TagTest, 'tag'>): string {
  return `tags.${tag.typeName}/`;
}

function startingWith(prefixes: readonly string[]): string {
  const conditions = prefixes.map((prefix) => `starts_with(${SOURCE}, ${textLiteral(prefix)})`);
  const columns = [SOURCE, identifier('sys_begun'), identifier('sys_next'), identifier('sys_writer')];
  return `SELECT ${columns.join(', ')} FROM ${identifier(POSITIONS_TABLE)} WHERE ${conditions.join(' OR ')}`;
}

/** @param areBitmaps then a writer is somebody who is at it; sources of messages always have one. */
function positionsOf(rows: readonly StarrocksRow[], areBitmaps: boolean): Positions {
  return new Map(
    rows.map((row) => {
      const next = String(row['sys_next']);
      const isAtRest = String(row['sys_begun']) === next && (!areBitmaps || String(row['sys_writer']) === '');
      return [String(row['sys_source']), isAtRest ? next : null] as const;
    }),
  );
}
