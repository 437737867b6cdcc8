import { analyzeError, StarrocksError } from '../starrocks-error';
import type { PartitionDeclaration } from '../sql/ast';
import type { SqlType } from '../sql/types';
import { isInteger, isTemporal } from '../sql/types';
import type { Partition } from './table';

const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { HOUR: 3_600_000, DAY: DAY_MS, WEEK: 7 * DAY_MS };

/** A bound of a range as a number: itself, or milliseconds since 1970. @throws StarrocksError if it is none of the type. */
export function ordinalOf(text: string, type: SqlType): bigint {
  if (isInteger(type) && /^-?\d+$/.test(text)) return BigInt(text);
  if (isTemporal(type) && /^\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?$/.test(text)) {
    const ms = Date.parse(`${text.length === 10 ? `${text} 00:00:00` : text}Z`.replace(' ', 'T'));
    if (!Number.isNaN(ms)) return BigInt(ms);
  }
  throw analyzeError(`Invalid range value '${text}' of a partition column of type ${type.name}`);
}

export function textOf(ordinal: bigint, type: SqlType): string {
  if (isInteger(type)) return String(ordinal);
  const text = new Date(Number(ordinal)).toISOString();
  return type.name === 'DATE' ? text.slice(0, 10) : text.slice(0, 19).replace('T', ' ');
}

/** A condition in DuckDB's SQL; NULL lies in the first partition. */
export function isWithin({ lower, upper }: Partition, column: string, type: SqlType): string {
  const bound = (text: string): string =>
    isInteger(type) ? text : `TIMESTAMP '${text.length === 10 ? `${text} 00:00:00` : text}'`;
  const conditions = [
    ...(lower === null ? [] : [`${column} >= ${bound(lower)}`]),
    ...(upper === null ? [] : [`${column} < ${bound(upper)}`]),
  ];
  return conditions.length === 0 ? 'true' : `(${conditions.join(' AND ')})`;
}

/** The partitions that declarations make, in order. @param existing they must not overlap with these. */
export function makePartitions(
  declarations: readonly PartitionDeclaration[],
  type: SqlType,
  existing: readonly Partition[],
  storedOf: (name: string) => string | null,
): Partition[] {
  const made: Partition[] = [];
  for (const declaration of declarations) {
    for (const partition of ranges(declaration, type, [...existing, ...made])) {
      const all = [...existing, ...made];
      if (all.some(({ name }) => name === partition.name)) {
        if (declaration.kind === 'range' && declaration.ifNotExists) continue;
        throw new StarrocksError(`Duplicate partition name ${partition.name}`, 1517);
      }
      const other = all.find((one) => overlaps(one, partition, type));
      if (other !== undefined) {
        throw analyzeError(`Range of partition ${partition.name} is intersected with that of ${other.name}`);
      }
      made.push({ ...partition, stored: storedOf(partition.name) });
    }
  }
  return made;
}

type Range = Pick<Partition, 'name' | 'lower' | 'upper'>;

function ranges(declaration: PartitionDeclaration, type: SqlType, before: readonly Range[]): Range[] {
  if (declaration.kind === 'batch') return batch(declaration, type);
  const { name } = declaration;
  const lower = declaration.lower ?? before.at(-1)?.upper ?? null;
  const upper = declaration.upper === 'MAXVALUE' ? null : declaration.upper;
  if (lower !== null && upper !== null && ordinalOf(lower, type) >= ordinalOf(upper, type)) {
    throw analyzeError(`The lower bound of partition ${name} is not below its upper bound`);
  }
  return [{ name, lower, upper }];
}

/** `START … END … EVERY …`; the last one is whole, even beyond the end. */
function batch(declaration: Extract<PartitionDeclaration, { kind: 'batch' }>, type: SqlType): Range[] {
  const { count, unit } = declaration.every;
  if ((unit === null) !== isInteger(type))
    throw analyzeError('EVERY takes an INTERVAL for moments and an integer for integers');
  const step = unit === null ? 1n : BigInt(UNITS[unit] ?? 0);
  const every = BigInt(count) * step;
  if (every <= 0n) throw analyzeError(`EVERY ${count} ${unit ?? ''}: the stand-in takes HOUR, DAY and WEEK, above 0`);
  const [start, end] = [ordinalOf(declaration.start, type), ordinalOf(declaration.end, type)];
  if (start >= end) throw analyzeError('START is not below END');
  const result: Range[] = [];
  for (let from = start; from < end; from += every) {
    const lower = textOf(from, type);
    const digits = lower.replaceAll(/\D/g, '').slice(0, unit === 'HOUR' ? 10 : 8);
    result.push({
      name: `p${unit === null ? lower.replace('-', 'f') : digits}`,
      lower,
      upper: textOf(from + every, type),
    });
  }
  return result;
}

function overlaps(a: Range, b: Range, type: SqlType): boolean {
  const isBelow = (upper: string | null, lower: string | null): boolean =>
    upper !== null && lower !== null && ordinalOf(upper, type) <= ordinalOf(lower, type);
  return !isBelow(a.upper, b.lower) && !isBelow(b.upper, a.lower);
}
