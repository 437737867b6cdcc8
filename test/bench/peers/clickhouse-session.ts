import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Session } from 'chdb';

/** A column as ClickHouse's Native format holds it: enums by code, decimals by their digits. */
export interface NativeColumn {
  readonly name: string;
  /** As in CREATE TABLE. */
  readonly type: string;
  readonly values: Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;
}

/** Rows that go through the transfer file at a time: keeps it, and what the insert needs, small. */
const BLOCKS_PER_INSERT = 16;

/** A ClickHouse in this process, its tables below a folder of its own. */
export class ClickHouseSession {
  private constructor(
    private readonly session: Session,
    private readonly folder: string,
  ) {}

  /**
   * @param folder exists; files of tables and of transfers go there.
   * @returns the reason as text if this machine has no ClickHouse library: it is an optional package.
   */
  static async open(folder: string): Promise<ClickHouseSession | string> {
    let session: Session;
    try {
      const chdb = await import('chdb');
      session = new chdb.Session(path.join(folder, 'clickhouse'));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const clickHouse = new ClickHouseSession(session, folder);
    clickHouse.run('CREATE DATABASE IF NOT EXISTS bench');
    return clickHouse;
  }

  get version(): string {
    return this.text('SELECT version()');
  }

  run(sql: string): void {
    this.session.query(sql, 'TSV');
  }

  text(sql: string): string {
    return this.session.query(sql, 'TSV').trim();
  }

  /** The only cell of a query that answers one whole number. */
  count(sql: string): number {
    const text = this.text(sql);
    if (!/^\d+$/.test(text)) throw new Error(`No number but "${text.slice(0, 200)}" came out of: ${sql}`);
    return Number(text);
  }

  /** Adds rows column by column; each block has the same columns. */
  insert(table: string, blocks: Iterable<readonly NativeColumn[]>): void {
    const file = path.join(this.folder, 'transfer.native');
    const flush = (open: number): void => {
      closeSync(open);
      this.run(`INSERT INTO ${table} SELECT * FROM file('${file}', 'Native')`);
      unlinkSync(file);
    };
    let open = -1;
    let written = 0;
    for (const columns of blocks) {
      if (open < 0) open = openSync(file, 'w');
      writeNativeBlock(open, columns);
      written += 1;
      if (written % BLOCKS_PER_INSERT > 0) continue;
      flush(open);
      open = -1;
    }
    if (open >= 0) flush(open);
  }

  close(): void {
    this.session.close();
  }
}

/** Native: number of columns, number of rows, then for each column its name, type and values (little-endian). */
function writeNativeBlock(file: number, columns: readonly NativeColumn[]): void {
  writeSync(file, Buffer.concat([varint(columns.length), varint(columns[0]?.values.length ?? 0)]));
  for (const { name, type, values } of columns) {
    writeSync(file, Buffer.concat([lengthAndText(name), lengthAndText(type)]));
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  }
}

function lengthAndText(text: string): Buffer {
  return Buffer.concat([varint(Buffer.byteLength(text)), Buffer.from(text)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
