import type { Catalog } from '@tessera/tag-catalog';
import { typeSql } from './column-type';
import type { ColumnType } from './column-type';
import { columnSql, createTableSql } from './create-table-sql';
import type { CurrentColumn, CurrentSchema, CurrentTable } from './current-schema';
import { identifier, tableOf } from './names';
import { DAY_MS, partitionSql } from './partition-range';
import type { PartitionRange, PartitionScheme } from './partition-range';
import type { ColumnDefinition, TableDefinition } from './table-definition';

/** One statement that brings a database nearer to what it is to be. Each can be left undone without harm to those behind it. */
export interface MigrationStep {
  readonly kind: 'create table' | 'add columns' | 'widen column' | 'add partition' | 'drop partition' | 'drop table';
  readonly table: string;
  readonly statement: string;
  /** Why, in one sentence. */
  readonly reason: string;
  /** True: StarRocks does it in the background and has to be asked when it is done. */
  readonly isBackground: boolean;
}

/** Something that is not as it has to be and can't be changed in place. */
export interface MigrationRefusal {
  readonly table: string;
  /** What, and what to do. */
  readonly problem: string;
}

export interface MigrationPlan {
  /** In the order in which they are to be done. */
  readonly steps: readonly MigrationStep[];
  readonly refusals: readonly MigrationRefusal[];
}

/** What brings `current` to `wanted`; nothing where they agree. Columns and tables that are not wanted stay. */
export function planMigration(current: CurrentSchema, wanted: readonly TableDefinition[]): MigrationPlan {
  const steps: MigrationStep[] = [];
  const refusals: MigrationRefusal[] = [];
  for (const table of wanted) {
    const known = current.get(table.name);
    if (known === undefined) steps.push(creation(table));
    else new TableChange(known, table, steps, refusals).plan();
  }
  // New rows need their place first; what is dropped comes last.
  const order: readonly MigrationStep['kind'][] = ['create table', 'add columns', 'widen column', 'add partition'];
  const rank = ({ kind }: MigrationStep): number => (order.includes(kind) ? order.indexOf(kind) : order.length);
  return { steps: steps.sort((one, other) => rank(one) - rank(other)), refusals };
}

/** The tables of removed tag types that are still there; nothing reads them any more. */
export function leftoversOf(current: CurrentSchema, catalog: Catalog): string[] {
  return catalog.retiredTypes.map(tableOf).filter((name) => current.has(name));
}

/** Drops a table of a removed type; StarRocks can bring it back for a day. */
export function dropLeftover(table: string): MigrationStep {
  const reason = `its tag type was removed; nothing reads it, and RECOVER TABLE brings it back for a day`;
  const statement = `DROP TABLE IF EXISTS ${identifier(table)}`;
  return { kind: 'drop table', table, statement, reason, isBackground: false };
}

function creation(table: TableDefinition): MigrationStep {
  const reason = `there is none yet: ${table.comment}`;
  return { kind: 'create table', table: table.name, statement: createTableSql(table), reason, isBackground: false };
}

/** What one table lacks. */
class TableChange {
  constructor(
    private readonly current: CurrentTable,
    private readonly wanted: TableDefinition,
    private readonly steps: MigrationStep[],
    private readonly refusals: MigrationRefusal[],
  ) {}

