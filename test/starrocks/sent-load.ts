import { POSITIONS_TABLE, ROW, StarrocksPool, tableOf, VERSION } from '@tessera/starrocks-engine';
import type { Catalog } from '@tessera/tag-catalog';

/** A Stream Load as the process that sends it says, just before. */
export interface SentLoad {
  readonly table: string;
  readonly label: string;
  /** Of the messages that its rows come from; none: its table does not keep them. */
  readonly offsets: readonly number[];
  /** The positions of its source by then. */
  readonly begun: number;
  readonly next: number;
}

const MARK = 'SENDS ';

/** @param body rows as JSON, of a source with one Kafka partition. */
export async function describeLoad(
  pool: Pick<StarrocksPool, 'rows'>,
  catalog: Catalog,
  { table, label, body }: { readonly table: string; readonly label: string; readonly body: Buffer },
): Promise<string> {
  const type = catalog.types.find((one) => tableOf(one) === table);
  const rows = JSON.parse(body.toString('utf8')) as readonly Readonly<Record<string, unknown>>[];
  const offsets = rows.flatMap((row) => row[ROW] ?? row[VERSION] ?? []).map(Number);
  const [position] = await pool.rows(
    `SELECT sys_begun, sys_next FROM ${POSITIONS_TABLE} WHERE sys_source = 'tags.${type?.name ?? ''}/0'`,
  );
  const [begun, next] = [Number(position?.['sys_begun'] ?? 0), Number(position?.['sys_next'] ?? 0)];
  return `${MARK}${JSON.stringify({ table, label, offsets, begun, next } satisfies SentLoad)}\n`;
}

/** What a process said that it sent. */
export function sentLoads(output: string): readonly SentLoad[] {
  const lines = output.split('\n').filter((line) => line.startsWith(MARK));
  return lines.map((line) => JSON.parse(line.slice(MARK.length)) as SentLoad);
}

/**
 * Compares the labels that StarRocks has with what was sent, one list for each life of the process: what is there under a label was announced by the
 * positions before it was sent, and nothing of one life is there under two.
 * @returns how many labels there are. @throws Error naming the first that is not so.
 */
export async function compareLabels(
  url: string,
  database: string,
  lives: readonly (readonly SentLoad[])[],
): Promise<number> {
  const pool = new StarrocksPool({ urls: [url], database });
  try {
    const rows = await pool.rows(
      `SELECT LABEL, STATE FROM information_schema.loads WHERE DB_NAME = '${database}' AND LABEL LIKE 'tessera_%'`,
    );
    const taken = new Map(rows.map((row) => [String(row['LABEL']), String(row['STATE'])] as const));
    if (taken.size !== rows.length) throw new Error('a label is there twice');
    for (const sent of lives) checkLife(sent, taken);
    const said = new Set(lives.flatMap((sent) => sent.map(({ label }) => label)));
    for (const label of taken.keys()) if (!said.has(label)) throw new Error(`${label} was not sent`);
    return taken.size;
  } finally {
    await pool.close();
  }
}

function checkLife(sent: readonly SentLoad[], taken: ReadonlyMap<string, string>): void {
  const labelOf = new Map<string, string>();
  for (const { table, label, offsets, begun, next } of sent) {
    const early = offsets.find((offset) => offset < next || offset >= begun);
    if (early !== undefined) throw new Error(`${label} brings offset ${early}, announced are ${next} to ${begun}`);
    if (!taken.has(label)) continue;
    if (taken.get(label) !== 'FINISHED') throw new Error(`${label} is ${taken.get(label)}`);
    if (!table.startsWith('event')) continue;
    for (const offset of offsets) {
      const key = `${table} ${offset}`;
      const before = labelOf.get(key) ?? label;
      if (before !== label) throw new Error(`${key} is there under ${before} and ${label}`);
      labelOf.set(key, label);
    }
  }
}
