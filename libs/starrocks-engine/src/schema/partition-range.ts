import { identifier, PARTITION_GUIDS } from './names';

/** One StarRocks partition, [from, to): guids, or instants in milliseconds since the epoch at UTC midnights. */
export interface PartitionRange {
  readonly from: number;
  readonly to: number;
}

/** How a table is cut, and what it is to consist of: ranges in ascending order that do not overlap. */
export interface PartitionScheme {
  readonly by: 'guid' | 'day';
  readonly column: string;
  readonly ranges: readonly PartitionRange[];
}

/** Where event tables and messages begin. */
export const FIRST_DAY_MS = 0;
export const DAY_MS = 86_400_000;

/** Days of which the partitions of an event type are made. */
export interface EventDays {
  /** Days before today that get a partition of their own; what is older shares one. */
  readonly back: number;
  /** Days after today for which there are partitions. */
  readonly ahead: number;
}

/**
 * The instant from which rows of an event type are kept: none is written that is older. It lies one day before what retention asks for, so that processes
 * whose clocks differ agree about every row that counts.
 *
 * @param retentionDays null: for ever.
 */
export function keptFromMs(retentionDays: number | null, nowMs: number): number {
  if (retentionDays === null) return FIRST_DAY_MS;
  return Math.max(FIRST_DAY_MS, midnight(nowMs) - (retentionDays + 1) * DAY_MS);
}

/**
 * Partitions of an event table made now: the old days in one, from there a day each. They begin a day before what is kept, so that who writes finds a place though its
 * clock is behind that of who drops.
 */
export function eventRanges(retentionDays: number | null, { back, ahead }: EventDays, nowMs: number): PartitionRange[] {
  const from = Math.max(FIRST_DAY_MS, keptFromMs(retentionDays, nowMs) - DAY_MS);
  return fillDays(from, midnight(nowMs) + (ahead + 1) * DAY_MS, back, nowMs);
}

/** [from, to) as one range for what lies more than `back` days ago, and one a day for the rest. All at midnights. */
export function fillDays(from: number, to: number, back: number, nowMs: number): PartitionRange[] {
  const ranges: PartitionRange[] = [];
  const daily = Math.min(to, Math.max(from, midnight(nowMs) - back * DAY_MS));
  if (from < daily) ranges.push({ from, to: daily });
  for (let day = daily; day < to; day += DAY_MS) ranges.push({ from: day, to: day + DAY_MS });
  return ranges;
}

/** From guid 0 up, so many that the guid and `ahead` more find a place. */
export function guidRanges(nextGuid: number, ahead: number): PartitionRange[] {
  const count = Math.floor((nextGuid + ahead) / PARTITION_GUIDS) + 1;
  return Array.from({ length: count }, (_, index) => ({
    from: index * PARTITION_GUIDS,
    to: (index + 1) * PARTITION_GUIDS,
  }));
}

/** Named by where it begins, so that whoever adds it gives it the same name. */
export function partitionName({ by }: Pick<PartitionScheme, 'by'>, { from }: PartitionRange): string {
  return by === 'guid' ? `p${from}` : `p${dayText(from).replaceAll('-', '')}`;
}

/** `PARTITION … VALUES [(…), (…))`, as it is written in CREATE TABLE and ADD PARTITION. */
export function partitionSql(scheme: Pick<PartitionScheme, 'by'>, range: PartitionRange, condition = ''): string {
  const name = identifier(partitionName(scheme, range));
  return `PARTITION ${condition}${name} VALUES [(${bound(scheme, range.from)}), (${bound(scheme, range.to)}))`;
}

/** Bounds are quoted, whole numbers too. */
function bound({ by }: Pick<PartitionScheme, 'by'>, value: number): string {
  return by === 'guid' ? `"${value}"` : `"${dayText(value)} 00:00:00"`;
}

function dayText(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, 10);
}

function midnight(instantMs: number): number {
  return Math.floor(instantMs / DAY_MS) * DAY_MS;
}