  plan(): void {
    const { current, wanted } = this;
    if (current.model !== wanted.model) {
      this.#refuse(
        `is a table with ${current.model} KEY, to be one with ${wanted.model} KEY; set STARROCKS_PROFILE_MODEL as it was when the table was made, or drop the table and load it again`,
      );
      return;
    }
    if (current.buckets !== wanted.buckets) {
      this.#refuse(
        `has ${current.buckets} buckets, to have ${wanted.buckets}; set STARROCKS_BUCKETS as it was when the tables were made`,
      );
    }
    this.#planColumns();
    if (wanted.partitions !== null) this.#planPartitions(wanted.partitions);
  }

  #planColumns(): void {
    const added: ColumnDefinition[] = [];
    for (const column of this.wanted.columns) {
      const known = this.current.columns.get(column.name);
      if (known !== undefined) this.#compare(column, known);
      else if (column.isNullable || column.defaultText !== undefined) added.push(column);
      else this.#refuse(`has no column ${column.name}, which can't be added to rows that are there; load it again`);
    }
    if (added.length === 0) return;
    const names = added.map(({ name }) => name).join(', ');
    const reason = `${added.length === 1 ? 'a column is' : `${added.length} columns are`} missing: ${names}`;
    this.#add('add columns', `ADD COLUMN (${added.map(columnSql).join(', ')})`, reason, true);
  }

  #compare(column: ColumnDefinition, known: CurrentColumn): void {
    if (column.isNullable !== known.isNullable) {
      const [is, wanted] = [known.isNullable, column.isNullable].map((nullable) => (nullable ? 'NULL' : 'NOT NULL'));
      this.#refuse(
        `has a column ${column.name} that is ${is ?? ''}, to be ${wanted ?? ''}; drop the table and load it again`,
      );
      return;
    }
    const change = changeOf(known.type, column.type);
    if (change === 'none') return;
    const wanted = typeSql(column.type);
    const isPlain = !this.wanted.key.includes(column.name);
    if (change === 'widen' && isPlain) {
      const reason = `${column.name} is ${known.typeText}, to be ${wanted}: longer strings are accepted now`;
      this.#add('widen column', `MODIFY COLUMN ${columnSql(column)}`, reason, true);
      return;
    }
    const fix =
      change === 'other'
        ? 'drop the table and load it again'
        : 'lower STRING_BYTES_MAX, or drop the table and load it again';
    this.#refuse(
      `has a column ${column.name} of ${known.typeText}, to be ${wanted}, which can't be changed in place; ${fix}`,
    );
  }

  #planPartitions(scheme: PartitionScheme): void {
    const ranges: PartitionRange[] = [];
    for (const { name, range } of this.current.partitions) {
      if (range === null || !isAligned(scheme, range)) {
        this.#refuse(
          `has a partition ${name} whose bounds are none of ours; replace it by others at ${ALIGNMENT[scheme.by]}`,
        );
        return;
      }
      ranges.push(range);
    }
    for (const range of missingRanges(ranges, scheme.ranges)) {
      this.#add('add partition', `ADD ${partitionSql(scheme, range, 'IF NOT EXISTS ')}`, REASONS[scheme.by], false);
    }
    const keptFrom = scheme.ranges[0]?.from ?? 0;
    for (const { name, range } of this.current.partitions) {
      if (scheme.by !== 'day' || range === null || range.to > keptFrom) continue;
      const reason = 'all its rows are older than the retention of their type';
      this.#add('drop partition', `DROP PARTITION IF EXISTS ${identifier(name)}`, reason, false);
    }
  }

  #add(kind: MigrationStep['kind'], change: string, reason: string, isBackground: boolean): void {
    const table = this.wanted.name;
    this.steps.push({ kind, table, statement: `ALTER TABLE ${identifier(table)} ${change}`, reason, isBackground });
  }

  #refuse(problem: string): void {
    this.refusals.push({ table: this.wanted.name, problem: `the table ${this.wanted.name} ${problem}` });
  }
}

const REASONS = { guid: 'guids come near to the end of the partitions', day: 'rows of these days have no place yet' };
const ALIGNMENT = { guid: 'whole guids', day: 'midnights in UTC' };

function isAligned({ by }: PartitionScheme, { from, to }: PartitionRange): boolean {
  return by === 'guid' || (from % DAY_MS === 0 && to % DAY_MS === 0);
}

/** What of the wanted ranges no partition covers, cut at the bounds of both. */
export function missingRanges(covered: readonly PartitionRange[], wanted: readonly PartitionRange[]): PartitionRange[] {
  const sorted = [...covered].sort((one, other) => one.from - other.from);
  return wanted.flatMap((range) => {
    const missing: PartitionRange[] = [];
    let { from } = range;
    for (const one of sorted) {
      if (one.to <= from || one.from >= range.to) continue;
      if (one.from > from) missing.push({ from, to: one.from });
      from = one.to;
    }
    if (from < range.to) missing.push({ from, to: range.to });
    return missing;
  });
}

function changeOf(known: ColumnType | null, wanted: ColumnType): 'none' | 'widen' | 'lengthen elements' | 'other' {
  if (known?.kind !== wanted.kind) return 'other';
  if (wanted.kind === 'decimal') return known.kind === 'decimal' && known.scale === wanted.scale ? 'none' : 'other';
  if (!('bytes' in known) || !('bytes' in wanted) || known.bytes >= wanted.bytes) return 'none';
  return wanted.kind === 'varchar' ? 'widen' : 'lengthen elements';
}
